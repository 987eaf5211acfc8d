import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needed, penalties, ranking } from '../../scripts/ranking-tables.ts';
import { type Comparison, comparisonOf } from '../../src/reports/compare.ts';
import { type RunRecord, readRun } from '../../src/reports/run-record.ts';
import { removeRunFixture, writeRunFixture } from '../reports/run-fixture.ts';

/** Test accuracies in percent by strategy, seed and round, at 50, 60 and 70 labels; a choice takes the seconds given. */
const CURVES = {
  below: { seconds: 1, bySeed: [70, 71, 72].map((start, at) => [start, start + 2 + at, 77 + at]) },
  random: { seconds: 0, bySeed: [70, 71, 72].map((start, at) => [start, start + 4, 82 + at]) },
  ahead: { seconds: 2, bySeed: [70, 71, 72].map((start, at) => [start, 89 + at, 91 - at]) },
};

let folder: string;
let run: RunRecord;
let comparison: Comparison;

beforeAll(async () => {
  const strategies = [
    { kind: 'uncertainty', name: 'below' },
    { kind: 'random' },
    { kind: 'margin', name: 'ahead' },
    { kind: 'entropy', name: 'absent' },
  ];
  const absent = Object.fromEntries([1, 2, 3].map((seed) => [`absent/${seed}`, 0]));
  folder = await writeRunFixture({
    seeds: [1, 2, 3],
    rounds: 2,
    pictures: [],
    generator: false,
    strategies,
    unfinished: absent,
  });
  for (const [name, { seconds, bySeed }] of Object.entries(CURVES)) {
    for (const [at, accuracies] of bySeed.entries()) {
      const cell = path.join(folder, 'cells', name, `seed-${at + 1}`);
      change(path.join(cell, 'rounds.jsonl'), (round) => ({ testAccuracy: accuracies[round]! / 100 }));
      change(path.join(cell, 'timings.jsonl'), (round) => ({
        generateMs: 0,
        matchMs: 250 * seconds,
        // The first round chooses nothing: what its record says is not a choice's.
        scoreMs: round === 0 ? 1e6 : 750 * seconds,
      }));
    }
  }
  run = await readRun(folder);
  comparison = comparisonOf([run]);
});

afterAll(() => removeRunFixture(folder));

function change(file: string, values: (round: number) => Record<string, number>): void {
  const changed = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line, round) => JSON.stringify({ ...JSON.parse(line), ...values(round) }));
  writeFileSync(file, `${changed.join('\n')}\n`);
}

/** The cells of a Markdown table by the first of each row, without the line under its head. */
function cells(table: readonly string[]): Map<string, string[]> {
  const rows = table.filter((row) => row.startsWith('|') && !row.startsWith('| ---'));
  return new Map(rows.map((row) => row.slice(2, -2).split(' | ')).map(([name, ...rest]) => [name!, rest]));
}

describe('the ranking', () => {
  test('puts the highest mean over the curve first, and who finished no seed last', () => {
    const rows = cells(ranking(comparison.results, run));
    expect([...rows.keys()]).toEqual(['strategy', 'ahead', 'random', 'below', 'absent']);
    // Trapezoids over 50, 60 and 70 labels, seed 1: (70 + 2 * 89 + 91) / 4.
    expect(rows.get('ahead')!.slice(0, 4)).toEqual([
      '0.7100 ± 0.0100',
      '0.9000 ± 0.0100',
      '0.9000 ± 0.0100',
      '0.8525',
    ]);
  });

  test('counts differences from random upwards, whichever of the two the test names first', () => {
    const rows = cells(ranking(comparison.results, run));
    // Seeds differ from random by (2 * 15 + 9) / 4, (2 * 15 + 7) / 4 and (2 * 15 + 5) / 4 points.
    expect(rows.get('ahead')!.slice(4, 6)).toEqual(['0.0925', '0.0801 to 0.1049']);
    // By (2 * -2 - 5) / 4, (2 * -1 - 5) / 4 and (2 * 0 - 5) / 4.
    expect(rows.get('below')!.slice(4, 6)).toEqual(['-0.0175', '-0.0299 to -0.0051']);
    expect(rows.get('random')!.slice(4, 8)).toEqual(['', '', '', '']);
  });

  test('corrects for its own two tests alone, not for those of other pairs', () => {
    const rows = cells(ranking(comparison.results, run));
    // Student's t with 2 degrees: differences of 9.25 and 1.75 times sqrt(3) / 0.5; p = 1 - t / sqrt(t^2 + 2).
    const p = (points: number) => {
      const t = (points * Math.sqrt(3)) / 0.5;
      return 1 - t / Math.sqrt(t * t + 2);
    };
    expect(rows.get('ahead')!.slice(6, 8)).toEqual([p(9.25), 2 * p(9.25)].map((value) => value.toFixed(4)));
    expect(rows.get('below')!.slice(6, 8)).toEqual([p(1.75), p(1.75)].map((value) => value.toFixed(4)));
  });

  test('gives the seconds of a choice: search, match and score, of rounds that choose', () => {
    const rows = cells(ranking(comparison.results, run));
    expect(['ahead', 'random', 'below'].map((name) => rows.get(name)!.at(-1))).toEqual(['2.0', '0.0', '1.0']);
  });
});

test('labels needed: for what random ends at and for 80 and 90 %, of the mean curve and of the seeds', () => {
  const rows = cells(needed(comparison));
  expect(rows.get('labels for')).toEqual(['83.0 %', '80.0 %', '90.0 %']);
  expect(rows.get('random')).toEqual(['70 (2 of 3 seeds)', '70 (70)', '> 70 (0 of 3 seeds)']);
  expect(rows.get('ahead')).toEqual(['60 (60)', '60 (60)', '60 (63)']);
  expect(rows.get('below')).toEqual(['> 70 (0 of 3 seeds)', '> 70 (0 of 3 seeds)', '> 70 (0 of 3 seeds)']);
  expect(rows.get('absent')).toEqual(['', '', '']);
});

test('penalties: who beats more than it is beaten comes first', () => {
  const rows = cells(penalties(comparison));
  expect([...rows.keys()].slice(0, 5)).toEqual(['penalty matrix', 'ahead', 'random', 'absent', 'below']);
  // At 60 labels; that ahead is above random by the same 15 points on every seed gives no t and counts as no win.
  expect(rows.get('ahead')).toEqual(['1.00', '0.00']);
  expect(rows.get('below')).toEqual(['0.00', '1.00']);
  expect(penalties(comparison).at(-1)).toBe('At 60 labels.');
});
