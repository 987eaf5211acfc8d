/**
 * VAAL and its kin in a run folder, small: every peculiarity of the preset `vaal-faithful`, the report and the tables of it,
 * and the same bytes after a kill.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classesTable, discriminatorTable } from '../../scripts/vaal-tables.ts';
import type { RoundRecord } from '../../src/acquisition/round-record.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { parseConfig, strategyName } from '../../src/experiments/config.ts';
import { openRun } from '../../src/experiments/run.ts';
import { runPaths } from '../../src/experiments/run-folder.ts';
import { runTask } from '../../src/experiments/tasks.ts';
import { writeGrid, writeQueryGrid } from '../../src/reports/grid.ts';
import { writeMatchGrid } from '../../src/reports/match-grid.ts';
import { writeReconstructionGrid } from '../../src/reports/reconstruction-grid.ts';
import { writeReport } from '../../src/reports/report.ts';
import { readRun } from '../../src/reports/run-record.ts';
import { genal, start } from '../scripts/command-line.ts';

const preset = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../scripts/presets/${name}.json`), 'utf8'));
const faithful = preset('vaal-faithful');
const smoke = preset('vaal-smoke');

/** Networks that take seconds. */
const small = {
  ...{ latentSize: 4, network: { kind: 'conv', channels: [4, 8] }, discriminator: [16] },
  ...{ steps: 12, batch: 8, heldOut: 0.2 },
};
type Plan = { readonly kind: string; readonly name?: string };
const others = smoke.strategies.filter(({ kind }: Plan) => kind === 'ta-vaal' || kind === 'm2-vaal');
const strategies = [
  ...faithful.strategies.map((strategy: Plan) =>
    strategy.kind === 'vaal' ? { ...strategy, ...small } : strategy,
  ),
  ...others.map((strategy: Plan) =>
    strategy.kind === 'ta-vaal'
      ? { ...strategy, ...small }
      : { ...strategy, m2: { latentSize: 4, network: { kind: 'mlp', hidden: [16] }, steps: 12, batch: 8 } },
  ),
];
const planOf = (chosen: readonly Plan[]) => ({
  ...faithful,
  dataset: { name: 'digits', classes: [3, 5, 8], trainSize: 400, testSize: 100, seed: 1 },
  initial: { size: 20, balanced: true },
  batch: 5,
  rounds: 2,
  seeds: [1],
  classifier: { kind: 'lenet', widths: [4, 8, 16], updates: 10 },
  strategies: chosen,
});
const named = (chosen: Plan): string => chosen.name ?? chosen.kind;
const killed = strategies.filter((strategy) => ['vaal-all', 'ta-vaal', 'm2-vaal'].includes(named(strategy)));

const folder = mkdtempSync(join(tmpdir(), 'genal-vaal-'));
const whole = join(folder, 'whole');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const records = (strategy: string): RoundRecord[] =>
  readFileSync(runPaths.rounds(runPaths.cell(whole, strategy, 1)), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Records and pictures of the cells that are killed, by their path in the run folder. */
function contents(run: string): Record<string, string> {
  const files = killed.flatMap((strategy) =>
    readdirSync(runPaths.cell(run, named(strategy), 1), { recursive: true, encoding: 'utf8' })
      .filter((file) => /(rounds\.jsonl|\.png)$/.test(file))
      .map((file) => join('cells', named(strategy), 'seed-1', file)),
  );
  expect(files).toHaveLength(3 * (1 + 2 * 2));
  return Object.fromEntries(
    files.sort().map((file) => [file, readFileSync(join(run, file)).toString('base64')]),
  );
}

beforeAll(async () => {
  await selectBackend('wasm');
  const config = parseConfig('plan.json', planOf(strategies));
  await openRun(whole, config);
  for (const strategy of config.strategies) {
    await runTask(
      { kind: 'cell', strategy: strategyName(strategy), seed: 1 },
      {
        run: whole,
        config,
        dataDirs: [],
        onLine: () => {},
        onStatus: () => {},
        writeQueryPicture: writeQueryGrid,
        writeMatchPicture: writeMatchGrid,
        writeReconstructionPicture: writeReconstructionGrid,
        writeSampleGrid: (file, images, shape) => writeGrid(file, images, shape),
        signal: new AbortController().signal,
      },
    );
  }
}, 120_000);

describe('VAAL in a run folder', () => {
  test('the preset turns each peculiarity on alone, all of them, and none', () => {
    const switches = faithful.strategies
      .filter(({ kind }: Plan) => kind === 'vaal')
      .map((strategy: { faithful?: object }) => Object.keys(strategy.faithful ?? {}).join());
    const each = ['pixelMeans', 'separateNorms', 'batchNormScoring', 'flips', 'torchWeights'];
    expect(switches).toEqual(['', ...each, each.join()]);
    expect(parseConfig('vaal-faithful', faithful).strategies).toHaveLength(8);
  });

  test.each(strategies.map((strategy) => ({ name: named(strategy) })))(
    '$name starts where random does and tells of every round',
    ({ name }) => {
      const rounds = records(name);
      expect(rounds).toHaveLength(3);
      expect(rounds[0]).toEqual(records('random')[0]);
      for (const { diagnostics, testConfusion, testAccuracy } of rounds.slice(name === 'random' ? 3 : 1)) {
        expect(testConfusion).toHaveLength(9);
        expect(testAccuracy).toBeGreaterThan(0);
        for (const key of ['discriminatorAuc', 'activeUnits', 'saturatedShare', 'tiedShare']) {
          expect(diagnostics[key], key).toEqual(expect.any(Number));
        }
      }
    },
  );

  test('is reported: networks, causes, reconstructions and confusions', async () => {
    const page = readFileSync((await writeReport(whole)).html, 'utf8');
    expect(page.replace(/"data:[^"]*"/g, '')).not.toMatch(/NaN|undefined|Infinity/);
    expect(page.split('Why this looks like random')).toHaveLength(strategies.length);
    expect(page.split('Reconstructions</h4>')).toHaveLength(strategies.length);
    expect(page.split('aria-label="Confusions of')).toHaveLength(strategies.length + 1);
  });

  test('has its tables', async () => {
    const run = await readRun(whole);
    const table = discriminatorTable(run);
    expect(table).toHaveLength(2 + strategies.length - 1);
    expect(table[2]).toMatch(/^\| vaal \| 0\.\d{3} \| \d\.\d{3} \| \d\.\d of 4 \|/);
    for (const row of classesTable(run, 'first round').slice(2)) {
      const bought = row.split('|').slice(2, -1).map(Number);
      expect(bought.reduce((sum, count) => sum + count, 0)).toBeCloseTo(5, 6);
    }
  });

  test('killed in the middle of rounds and resumed leaves the same records and pictures', {
    timeout: 240_000,
  }, async () => {
    const run = join(folder, 'killed');
    const plan = join(folder, 'plan.json');
    writeFileSync(plan, JSON.stringify(planOf(killed)));
    let words = ['run', plan, '--backend', 'wasm', '--jobs', '1', '--out', run];
    for (const moment of [/vaal-all.*: round 0 of/, /ta-vaal.*: round 1 of/]) {
      const { child, ended } = start(words);
      await new Promise<void>((resolve) => {
        child.stdout?.on('data', (chunk: Buffer) => {
          if (moment.test(chunk.toString())) resolve();
        });
        child.once('exit', () => resolve());
      });
      expect(child.exitCode).toBeNull();
      process.kill(-(child.pid as number), 'SIGKILL');
      await ended;
      words = ['resume', run];
    }
    const { status, stderr } = await genal('resume', run);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(contents(run)).toEqual(contents(whole));
  });
});
