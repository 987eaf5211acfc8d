import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { genal, start } from './command-line.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'genal-cli-'));

describe('genal', () => {
  test('explains itself', async () => {
    const { status, stdout } = await genal('--help');
    expect(status).toBe(0);
    for (const command of [
      'doctor',
      'backend',
      'data',
      'run',
      'resume',
      'schema',
      'compare',
      'train',
      'sample',
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    }
  });

  test.each(['doctor', 'backend', 'data', 'run', 'resume', 'schema', 'compare', 'train', 'sample'])(
    'explains %s',
    async (command) => {
      const { status, stdout } = await genal(command, '--help');
      expect(status).toBe(0);
      expect(stdout).toContain(`Usage: genal ${command}`);
      expect(stdout).toContain('--help');
    },
  );

  test('prints a schema that knows every preset, and refuses what they refuse', async () => {
    const { status, stdout } = await genal('schema');
    expect(status).toBe(0);
    const schema = z.fromJSONSchema(JSON.parse(stdout));
    for (const name of readdirSync('scripts/presets').filter((file) => file.endsWith('.json'))) {
      const preset = JSON.parse(readFileSync(join('scripts/presets', name), 'utf8'));
      expect(schema.safeParse({ $schema: 'experiment.schema.json', ...preset }).error, name).toBeUndefined();
      expect(schema.safeParse({ ...preset, bugdet: 3 }).success, name).toBe(false);
      expect(schema.safeParse({ ...preset, batch: 0 }).success, name).toBe(false);
    }
  });

  test('tells its version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect((await genal('--version')).stdout.trim()).toBe(version);
  });

  test.each([
    [
      ['fly'],
      'genal: expected one of doctor, backend, data, run, resume, schema, compare, train, judge, evaluate, sample, select, got "fly"',
    ],
    [['run'], 'expected a preset or a config file, got nothing; see --help'],
    [
      ['run', 'nothing-like-it'],
      /^expected a preset \(.*quickstart.*\) or a config file, got "nothing-like-it", which is neither$/,
    ],
    [['run', 'quickstart', '--bugdet', '3'], /^genal run: Unknown option '--bugdet'/],
    [
      ['run', 'quickstart', '--seeds', '1,x'],
      '--seeds: expected whole numbers of at least 1 separated by commas, got "1,x"',
    ],
    [['run', 'quickstart', '--jobs', '0'], '--jobs: expected a whole number of at least 1, got "0"'],
    [
      ['run', 'quickstart', '--set', 'rounds=4000', '--out', '/nonexistent/x'],
      /rounds: expected initial\.size \+ batch x rounds to fit the \d+ rows of the pool/,
    ],
    [['resume', '/nonexistent'], '/nonexistent: expected a run folder with a config.json, found none'],
    [['compare'], 'expected one or more run folders, got nothing; see --help'],
    [['compare', '/nonexistent'], '/nonexistent: expected a run folder with a config.json, found none'],
    [['train', 'dcgan', '--dataset', 'digits'], '--out: expected a folder for the generator, got none'],
    [
      ['sample', '/nonexistent', '--count', '4'],
      'genal sample: expected --grid FILE.png or --npy FILE.npy, got neither',
    ],
    [['data', 'fetch', 'imagenet'], /^genal data fetch: expected one of mnist.*, got "imagenet"$/],
    [
      ['doctor', '--backend', 'abacus'],
      '--backend: expected one of tensorflow, webgpu, wasm, cpu, got "abacus"',
    ],
    [['train', 'dcgan', '--out', '/nonexistent/x', '--dataset', '{"name": "folder"}'], /^--dataset: .*path/s],
  ])('refuses %j with one sentence and no stack', async (words, message) => {
    const { status, stderr } = await genal(...words);
    expect(status).toBe(1);
    if (typeof message === 'string') expect(stderr.trim()).toBe(message);
    else expect(stderr.trim()).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('shows the stack of an error when asked', async () => {
    const { status, stderr } = await genal('resume', '/nonexistent', '--verbose');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^\s+at /m);
  });

  test('lists every problem of a config before any work', async () => {
    const dir = folder();
    const file = join(dir, 'plan.json');
    writeFileSync(file, JSON.stringify({ name: 'x', batch: 0, rounds: 'two', sedes: [1] }));
    const out = join(dir, 'run');
    const { status, stderr } = await genal('run', file, '--out', out);
    expect(status).toBe(1);
    for (const part of ['"sedes"', 'batch', 'rounds', 'dataset', 'strategies'])
      expect(stderr).toContain(part);
    expect(existsSync(out)).toBe(false);
  });

  test('lists data sets, built-in ones without any folder', async () => {
    const { status, stdout } = await genal('data', 'list', '--data', folder());
    expect(status).toBe(0);
    expect(stdout).toMatch(/^digits .*built in$/m);
    expect(stdout).toMatch(/^mnist /m);
  });

  test('ends quietly when nobody reads its output any more, and leaves a run to be resumed', async () => {
    const out = join(folder(), 'run');
    const { child, ended } = start(['run', 'gaal-smoke', '--backend', 'wasm', '--out', out]);
    child.stdout?.once('data', () => child.stdout?.destroy());
    const { status, stderr } = await ended;
    expect(stderr).toBe('');
    expect(status).toBe(141);
    expect(existsSync(join(out, 'config.json'))).toBe(true);
  });

  test('doctor names the backend, why not the others, and how fast it is', async () => {
    const { status, stdout } = await genal('doctor', '--json', '--backend', 'wasm');
    expect(status).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.backend).toBe('wasm');
    expect(report.matmulGflops).toBeGreaterThan(0.5);
    expect(report.datasets.map(({ name }: { name: string }) => name)).toContain('digits');
  });
});
