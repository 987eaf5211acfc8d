/** Reports and comparisons of runs whose labels cost, and whose cells end early. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { RoundRecord } from '../../src/acquisition/round-record.ts';
import { compareRuns } from '../../src/reports/compare.ts';
import { comparisonPage } from '../../src/reports/compare-page.ts';
import { comparisonText } from '../../src/reports/compare-text.ts';
import { learningCurveSpec } from '../../src/reports/curves.ts';
import { endingSentences, oracleSentences } from '../../src/reports/oracle-words.ts';
import { reportPage } from '../../src/reports/report.ts';
import { resultsCsv, resultsOf } from '../../src/reports/results.ts';
import { readRun } from '../../src/reports/run-record.ts';
import { outcomeSentence, unequalBudgetsSentence } from '../../src/reports/verdict.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'genal-costs-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Point = readonly [labels: number, cost: number | null, accuracy: number];

/** A run of two seeds; the last point of a cell shorter than four says that its budget was spent. */
function writeRun(name: string, cells: Record<string, readonly Point[]>, config: object = {}): string {
  const run = path.join(folder, name);
  for (const [cell, points] of Object.entries(cells)) {
    mkdirSync(path.join(run, 'cells', cell), { recursive: true });
    const lines = points.map(
      ([labels, cost, testAccuracy], round): RoundRecord => ({
        ...{ round, labels, labelsCharged: labels, testAccuracy, selected: [round], diagnostics: {} },
        ...(cost !== null && { cost }),
        answers: [{ label: 0, confidence: 1 }],
        stopping: [{ kind: 'kappa', value: 0.5, decidedBy: 0.5, met: round === 1 && cell === 'b/seed-1' }],
        ...(round === points.length - 1 && round < 3 && { ended: 'budget' as const }),
      }),
    );
    writeFileSync(
      path.join(run, 'cells', cell, 'rounds.jsonl'),
      lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
  }
  const whole = {
    name,
    dataset: { name: 'digits' },
    initial: { size: 10 },
    batch: 10,
    rounds: 3,
    seeds: [1, 2],
    strategies: [{ kind: 'random' }, { kind: 'entropy', name: 'b' }],
    ...config,
  };
  writeFileSync(path.join(run, 'config.json'), JSON.stringify(whole));
  return run;
}

const priced = writeRun('priced', {
  'random/seed-1': [
    [10, 20, 0.5],
    [20, 40, 0.6],
    [30, 60, 0.7],
    [40, 80, 0.8],
  ],
  'random/seed-2': [
    [10, 10, 0.5],
    [20, 30, 0.7],
    [30, 90, 0.9],
  ],
  'b/seed-1': [
    [10, 20, 0.5],
    [20, 60, 0.9],
  ],
  'b/seed-2': [
    [10, 10, 0.5],
    [20, 60.5, 0.7],
    [25, 90, 0.8],
  ],
});

test('a cell that ended by its budget is finished, and its curve flat from there', async () => {
  const run = await readRun(priced);
  const results = resultsOf(run);
  expect(results.status).toBe('finished');
  expect(results.paidIn).toBe('cost');
  const [random, b] = results.strategies;
  expect(random?.perSeed.map(({ ended }) => ended)).toEqual([undefined, 'budget']);
  expect(random?.curve.map(({ cost, n }) => [cost, n])).toEqual([
    [15, 2],
    [35, 2],
    [75, 2],
    [85, 2],
  ]);
  expect(random?.curve[3]?.mean).toBeCloseTo((0.8 + 0.9) / 2, 12);
  expect(b?.curve.map(({ cost }) => cost)).toEqual([15, 60.25, 75]);
  // Of 0.5 to 0.9 over the 40 paid, then 0.9 up to the 90 that others paid.
  expect(b?.perSeed[0]?.areaUnderBudgetCurve).toBeCloseTo((0.7 * 40 + 0.9 * 30) / 70, 12);
});

test('the axis, the sentences and the table are of costs', async () => {
  const run = await readRun(priced);
  const results = resultsOf(run);
  const spec = JSON.stringify(learningCurveSpec(results));
  expect(spec).toContain('"field":"cost"');
  expect(spec).toContain('"title":"cost paid"');
  expect(outcomeSentence(results).replaceAll('\u202f', ' ')).toContain(
    '85.0 % with random (a cost of 85) and 85.0 % with b (a cost of 75)',
  );
  expect(unequalBudgetsSentence(results)).toContain(
    'The strategies paid different costs (random 85 and b 75',
  );
  expect(resultsCsv(run).split('\n').slice(0, 2)).toEqual([
    'strategy,seed,status,round,labels,labelsCharged,testAccuracy,queries,abstentions,cost',
    'random,1,finished,0,10,10,0.5,1,0,20',
  ]);
});

test('the page says which cells ended and why, and when each rule said stop', async () => {
  const run = await readRun(priced);
  expect(endingSentences(run)).toEqual([
    'random ended in round 2 on seed 2, because the budget was spent.',
    'b ended in round 1 on seed 1 and in round 2 on seed 2, because the budget was spent.',
  ]);
  const page = await reportPage(run, resultsOf(run));
  expect(page).toContain('b ended in round 1 on seed 1');
  expect(page).toContain('round 1: 90.0');
  expect(page).toContain('not yet, 0.5');
});

test('a comparison counts what it takes in cost, and tells who ended', async () => {
  const comparison = await compareRuns([priced], { target: 0.7 });
  expect(comparison.labels).toBe(90);
  expect(comparison.labelsNeeded.map(({ perSeed }) => perSeed.map(({ labels }) => labels))).toEqual([
    [60, 30],
    [60, 60.5],
  ]);
  // At 60 the two seeds of b have 0.9 and 0.5, at 60.5 0.9 and 0.7.
  expect(comparison.labelsNeeded[1]?.ofMean).toBe(60);
  const text = comparisonText(comparison);
  expect(text).toContain('up to a cost of 90');
  expect(text).toMatch(/cost for 70\.00/);
  expect(text).toContain('because the budget was spent.');
  expect(await comparisonPage(comparison)).toContain('Cost needed');
});

test('runs with and without costs meet on labels', async () => {
  const plain: readonly Point[] = [
    [10, null, 0.5],
    [20, null, 0.6],
    [30, null, 0.7],
    [40, null, 0.8],
  ];
  const cells = ['random/seed-1', 'random/seed-2', 'b/seed-1', 'b/seed-2'];
  const free = writeRun('free', Object.fromEntries(cells.map((cell) => [cell, plain])));
  const { results, labels } = await compareRuns([free, priced]);
  expect(results.paidIn).toBe('labels');
  expect(labels).toBe(40);
  expect(JSON.stringify(results)).not.toContain('"cost":');
  expect(resultsCsv(await readRun(free))).not.toContain('cost');
});

test('the oracle is told in words', () => {
  const config = {
    name: 'x',
    dataset: {},
    batch: 1,
    rounds: 1,
    seeds: [1],
    strategies: [{ kind: 'random' }],
    oracle: {
      confusion: [
        [0.9, 0.1],
        [0, 1],
      ],
      abstain: [0, 0.25],
      cost: [1, 2.5],
    },
    budget: { cost: 50 },
  };
  const words = oracleSentences(config).join(' ').replaceAll('\u202f', ' ');
  expect(words).toContain('a share of each class that was replaced on purpose: 10.0 % and 0.0 %.');
  expect(words).toContain('of each class was not answered, and not asked about again: 0.0 % and 25.0 %.');
  expect(words).toContain('A label cost 1 and 2.5, by class. No cell could pay more than a cost of 50.');
});
