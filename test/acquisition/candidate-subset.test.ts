import { beforeAll, expect, test } from 'vitest';
import { candidateSubset } from '../../src/acquisition/candidate-subset.ts';
import { createEntropy } from '../../src/acquisition/strategies/entropy.ts';
import { createRandom } from '../../src/acquisition/strategies/random.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { ClassifierConfig } from '../../src/classifiers/config.ts';
import { digitsDataset } from '../../src/datasets/digits.ts';
import { rootStream } from '../../src/random.ts';
import { type PoolIndex, poolIndex } from '../../src/shapes.ts';
import { recordLoop } from './record-loop.ts';

beforeAll(() => selectBackend('cpu'));

const rows = (count: number): PoolIndex[] => Array.from({ length: count }, (_, row) => poolIndex(row));
const ofRound = (round: number) => rootStream(1).of('candidates', round);

test('is of the candidates alone, without repeats, ascending, and the same asked again', () => {
  const odd = rows(50).filter((row) => row % 2 === 1);
  const subset = candidateSubset(odd, 10, 50, ofRound(1));
  expect(subset).toHaveLength(10);
  expect(new Set(subset).size).toBe(10);
  expect(subset.every((row) => odd.includes(row))).toBe(true);
  expect(subset).toEqual([...subset].sort((a, b) => a - b));
  expect(candidateSubset(odd, 10, 50, ofRound(1))).toEqual(subset);
  expect(candidateSubset(odd, 10, 50, ofRound(2))).not.toEqual(subset);
});

test('is shared by strategies that own different rows, but for as many as these', () => {
  const all = rows(1000);
  const [one, other] = [3, 7].map((step) =>
    candidateSubset(
      all.filter((row) => row % 100 !== step),
      100,
      1000,
      ofRound(1),
    ),
  );
  const common = one!.filter((row) => other!.includes(row));
  // About one of the 100 first rows is gone from each.
  expect(common.length).toBeGreaterThanOrEqual(94);
});

test('is everything where there is no more', () => {
  expect(candidateSubset(rows(5), 5, 9, ofRound(1))).toEqual(rows(5));
});

test('draws every row as often as any other', () => {
  const counts = new Array<number>(20).fill(0);
  for (let round = 0; round < 2000; round++) {
    for (const row of candidateSubset(rows(20), 5, 20, rootStream(1).of('even', round))) counts[row]!++;
  }
  const chi = counts.reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0);
  // 99.9 % of chi-squared with 19 degrees of freedom, which draws without replacement stay below.
  expect(chi).toBeLessThan(43.8);
});

test('names a size that is none', () => {
  expect(() => candidateSubset(rows(5), 0, 5, ofRound(1))).toThrow('candidateSubset.size');
});

test('is all that the strategies of a seed choose from, in every round anew', async () => {
  const dataset = digitsDataset({ trainSize: 120, testSize: 20, seed: 1 });
  const set = {
    dataset,
    classifier: ClassifierConfig.parse({ kind: 'mlp', hidden: [4], updates: 3 }),
    initial: { size: 10, balanced: false },
    batch: 8,
    candidates: 12,
    rounds: 2,
  };
  for (const [strategyName, strategy] of Object.entries({
    random: createRandom(),
    entropy: createEntropy(),
  })) {
    const { records } = await recordLoop({ ...set, strategy, strategyName });
    const bought = new Set<number>(records[0]!.selected);
    for (const { round, selected } of records.slice(1)) {
      const left = rows(120).filter((row) => !bought.has(row));
      const subset = candidateSubset(left, 12, 120, rootStream(1).of('candidates', round));
      expect(selected!.filter((row) => !(subset as readonly number[]).includes(row))).toEqual([]);
      for (const row of selected!) bought.add(row);
    }
  }
});
