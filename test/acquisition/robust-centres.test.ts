import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { Coverage } from '../../src/acquisition/cover.ts';
import { greedyCentresBeside } from '../../src/acquisition/greedy-centres.ts';
import { nearestSquared } from '../../src/acquisition/nearest-centre.ts';
import { radiusOf, robustCentres } from '../../src/acquisition/robust-centres.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';

beforeAll(() => selectBackend('cpu'));

const fresh = () => rootStream(5);

/** All ways to take `count` of `n`. */
function choices(n: number, count: number, first = 0): number[][] {
  if (count === 0) return [[]];
  return Array.from({ length: n - first }, (_, at) => first + at).flatMap((row) =>
    choices(n, count - 1, row + 1).map((rest) => [row, ...rest]),
  );
}

/** The radius of these rows and of the centres before, with the farthest `allowed` rows left out, by definition. */
function radiusWith(
  points: number[][],
  centres: number[][],
  rows: readonly number[],
  allowed: number,
): number {
  const all = [...centres, ...rows.map((row) => points[row]!)];
  const distances = points.map((point, row) =>
    rows.includes(row)
      ? 0
      : Math.min(...all.map((centre) => Math.hypot(...point.map((value, axis) => value - centre[axis]!)))),
  );
  return distances.sort((a, b) => b - a)[allowed]!;
}

const pointsOf = (values: Float32Array, size: number) =>
  Array.from({ length: values.length / size }, (_, row) => [
    ...values.subarray(row * size, (row + 1) * size),
  ]);

describe('robust centres', () => {
  test.each([
    [0, 3],
    [1, 3],
    [2, 2],
    [1, 4],
  ])('of 12 points with %d left out are the best that brute force finds', async (allowed, count) => {
    let better = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const features = rootStream(seed).normals(12 * 2);
      const centres = rootStream(seed).of('centres').normals(2);
      const nearest = await nearestSquared(features, centres, 2);
      const found = await robustCentres(
        features,
        2,
        nearest,
        count,
        { outliers: (allowed + 0.5) / 12, subset: 12 },
        rootStream(seed),
      );
      const points = pointsOf(features, 2);
      const own = radiusWith(points, [[...centres]], found.rows, allowed);
      const radii = choices(12, count).map((rows) => radiusWith(points, [[...centres]], rows, allowed));
      expect(found.allowed).toBe(allowed);
      expect(new Set(found.rows).size).toBe(count);
      expect(found.radius).toBeCloseTo(own, 6);
      expect(own).toBeCloseTo(Math.min(...radii), 3);
      const greedy = await greedyCentresBeside(features, centres, 2, count, rootStream(seed));
      expect(found.radiusGreedy).toBeCloseTo(radiusWith(points, [[...centres]], greedy.rows, allowed), 6);
      if (found.radius < found.radiusGreedy - 1e-6) better++;
    }
    expect(better).toBeGreaterThan(5);
  });

  test('are never worse than the greedy ones, from whatever part of the rows', async () => {
    for (const subset of [0, 5, 40]) {
      const features = rootStream(3).normals(40 * 4);
      const nearest = new Float64Array(40).fill(Number.POSITIVE_INFINITY);
      const kept = Float64Array.from(nearest);
      const options = { outliers: 0.04, subset };
      const found = await robustCentres(features, 4, nearest, 8, options, fresh());
      expect(nearest).toEqual(kept);
      expect(found.radius).toBeLessThanOrEqual(found.radiusGreedy);
      expect(new Set(found.rows).size).toBe(8);
      expect(found).toEqual(await robustCentres(features, 4, nearest, 8, options, fresh()));
      if (subset === 40) expect(found.radius).toBeLessThan(0.95 * found.radiusGreedy);
    }
  });

  test('take the middles of heaps where the greedy ones take outliers', async () => {
    // Two heaps on a line around 0 and 10, and one row far off that may be left out.
    const line = Float32Array.of(-1, -0.5, 0, 0.5, 1, 9, 9.5, 10, 10.5, 11, 100);
    const nearest = new Float64Array(11).fill(Number.POSITIVE_INFINITY);
    const found = await robustCentres(line, 1, nearest, 2, { outliers: 0.1, subset: 11 }, fresh());
    expect(found.rows.map((row) => line[row]!).sort((a, b) => a - b)).toEqual([0, 10]);
    expect(found.radius).toBe(1);
    expect(found.radiusAfter).toBe(90);
  });

  test('take the farthest rows where the cover needs fewer, and all rows if told to', async () => {
    const equal = new Float32Array(10 * 2).fill(3);
    const nearest = new Float64Array(10).fill(Number.POSITIVE_INFINITY);
    const options = { outliers: 0, subset: 10 };
    const found = await robustCentres(equal, 2, nearest, 10, options, fresh());
    expect(new Set(found.rows).size).toBe(10);
    expect(found).toMatchObject({ radius: 0, radiusBefore: Number.POSITIVE_INFINITY, radiusAfter: 0 });
  });

  test('leave no tensor behind', async () => {
    const features = rootStream(1).normals(30 * 3);
    const nearest = new Float64Array(30).fill(9);
    const options = { outliers: 0.1, subset: 30 };
    await robustCentres(features, 3, nearest, 4, options, fresh());
    const before = tf.memory().numTensors;
    await robustCentres(features, 3, nearest, 4, options, fresh());
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a cover', () => {
  /** Centres by the rows that they cover. */
  const coverageOf = (rows: number, lists: readonly (readonly number[])[]) => {
    const coverage = new Coverage(rows, lists.length);
    lists.forEach((list, centre) => {
      for (const row of list) coverage.add(centre, row);
    });
    return coverage;
  };

  test('is found where the greedy choice fails', () => {
    // Greedy takes the four in the middle first and then needs both others.
    const lists = [
      [1, 2, 3, 4],
      [0, 1, 2],
      [3, 4, 5],
    ];
    expect(coverageOf(6, lists).choose(2, 0)?.sort()).toEqual([1, 2]);
    expect(coverageOf(6, lists).choose(1, 2)).toEqual([0]);
    expect(coverageOf(6, lists).choose(1, 1)).toBeUndefined();
    // Given up at once, the search finds nothing: the greedy choice is all there is.
    expect(coverageOf(6, lists).choose(2, 0, 0)).toBeUndefined();
  });

  test('may leave out a row that nothing covers, if it may leave out any', () => {
    const lists = [[0, 31, 32, 63], [64]];
    expect(coverageOf(66, lists).choose(2, 60)).toBeUndefined();
    expect(coverageOf(66, lists).choose(2, 61)).toHaveLength(2);
    expect(coverageOf(66, lists).choose(0, 66)).toEqual([]);
  });
});

test('a radius leaves out the farthest, and is 0 where all are centres', () => {
  expect(radiusOf(Float64Array.of(4, 9, 1, Number.NEGATIVE_INFINITY), 0)).toBe(3);
  expect(radiusOf(Float64Array.of(4, 9, 1, Number.NEGATIVE_INFINITY), 1)).toBe(2);
  expect(radiusOf(Float64Array.of(Number.NEGATIVE_INFINITY), 0)).toBe(0);
});
