/**
 * ASAL's smoke experiment as a user runs it, whole and killed: features, indexes, matches and pictures of every kind.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { MatchedRound } from '../../src/acquisition/matched-queries.ts';
import type { RoundRecord } from '../../src/acquisition/round-record.ts';
import { genal, start } from '../scripts/command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'genal-asal-'));
const whole = join(folder, 'whole');
const plan = join(folder, 'plan.json');
const PRESET = join(import.meta.dirname, '../../scripts/presets/asal-smoke.json');

/** The preset on one seed, without the strategy that matches nothing and the WGAN-GP, whose training is the longest. */
const preset = JSON.parse(readFileSync(PRESET, 'utf8'));
const strategies: { name?: string; kind: string; generator?: string }[] = preset.strategies.filter(
  ({ kind, generator }: { kind: string; generator?: string }) =>
    kind !== 'uncertainty' && generator !== 'wgan-gp',
);
const matching = strategies.flatMap(({ kind, name }) => (kind === 'asal' ? [name as string] : []));

const run = (out: string) => ['run', plan, '--backend', 'wasm', '--out', out];

function contents(dir: string): Record<string, string> {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) =>
      /^(cells\/.*\/rounds\.jsonl|(cells|generators|matching)\/.*\.(npy|png|json|safetensors))$/.test(file),
    )
    .sort();
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(dir, file)).toString('base64')]));
}

const records = (strategy: string): RoundRecord[] =>
  readFileSync(join(whole, 'cells', strategy, 'seed-1', 'rounds.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

beforeAll(async () => {
  writeFileSync(plan, JSON.stringify({ ...preset, seeds: [1], strategies }));
  const { status, stderr } = await genal(...run(whole));
  expect(stderr).toBe('');
  expect(status).toBe(0);
}, 240_000);

describe('a run of ASAL', () => {
  test('matches by principal components, codes, a discriminator and the task model', () => {
    expect(matching).toHaveLength(4);
    expect(readdirSync(join(whole, 'matching')).map((name) => name.split('-')[0])).toEqual([
      'autoencoder',
      'discriminator',
      'pca',
    ]);
  });

  test.each(matching)(
    '%s starts where random does, and buys different real rows that it pays for once',
    (name) => {
      const rounds = records(name);
      expect(rounds[0]).toEqual(records('random')[0]);
      const bought = rounds.flatMap(({ selected }) => selected ?? []);
      expect(new Set(bought).size).toBe(preset.initial.size + preset.rounds * preset.batch);
      expect(rounds.at(-1)?.labelsCharged).toBe(bought.length);
      expect(rounds.every(({ synthesised }) => synthesised === undefined)).toBe(true);
    },
  );

  test.each(matching)('%s leaves pictures, images and figures of every round', (name) => {
    const queries = join(whole, 'cells', name, 'seed-1', 'queries');
    for (const { round, selected, diagnostics } of records(name).slice(1)) {
      for (const file of [`round-${round}.png`, `round-${round}.npy`, `round-${round}-matches.npy`]) {
        expect(existsSync(join(queries, file)), file).toBe(true);
      }
      const matched: MatchedRound = JSON.parse(readFileSync(join(queries, `round-${round}.json`), 'utf8'));
      expect(matched.queries.map(({ row }) => row)).toEqual(selected);
      expect(matched.labels).toHaveLength(preset.batch);
      expect(Number.isFinite(diagnostics.matchDistance)).toBe(true);
      expect(diagnostics).toHaveProperty('labelAgreement');
    }
  });

  test('reports the matches', () => {
    const page = readFileSync(join(whole, 'report', 'index.html'), 'utf8');
    expect(page).toContain('Matches');
    for (const name of matching) expect(page).toContain(name);
  });

  test('killed while it indexes and while it matches, and resumed, leaves the same bytes', {
    timeout: 300_000,
  }, async () => {
    const killed = join(folder, 'killed');
    for (const moment of [/index .*: starting/, /asal-.*: round 1 of/]) {
      const { child, ended } = start(
        existsSync(join(killed, 'config.json')) ? ['resume', killed] : run(killed),
      );
      await new Promise<void>((resolve) => {
        child.stdout?.on('data', (chunk: Buffer) => {
          if (moment.test(chunk.toString())) resolve();
        });
        child.once('exit', () => resolve());
      });
      expect(child.exitCode).toBeNull();
      process.kill(child.pid as number, 'SIGKILL');
      await ended;
    }
    const { status, stderr } = await genal('resume', killed);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(contents(killed)).toEqual(contents(whole));
  });
});
