import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resultsCsv, resultsOf, writeResults } from '../../src/reports/results.ts';
import { className, readRun } from '../../src/reports/run-record.ts';
import { outcomeSentence, unequalBudgetsSentence } from '../../src/reports/verdict.ts';

// Two strategies, two rounds after the start, at 10, 20 and 40 labels.
const BUDGETS = [10, 20, 40];
let run: string;

const cell = (strategy: string, seed: number) => path.join(run, 'cells', strategy, `seed-${seed}`);

function writeCell(strategy: string, seed: number, accuracies: readonly number[], budgets = BUDGETS): void {
  mkdirSync(cell(strategy, seed), { recursive: true });
  const lines = accuracies.map((testAccuracy, round) =>
    JSON.stringify({
      round,
      labels: budgets[round],
      labelsCharged: budgets[round],
      testAccuracy,
      selected: [round],
      answers: [
        { label: 0, confidence: 1 },
        { label: null, confidence: 0.3 },
      ],
      diagnostics: {},
    }),
  );
  writeFileSync(path.join(cell(strategy, seed), 'rounds.jsonl'), lines.map((line) => `${line}\n`).join(''));
}

beforeEach(() => {
  run = mkdtempSync(path.join(tmpdir(), 'genal-results-'));
  writeFileSync(
    path.join(run, 'config.json'),
    JSON.stringify({
      name: 'tiny',
      dataset: { name: 'digits', classes: [5, 7] },
      batch: 10,
      rounds: 2,
      seeds: [1, 2, 3],
      strategies: [{ kind: 'random' }, { kind: 'gaal', name: 'gaal-shell' }],
    }),
  );
  writeCell('random', 1, [0.5, 0.6, 0.8]);
  writeCell('random', 2, [0.6, 0.7, 0.8]);
  writeCell('random', 3, [0.7, 0.7, 0.95]);
  writeCell('gaal-shell', 1, [0.5, 0.8, 0.9]);
  writeCell('gaal-shell', 2, [0.6, 0.8, 0.85]);
  writeCell('gaal-shell', 3, [0.7, 0.9, 1]);
});

afterEach(() => rmSync(run, { recursive: true, force: true }));

describe('a finished run', () => {
  test('gives means and deviations by round, and the area under the budget curve', async () => {
    const results = resultsOf(await readRun(run));
    const [random] = results.strategies;
    expect(results).toMatchObject({ status: 'finished', classNames: ['5', '7'], rounds: 2 });
    expect(random).toMatchObject({ name: 'random', n: 3, failedSeeds: [], unfinishedSeeds: [] });
    expect(random!.curve.map(({ labelsCharged }) => labelsCharged)).toEqual(BUDGETS);
    expect(random!.curve.map(({ n }) => n)).toEqual([3, 3, 3]);
    expect(random!.curve[0]!.mean).toBeCloseTo(0.6, 12);
    expect(random!.curve[0]!.standardDeviation).toBeCloseTo(0.1, 12);
    expect(random!.finalAccuracy.mean).toBeCloseTo(0.85, 12);
    expect(random!.initialAccuracy.mean).toBeCloseTo(0.6, 12);
    // (10 * 0.55 + 20 * 0.7) / 30
    expect(random!.perSeed[0]!.areaUnderBudgetCurve).toBeCloseTo(0.65, 12);
  });

  test('compares strategies on the seeds they share, under the names of the config', async () => {
    const { pairs } = resultsOf(await readRun(run));
    expect(pairs.finalAccuracy).toHaveLength(1);
    expect(pairs.finalAccuracy[0]).toMatchObject({ a: 'random', b: 'gaal-shell', n: 3 });
    // -(0.1 + 0.05 + 0.05) / 3
    expect(pairs.finalAccuracy[0]!.meanDifference).toBeCloseTo(-0.2 / 3, 10);
    expect(pairs.areaUnderBudgetCurve[0]!.n).toBe(3);
  });

  test('writes one CSV line a strategy, seed and round', async () => {
    const lines = resultsCsv(await readRun(run))
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(1 + 2 * 3 * 3);
    expect(lines[0]).toBe('strategy,seed,status,round,labels,labelsCharged,testAccuracy,queries,abstentions');
    expect(lines[2]).toBe('random,1,finished,1,20,20,0.6,2,1');
    expect(lines.at(-1)).toBe('gaal-shell,3,finished,2,40,40,1,2,1');
  });

  test('writes the same bytes twice, and JSON without NaN', async () => {
    const record = await readRun(run);
    const folder = path.join(run, 'report');
    await writeResults(folder, record, resultsOf(record));
    const first = readFileSync(path.join(folder, 'results.json'), 'utf8');
    await writeResults(folder, record, resultsOf(await readRun(run)));
    expect(readFileSync(path.join(folder, 'results.json'), 'utf8')).toBe(first);
    expect(JSON.parse(first)).toEqual(resultsOf(record));
  });

  test('names classes by the manifest, else by the config, else by number', async () => {
    expect(className(await readRun(run), 1)).toBe('7');
    expect(className({ classNames: [] }, 3)).toBe('class 3');
    writeFileSync(path.join(run, 'manifest.json'), JSON.stringify({ classNames: ['cat', 'dog'] }));
    expect(className(await readRun(run), 1)).toBe('dog');
  });
});

