/**
 * The smoke experiment, whole and killed: what a run leaves behind does not depend on what happened to it.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { rootStream } from '../../src/random.ts';
import { genal, start } from '../scripts/command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'genal-resume-'));
const whole = join(folder, 'whole');
let lastLine = '';

/** Everything that must be the same to the byte, by its path in the run folder. */
function contents(run: string): Record<string, string> {
  const files = readdirSync(run, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) =>
      /^(cells\/.*\/rounds\.jsonl|(cells|generators|reference)\/.*\.(npy|png|json|safetensors))$/.test(file),
    )
    .sort();
  expect(files.filter((file) => file.endsWith('rounds.jsonl'))).toHaveLength(6);
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(run, file)).toString('base64')]));
}

/** Resolves once the process has printed so many lines. */
function linesOf(child: ChildProcess, lines: number): Promise<void> {
  let seen = 0;
  return new Promise((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      seen += chunk.toString().split('\n').length - 1;
      if (seen >= lines) resolve();
    });
  });
}

const smoke = (out: string, jobs: number) => [
  'run',
  'gaal-smoke',
  '--backend',
  'wasm',
  '--out',
  out,
  '--jobs',
  String(jobs),
];

// The others run two processes at once, so all comparisons with it are across that as well.
beforeAll(async () => {
  const { status, stdout, stderr } = await genal(...smoke(whole, 1));
  expect(stderr).toBe('');
  expect(status).toBe(0);
  lastLine = stdout.trim().split('\n').at(-1) as string;
}, 180_000);

describe('a run', () => {
  test('names its report in the last line', () => {
    expect(lastLine).toMatch(/^report: .*index\.html$/);
    expect(existsSync(lastLine.replace('report: ', ''))).toBe(true);
  });

  test('starts all strategies of a seed from the same accuracy, and differs between seeds', () => {
    const first = (strategy: string, seed: number) =>
      JSON.parse(
        readFileSync(join(whole, 'cells', strategy, `seed-${seed}`, 'rounds.jsonl'), 'utf8').split(
          '\n',
        )[0] as string,
      );
    for (const seed of [1, 2]) {
      expect(first('gaal', seed)).toEqual(first('random', seed));
      expect(first('uncertainty', seed)).toEqual(first('random', seed));
    }
    expect(first('random', 1).selected).not.toEqual(first('random', 2).selected);
  });

  test('asks a reference that knows all ten digits and reads the three of the experiment by their own numbers', () => {
    const quality = JSON.parse(readFileSync(join(whole, 'reference', 'quality.json'), 'utf8'));
    expect(quality).toMatchObject({ trainClasses: 10, trainImages: 2000 });
    expect(quality.testAccuracy).toBeGreaterThan(0.8);
    expect(quality.testAbstentions).toBeLessThan(0.5);
  });

  test('asked for twice in one folder changes nothing and succeeds', async () => {
    const before = contents(whole);
    const { status, stdout } = await genal(...smoke(whole, 1));
    expect(status).toBe(0);
    expect(stdout.trim().split('\n').at(-1)).toBe(lastLine);
    expect(contents(whole)).toEqual(before);
  });

  test('killed five times at random moments and resumed leaves the same bytes', {
    timeout: 300_000,
  }, async () => {
    const killed = join(folder, 'killed');
    const moments = rootStream(11);
    let hits = 0;
    for (let kill = 0; kill < 5; kill++) {
      const words = existsSync(join(killed, 'config.json')) ? ['resume', killed] : smoke(killed, 2);
      const { child, ended } = start(words);
      // Counted in lines of progress and not in seconds, so that a busy machine is killed at work as well.
      await Promise.race([linesOf(child, 5 + moments.integer(8)), ended]);
      await setTimeout(300 * moments.uniform());
      if (child.exitCode === null) {
        hits++;
        // Either the parent alone, so that its workers must notice, or the whole group at once.
        process.kill(kill % 2 === 0 ? (child.pid as number) : -(child.pid as number), 'SIGKILL');
      }
      await ended;
    }
    expect(hits).toBeGreaterThanOrEqual(4);
    const { status, stderr } = await genal('resume', killed);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(contents(killed)).toEqual(contents(whole));
  });

  test('interrupted politely says so, exits with 130 and can be resumed', { timeout: 120_000 }, async () => {
    const stopped = join(folder, 'interrupted');
    const { child, ended } = start(smoke(stopped, 2));
    await linesOf(child, 8);
    process.kill(-(child.pid as number), 'SIGINT');
    const { status, stdout } = await ended;
    expect(status).toBe(130);
    expect(stdout).toContain(`genal resume ${stopped}`);
    expect(JSON.parse(readFileSync(join(stopped, 'manifest.json'), 'utf8')).status).toBe('interrupted');
    expect((await genal('resume', stopped)).status).toBe(0);
    expect(contents(stopped)).toEqual(contents(whole));
  });

  test('is refused under another config, naming the difference', async () => {
    const { status, stderr } = await genal('run', 'gaal-smoke', '--out', whole, '--set', 'batch=4');
    expect(status).toBe(1);
    expect(stderr).toContain('batch: saved 5, asked 4');
  });
});
