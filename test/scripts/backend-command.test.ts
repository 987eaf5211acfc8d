/**
 * Provokes what can go wrong with `genal backend`: a PATH without programs, folders without libraries, interrupts and
 * kills. The compiler is a script wherever it must only be there or be slow; nothing here needs a network.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { thisMachine } from '../../src/backend/native/target.ts';
import { type Ended, start } from './command-line.ts';

const { platform, arch, glibc } = thisMachine();
const canBuild = (platform === 'darwin' || (platform === 'linux' && glibc)) && /^(x64|arm64)$/.test(arch);
const python = pathOf('python3');
const library = platform === 'darwin' ? '.2.dylib' : '.so.2';
const fresh = (what: string) => mkdtempSync(join(tmpdir(), `genal-backend-${what}-`));

function pathOf(program: string): string | null {
  try {
    return execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}

/** A compiler that tells its version and then does as it is told. */
function compiler(body: string): string {
  const file = join(fresh('compiler'), 'cxx');
  writeFileSync(file, `#!/bin/sh\n[ "$1" = --version ] && exit 0\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** A folder with only links to programs, to be the whole PATH. */
function programs(...names: string[]): string {
  const folder = fresh('path');
  for (const name of names) {
    const found = pathOf(name);
    if (found !== null) symlinkSync(found, join(folder, name));
  }
  return folder;
}

/** What looks like an earlier build, so that no network is needed; its libraries are empty. */
function source(): string {
  const folder = fresh('source');
  const names = [
    `lib/libtensorflow_cc${library}`,
    `lib/libtensorflow_framework${library}`,
    'include/tensorflow/c/c_api.h',
    'include/node_api.h',
    'package/binding/tfjs_binding.cc',
    'node_modules/google-protobuf/google-protobuf.js',
  ];
  for (const name of names) {
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    writeFileSync(join(folder, name), '');
  }
  writeFileSync(join(folder, 'package', 'package.json'), '{"version": "4.22.0"}');
  return folder;
}

interface Setting {
  readonly cache: string;
  readonly backends: string;
  readonly run: (words: readonly string[], env?: NodeJS.ProcessEnv) => Promise<Ended>;
  readonly begin: (words: readonly string[], env?: NodeJS.ProcessEnv) => ReturnType<typeof start>;
}

function setting(): Setting {
  const cache = fresh('cache');
  const begin: Setting['begin'] = (words, env = {}) =>
    start(['backend', ...words], { XDG_CACHE_HOME: cache, CXX: compiler('exit 0'), ...env });
  return {
    cache,
    backends: join(cache, 'genal', 'backends'),
    begin,
    run: (words, env) => begin(words, env).ended,
  };
}

describe('genal backend', () => {
  test.each([
    [[], 'genal backend: expected "install", "list" or "remove", got ""'],
    [['build'], 'genal backend: expected "install", "list" or "remove", got "build"'],
    [
      ['install', '--from', 'a', '--python', 'b'],
      'genal backend install: expected --from or --python, got both',
    ],
  ])('refuses %j with one sentence', async (words, sentence) => {
    const { status, stderr } = await setting().run(words);
    expect(stderr.trim()).toBe(sentence);
    expect(status).toBe(1);
  });

  test('lists nothing and removes nothing where there is nothing', async () => {
    const { run, cache } = setting();
    expect((await run(['list'])).stdout).toMatch(/^no builds in .*genal backend install makes one\n$/);
    expect((await run(['list', '--json'])).stdout.trim()).toBe('[]');
    expect(await run(['remove'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('nothing there'),
    });
    expect(readdirSync(cache)).toEqual([]);
  });
});

describe.skipIf(!canBuild)('genal backend install', () => {
  test('refuses libraries without CUDA for a GPU', async () => {
    const from = source();
    const manifest = {
      format: 1,
      device: 'cpu',
      tfjsNode: '4',
      tensorflow: '2',
      source: 'x',
      libraries: from,
    };
    writeFileSync(join(from, 'manifest.json'), JSON.stringify(manifest));
    const { run } = setting();
    const { status, stderr } = await run(['install', '--gpu', '--from', from]);
    expect(stderr.trim()).toBe(`--from ${from}: its tensorflow is built without CUDA, which --gpu needs`);
    expect(status).toBe(1);
  });

  test('refuses to build from the very libraries that it would replace', async () => {
    const { run, backends } = setting();
    const folder = join(backends, `tensorflow-cpu-${platform}-${arch}`);
    mkdirSync(backends, { recursive: true });
    renameSync(source(), folder);
    const { status, stderr } = await run(['install', '--force', '--from', folder]);
    expect(stderr.trim()).toBe(
      `--from: ${folder} is what would be replaced, with the libraries in it; name another folder, or leave out --from`,
    );
    expect(status).toBe(1);
    expect(readdirSync(join(folder, 'lib'))).toHaveLength(2);
  });

  test('--dry-run says what it would do and writes nothing', async () => {
    const { run, cache } = setting();
    const { status, stdout } = await run(['install', '--dry-run', '--from', source()]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^builds .*tfjs-node@4\.22\.0 for the CPU/);
    expect(stdout).toMatch(/^TensorFlow from folder .*, where its libraries stay$/m);
    expect(stdout).toMatch(/^download /m);
    expect(stdout).toMatch(/^disk .* while building, .* afterwards$/m);
    expect(readdirSync(cache)).toEqual([]);
  });

  test.each([
    [
      'no compiler',
      ['--dry-run'],
      { CXX: '', PATH: programs() },
      /^no C\+\+ compiler found \(tried .*install one: /,
    ],
    [
      'not the compiler of CXX',
      ['--dry-run'],
      { CXX: '/nonexistent/g++ -O1' },
      /^no C\+\+ compiler found \(tried \/nonexistent\/g\+\+ -O1\)/,
    ],
    ['no Python', ['--dry-run'], { PATH: programs('sh') }, /^no python3 found.*name a folder with --from$/],
    ['no folder', ['--from', '/nonexistent/x'], {}, /^\/nonexistent\/x: expected a folder with TensorFlow/],
    ['no libraries', ['--from', fresh('empty')], {}, /: expected libtensorflow_cc/],
    [
      'no such Python',
      ['--python', '/nonexistent/python'],
      {},
      /^--python: expected a Python 3, but \/nonexistent\/python cannot be found$/,
    ],
    [
      'a compiler that fails',
      ['--from', source()],
      { CXX: compiler('echo "x.cc:1: error: bad" >&2; exit 1') },
      /cannot compile the binding: x\.cc:1: error: bad$/,
    ],
  ] as const)('with %s fails with one sentence and leaves nothing', async (_, words, env, sentence) => {
    const { run, backends } = setting();
    const { status, stderr } = await run(['install', '--force', ...words], env);
    expect(stderr.trim()).toMatch(sentence);
    expect(stderr.trim()).not.toContain('\n');
    expect(status).toBe(1);
    expect(existsSync(backends) ? readdirSync(backends) : []).toEqual([]);
  });

  test.skipIf(python === null)('says that pip is missing, or that a Python has no tensorflow', async () => {
    const { run, backends } = setting();
    const bare = fresh('python');
    execFileSync(python!, ['-m', 'venv', '--without-pip', bare]);
    const PATH = `${join(bare, 'bin')}:${programs('sh')}`;
    const withoutPip = await run(['install', '--force'], { PATH });
    expect(withoutPip.stderr).toMatch(/^Python has no pip, which fetches TensorFlow; install it/);
    const without = await run(['install', '--force', '--python', join(bare, 'bin', 'python')]);
    expect(without.stderr).toMatch(/has no tensorflow; install it there \(pip install tensorflow/);
    expect(readdirSync(backends)).toEqual([]);
  });

  test('refuses a binding that does not load, and keeps what was there', async () => {
    const { run, backends } = setting();
    // Like a compiler that succeeds: it writes what it is asked for.
    const writes = compiler('while [ $# -gt 1 ]; do case $1 in -o|-MF) : > "$2";; esac; shift; done');
    const { status, stderr } = await run(['install', '--force', '--from', source()], { CXX: writes });
    expect(stderr).toMatch(/^the native TensorFlow does not work: /);
    expect(status).toBe(1);
    expect(readdirSync(backends)).toEqual([]);
  });

  test('interrupted, exits 130 and leaves nothing', async () => {
    const { begin, backends } = setting();
    const { child, ended } = begin(['install', '--force', '--from', source()], {
      CXX: compiler('sleep 120'),
    });
    await until(() => readIfThere(backends).some((name) => name.includes('.building-')));
    child.kill('SIGINT');
    const { status, stdout } = await ended;
    expect(status).toBe(130);
    expect(stdout).toContain('interrupted; nothing was installed');
    expect(readdirSync(backends)).toEqual([]);
  });

  test('killed, is tidied up after by the next; meanwhile another is kept out', async () => {
    const { begin, run, backends } = setting();
    const words = ['install', '--force', '--from', source()];
    const { child, ended } = begin(words, { CXX: compiler('sleep 5') });
    await until(() => readIfThere(backends).some((name) => name.includes('.building-')));
    expect((await run(words)).stderr).toMatch(/^another genal backend command is at work/);
    child.kill('SIGKILL');
    await ended;
    expect(readdirSync(backends).length).toBeGreaterThan(1);
    await run(words, { CXX: compiler('exit 1') });
    expect(readdirSync(backends)).toEqual([]);
  });
});

function readIfThere(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