describe('a run with gaps', () => {
  test('a failed cell stays in every table and out of every mean', async () => {
    writeFileSync(
      path.join(cell('gaal-shell', 2), 'error.json'),
      JSON.stringify({ message: 'out of "memory",\nsecond line' }),
    );
    const record = await readRun(run);
    const results = resultsOf(record);
    const gaal = results.strategies[1]!;
    expect(results.status).toBe('failed');
    expect(gaal).toMatchObject({ n: 2, failedSeeds: [2], unfinishedSeeds: [] });
    expect(gaal.finalAccuracy.mean).toBeCloseTo(0.95, 12);
    expect(gaal.curve.map(({ n }) => n)).toEqual([2, 2, 2]);
    expect(gaal.perSeed[1]).toMatchObject({
      status: 'failed',
      error: 'out of "memory",',
      finalAccuracy: null,
      areaUnderBudgetCurve: null,
    });
    expect(results.pairs.finalAccuracy[0]).toMatchObject({ n: 2, verdict: 'too few seeds' });
    expect(resultsCsv(record)).toContain('gaal-shell,2,failed,2,40,40,0.85,2,1');
  });

  test('an unfinished cell and one that was never begun are marked, their rounds kept', async () => {
    writeCell('random', 3, [0.7, 0.75]);
    rmSync(cell('gaal-shell', 1), { recursive: true });
    const record = await readRun(run);
    const results = resultsOf(record);
    expect(results.status).toBe('unfinished');
    expect(results.strategies[0]).toMatchObject({ n: 2, unfinishedSeeds: [3] });
    expect(results.strategies[0]!.curve.map(({ n }) => n)).toEqual([3, 3, 2]);
    expect(results.strategies[1]).toMatchObject({ n: 2, unfinishedSeeds: [1] });
    expect(resultsCsv(record)).toContain('gaal-shell,1,unfinished,,,,,,\n');
  });

  test('a torn last line is left unread and untouched', async () => {
    const file = path.join(cell('random', 3), 'rounds.jsonl');
    const torn = readFileSync(file, 'utf8').slice(0, -20);
    writeFileSync(file, torn);
    expect((await readRun(run)).cells[2]).toMatchObject({ seed: 3, status: 'unfinished' });
    expect((await readRun(run)).cells[2]!.rounds).toHaveLength(2);
    expect(readFileSync(file, 'utf8')).toBe(torn);
  });

  test('nothing begun yet gives nulls, no pair with seeds and no error', async () => {
    rmSync(path.join(run, 'cells'), { recursive: true });
    const results = resultsOf(await readRun(run));
    expect(results.strategies[0]).toMatchObject({ n: 0, curve: [] });
    expect(results.strategies[0]!.finalAccuracy).toEqual({
      n: 0,
      mean: null,
      standardDeviation: null,
      interval: null,
    });
    expect(results.pairs.finalAccuracy[0]!.n).toBe(0);
  });

  test('one seed gives a mean, and no deviation or interval', async () => {
    const file = path.join(run, 'config.json');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), seeds: [2] }));
    const [random] = resultsOf(await readRun(run)).strategies;
    expect(random!.finalAccuracy).toEqual({ n: 1, mean: 0.8, standardDeviation: null, interval: null });
  });
});

describe('what is not a run folder', () => {
  test('is refused by name', async () => {
    await expect(readRun(path.join(run, 'nothing'))).rejects.toThrow(
      'expected a run folder with a config.json',
    );
  });

  test('a broken line is refused with its file', async () => {
    writeFileSync(path.join(cell('random', 1), 'rounds.jsonl'), '{"round": 0\n');
    await expect(readRun(run)).rejects.toThrow(/random.seed-1.rounds\.jsonl/);
  });

  test('rounds out of order are refused', async () => {
    writeFileSync(path.join(cell('random', 1), 'rounds.jsonl'), '{"round": 1}\n');
    await expect(readRun(run)).rejects.toThrow('expected round 0 in line 1, got 1');
  });
});

test('strategies that spent different budgets are averaged over the same one, and the report says so', async () => {
  for (const seed of [1, 2, 3]) writeCell('gaal-shell', seed, [0.5, 0.5, 0.5], [10, 10, 10]);
  const results = resultsOf(await readRun(run));
  expect(results.strategies[1]?.areaUnderBudgetCurve).toMatchObject({ n: 3, mean: 0.5 });
  expect(results.pairs.areaUnderBudgetCurve[0]?.n).toBe(3);
  expect(outcomeSentence(results)).toContain('with gaal-shell (10 labels)');
  expect(unequalBudgetsSentence(results)).toContain('(random 40 and gaal-shell 10 on average)');
});
