import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { greedyCentresBeside } from '../../src/acquisition/greedy-centres.ts';
import { bringNearer, nearestBounds, nearestSquared } from '../../src/acquisition/nearest-centre.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';

beforeAll(() => selectBackend('wasm'));

/** Of 3,000 rows a third is watched at first, and as radii shrink more are, all, and a third again. */
const ROWS = 3000;
const SIZE = 2;

const CASES: Readonly<Record<string, (value: number, at: number) => number>> = {
  'drawn rows': (value) => value,
  'rows of few values, of which many are equally far': (value) => Math.round(2 * value),
  'rows far from 0, of which float32 products say little': (value) => 1e4 + 1e-2 * value,
  'rows of nine heaps': (value, at) => {
    const row = Math.floor(at / SIZE);
    return 5 * (at % SIZE === 0 ? row % 3 : Math.floor(row / 3) % 3) + 1e-3 * value;
  },
  'rows whose products overflow': (value) => 1e25 * value,
};

/** The definition in float64: distances of all rows after every pick. */
function bruteForce(features: Float32Array, nearest: Float64Array, count: number, order: number[]) {
  const squared: number[] = [];
  const rows = Array.from({ length: count }, () => {
    let best = 0;
    nearest.forEach((each, row) => {
      const most = nearest[best]!;
      if (each > most || (each === most && order[row]! < order[best]!)) best = row;
    });
    squared.push(nearest[best]!);
    nearest[best] = Number.NEGATIVE_INFINITY;
    bringNearer(features, SIZE, nearest, best);
    return best;
  });
  return { rows, distances: squared.map(Math.sqrt), radiusAfter: Math.sqrt(Math.max(...nearest)) };
}

describe.each(Object.entries(CASES))('of %s', (_, change) => {
  const features = rootStream(1)
    .normals(ROWS * SIZE)
    .map(change);

  test.each([0, 3, 300])('beside %d centres the farthest are those of brute force, to the bit', async (n) => {
    const centres = rootStream(2)
      .normals(n * SIZE)
      .map(change);
    const nearest = await nearestSquared(features, centres, SIZE);
    const found = await greedyCentresBeside(features, centres, SIZE, 150, rootStream(3));
    expect(found).toMatchObject(bruteForce(features, nearest, 150, rootStream(3).permutation(ROWS)));
  });

  test('no row is farther from the nearest centre than its bound', async () => {
    const centres = rootStream(2)
      .normals(100 * SIZE)
      .map(change);
    const bounds = await nearestBounds(features, centres, SIZE);
    const nearest = await nearestSquared(features, centres, SIZE);
    expect(bounds.every((bound, row) => bound >= nearest[row]!)).toBe(true);
  });
});

test('bounds are near to the distances where float32 products are', async () => {
  const [features, centres] = [rootStream(1).normals(200 * SIZE), rootStream(2).normals(9 * SIZE)];
  const bounds = await nearestBounds(features, centres, SIZE);
  const nearest = await nearestSquared(features, centres, SIZE);
  expect(Math.max(...bounds.map((bound, row) => bound - nearest[row]!))).toBeLessThan(1e-3);
  expect(await nearestBounds(features, new Float32Array(0), SIZE)).toEqual(
    new Float64Array(200).fill(Number.POSITIVE_INFINITY),
  );
});

test('no tensor is left behind', async () => {
  const features = rootStream(1).normals(ROWS * SIZE);
  const pick = () => greedyCentresBeside(features, features.subarray(0, 20), SIZE, 100, rootStream(3));
  await pick();
  const before = tf.memory().numTensors;
  await pick();
  expect(tf.memory().numTensors).toBe(before);
});
