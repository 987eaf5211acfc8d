import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  readFinishedRounds,
  readImagesNpy,
  readLines,
  runPaths,
  writeImagesNpy,
} from '../../src/experiments/run-folder.ts';

let cell: string;
beforeEach(() => {
  cell = mkdtempSync(join(tmpdir(), 'genal-cell-'));
});

describe('readFinishedRounds', () => {
  test('finds none in a cell that was never begun', async () => {
    expect(await readFinishedRounds(join(cell, 'nowhere'))).toEqual([]);
  });

  test('cuts a torn last line off, so that the next append starts a line of its own', async () => {
    const file = runPaths.rounds(cell);
    writeFileSync(file, '{"round":0,"note":"é"}\n{"round":1}\n{"round":2,"tes');
    expect((await readFinishedRounds(cell)).map(({ round }) => round)).toEqual([0, 1]);
    appendFileSync(file, '{"round":2}\n');
    expect(readFileSync(file, 'utf8')).toBe('{"round":0,"note":"é"}\n{"round":1}\n{"round":2}\n');
  });

  test('cuts a file that is nothing but a torn line', async () => {
    writeFileSync(runPaths.rounds(cell), '{"rou');
    expect(await readFinishedRounds(cell)).toEqual([]);
    expect(readFileSync(runPaths.rounds(cell), 'utf8')).toBe('');
  });

  test('refuses rounds that are out of order', async () => {
    writeFileSync(runPaths.rounds(cell), '{"round":0}\n{"round":0}\n');
    await expect(readFinishedRounds(cell)).rejects.toThrow('expected round 1 in line 2, got 0');
  });
});

test('readLines leaves a whole file as it is', async () => {
  const file = join(cell, 'lines.jsonl');
  writeFileSync(file, '{"a":1}\n{"a":2}\n');
  expect(await readLines(file)).toEqual([{ a: 1 }, { a: 2 }]);
  expect(readFileSync(file, 'utf8')).toBe('{"a":1}\n{"a":2}\n');
});

describe('image arrays', () => {
  const images = Uint8Array.from({ length: 2 * 3 * 4 * 3 }, (_, i) => (7 * i) % 256);

  test('come back as they were written, and carry the header numpy reads', async () => {
    const file = join(cell, 'images.npy');
    await writeImagesNpy(file, images, [3, 4, 3]);
    expect(await readImagesNpy(file, [3, 4, 3])).toEqual(images);
    const bytes = readFileSync(file);
    expect(bytes.subarray(0, 6).toString('latin1')).toBe('\x93NUMPY');
    expect(bytes.toString('latin1')).toMatch(/'descr': *'\|u1'.*'shape': *\(2, *3, *4, *3\)/);
  });

  test('of another shape are refused', async () => {
    const file = join(cell, 'images.npy');
    await writeImagesNpy(file, images, [3, 4, 3]);
    await expect(readImagesNpy(file, [4, 3, 3])).rejects.toThrow(
      'expected uint8 images [n, 4, 3, 3], got u1 [2, 3, 4, 3]',
    );
  });
});
