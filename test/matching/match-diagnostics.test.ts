import { beforeAll, describe, expect, test } from 'vitest';
import type { MatchedBatch } from '../../matching/match.ts';
import {
  labelAgreement,
  labelCounts,
  matchDistances,
  poolDistances,
  uncertaintyKept,
} from '../../matching/match-diagnostics.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { poolIndex, queryRow } from '../../src/shapes.ts';
import { distanceOf, indexOfPoints, normalPoints } from './plane.ts';

beforeAll(async () => {
  await selectBackend('wasm');
});

function batchOf(...distances: number[]): MatchedBatch {
  const matches = distances.map((distance, query) => ({
    query: queryRow(query),
    row: poolIndex(query),
    distance,
    rank: 1,
    considered: [],
    collided: false,
  }));
  return { matches, collisionRate: 0, distinctPreferences: distances.length };
}

describe('what matching lost', () => {
  test('is the share of the gained uncertainty that the matches have', () => {
    const kept = uncertaintyKept({ start: [0.1, 0.3], end: [0.6, 0.8], matched: [0.3, 0.35] });
    expect(kept.start).toBeCloseTo(0.2, 12);
    expect(kept.end).toBeCloseTo(0.7, 12);
    expect(kept.matched).toBeCloseTo(0.325, 12);
    expect(kept.change).toBeCloseTo(-0.375, 12);
    expect(kept.kept).toBeCloseTo(0.25, 12);
  });

  test('is the same share for margins, which fall where uncertainty rises', () => {
    const kept = uncertaintyKept({ start: [4], end: [0], matched: [3] });
    expect([kept.change, kept.kept]).toEqual([3, 0.25]);
    expect(uncertaintyKept({ start: [4], end: [0], matched: [5] }).kept).toBe(-0.25);
    expect(uncertaintyKept({ start: [4], end: [0], matched: [0] }).kept).toBe(1);
  });

  test('is no share of nothing', () => {
    expect(uncertaintyKept({ start: [1], end: [1], matched: [0] }).kept).toBeNull();
  });

  test('is not told of unequal, missing or broken numbers', () => {
    expect(() => uncertaintyKept({ start: [1], end: [1, 2], matched: [1, 2] })).toThrow(
      'uncertaintyKept.start: expected one or more values, as many as end, got 1',
    );
    expect(() => uncertaintyKept({ start: [], end: [], matched: [] })).toThrow('got 0');
    expect(() => uncertaintyKept({ start: [1], end: [1], matched: [Number.NaN] })).toThrow(
      'uncertaintyKept.matched: expected finite values, got a mean of NaN',
    );
  });
});

describe('distances of matches', () => {
  test('stand beside the median of the pool', () => {
    expect(matchDistances(batchOf(3, 1, 8), [2, 1])).toEqual({
      mean: 4,
      median: 3,
      largest: 8,
      poolMedian: 1.5,
      ratio: 2,
    });
    expect(matchDistances(batchOf(1, 3), [])).toMatchObject({ median: 2, poolMedian: null, ratio: null });
    expect(matchDistances(batchOf(1), [0, 0]).ratio).toBeNull();
  });

  test('of the pool are those to the nearest other candidate', async () => {
    const points = normalPoints(30, 3, 1);
    const index = await indexOfPoints(points);
    const expected = points.map((point, i) =>
      Math.min(...points.filter((_, j) => j !== i).map((other) => distanceOf(point, other))),
    );
    const found = await poolDistances(index, rootStream(1));
    expect(found).toHaveLength(30);
    const ascending = (values: number[]) => [...values].sort((a, b) => a - b);
    ascending(expected).forEach((value, i) => {
      expect(ascending(found)[i]).toBeCloseTo(value, 9);
    });
    // Drawn by the stream, without replacement, from what is left.
    index.keep(index.candidates.slice(0, 12));
    expect(await poolDistances(index, rootStream(2), 5)).toHaveLength(5);
    expect(await poolDistances(index, rootStream(2), 5)).toEqual(
      await poolDistances(index, rootStream(2), 5),
    );
    expect(await poolDistances(index, rootStream(3), 500)).toHaveLength(12);
    index.keep(index.candidates.slice(0, 1));
    expect(await poolDistances(index, rootStream(1))).toEqual([]);
    index.dispose();
  });

  test('of equal images are 0, however many there are', async () => {
    const index = await indexOfPoints([[1], [1], [1], [1], [7]]);
    expect((await poolDistances(index, rootStream(1))).sort()).toEqual([0, 0, 0, 0, 6]);
    index.dispose();
  });
});

test('labels agree where both are there', () => {
  expect(labelAgreement([1, null, 2, 3], [1, 1, 3, null])).toEqual({ agreement: 0.5, answered: 2 });
  expect(labelAgreement([null], [0])).toEqual({ agreement: null, answered: 0 });
  expect(() => labelAgreement([1], [1, 2])).toThrow('labelAgreement.matched: expected 1 labels, got 2');
});

test('labels are counted by class', () => {
  expect(labelCounts([0, 2, 2], 4)).toEqual([1, 0, 2, 0]);
  expect(labelCounts([], 2)).toEqual([0, 0]);
  expect(() => labelCounts([3], 3)).toThrow('labelCounts.labels: expected classes in [0, 3), got 3');
});
