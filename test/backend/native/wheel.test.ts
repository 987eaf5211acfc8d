import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ProgramError } from '../../../src/backend/native/subprocess.ts';
import { nativeTarget } from '../../../src/backend/native/target.ts';
import {
  announcedBytes,
  isWholeZip,
  keptBytes,
  packageName,
  pipSentence,
  requirementsOfExtra,
  wholeWheels,
} from '../../../src/backend/native/wheel.ts';

/** A zip archive of one stored file, byte by byte: local header and content, directory, end record. */
function zip(name: string, content: string): Buffer {
  const local = Buffer.concat([Buffer.alloc(30), Buffer.from(name + content)]);
  local.write('PK\x03\x04', 0, 'latin1');
  local.writeUInt16LE(name.length, 26);
  const directory = Buffer.concat([Buffer.alloc(46), Buffer.from(name)]);
  directory.write('PK\x01\x02', 0, 'latin1');
  directory.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, directory, end]);
}

describe('a wheel on disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'genal-wheels-'));
  const whole = zip('a.txt', 'content');

  test.each([
    ['a whole archive', whole, true],
    ['one with a comment behind it', Buffer.concat([whole, Buffer.from('note')]), true],
    ['one cut off in its directory', whole.subarray(0, whole.length - 30), false],
    ['one cut off in its last record', whole.subarray(0, whole.length - 3), false],
    ['one whose beginning is missing', whole.subarray(whole.length - 22), false],
    ['an empty file', Buffer.alloc(0), false],
  ])('%s: %#', async (_, bytes, expected) => {
    const file = join(folder, 'x.whl');
    writeFileSync(file, bytes);
    expect(await isWholeZip(file)).toBe(expected);
  });

  test('is used again only if it is whole, of that name and for this machine', async () => {
    const downloads = join(folder, 'downloads');
    const target = nativeTarget('cpu', { platform: 'linux', arch: 'x64', glibc: true });
    mkdirSync(downloads);
    const good = 'tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl';
    writeFileSync(join(downloads, good), whole);
    writeFileSync(join(downloads, good.replace('2.21.0', '2.22.0')), whole.subarray(0, 40));
    writeFileSync(join(downloads, good.replace('x86_64', 'aarch64')), whole);
    writeFileSync(join(downloads, good.replace('tensorflow_cpu', 'tensorflow_cpu_extras')), whole);
    expect(await wholeWheels('tensorflow-cpu', downloads, target)).toEqual([join(downloads, good)]);
    expect(await keptBytes(downloads, target)).toBe(2 * whole.length);
    expect(await wholeWheels('tensorflow-cpu', join(folder, 'none'), target)).toEqual([]);
  });
});

test('requirementsOfExtra reads what a wheel asks for besides', () => {
  const metadata = `Name: tensorflow
Requires-Dist: numpy>=1.26.0
Requires-Dist: nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == "and-cuda"
Requires-Dist: nvidia-nccl-cu12 (>=2.27.7) ; extra == 'and-cuda'
Requires-Dist: gcsfs>=0.23.1; sys_platform != "win32" and extra == "gcs-filesystem"`;
  expect(requirementsOfExtra(metadata, 'and-cuda')).toEqual([
    'nvidia-cudnn-cu12<10.0,>=9.3.0.75',
    'nvidia-nccl-cu12>=2.27.7',
  ]);
  expect(packageName('nvidia-cudnn-cu12<10.0,>=9.3.0.75')).toBe('nvidia-cudnn-cu12');
});

test.each([
  ['  Downloading tensorflow_cpu-2.21.0-cp312.whl (273.8 MB)', 273.8e6],
  ['  Downloading small.whl (92 kB)', 92e3],
  ['  Downloading large.whl (1.2 GB)', 1.2e9],
  ['Collecting tensorflow-cpu', null],
])('announcedBytes reads %j', (line, bytes) => {
  expect(announcedBytes(line)).toBe(bytes);
});

describe('what pip says', () => {
  const told = (output: string, version = 'pip 24.0 from /x') =>
    pipSentence('tensorflow-cpu', new ProgramError('python3', false, output, 'ended with status 1'), version);

  test.each([
    ['/usr/bin/python3: No module named pip', /^Python has no pip.*apt install python3-pip.*--from$/],
    [
      'WARNING: Retrying: Connection refused\nERROR: No matching distribution found for x',
      /^pip cannot reach the package index \(No matching distribution found for x\).*--from$/,
    ],
    ['ERROR: Could not install: [Errno 28] No space left on device', /the disk is full$/],
    ['ERROR: hash mismatch', /^pip download tensorflow-cpu failed: hash mismatch; .*--from instead$/],
  ])('%j becomes a sentence with a way out', (output, sentence) => {
    expect(told(output)).toMatch(sentence);
  });

  test('is put down to its age where it is too old', () => {
    const output = 'ERROR: No matching distribution found for tensorflow-cpu';
    expect(told(output, 'pip 20.2.4 from /x')).toMatch(/^pip 20\.2 is too old.*install --upgrade pip/);
    expect(told(output, 'pip 20.3 from /x')).not.toContain('too old');
  });
});
