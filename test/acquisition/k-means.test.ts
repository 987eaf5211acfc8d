import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { kMeans, ownDistances } from '../../src/acquisition/k-means.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';

const reference = JSON.parse(
  readFileSync(new URL('../fixtures/active-learning/k-means.json', import.meta.url), 'utf8'),
) as {
  size: number;
  clusters: number;
  rows: number[];
  weights: number[];
  centres: number[];
  assigned: number[];
};

beforeAll(() => selectBackend('cpu'));

describe('k-means', () => {
  test('ends at the weighted centres of scikit-learn, from the same start', async () => {
    const { size, clusters } = reference;
    const values = Float32Array.from(reference.rows);
    const weights = Float64Array.from(reference.weights);
    const start = Float64Array.from(reference.rows.slice(0, clusters * size));
    const found = await kMeans({ values, size, weights }, clusters, rootStream(1), { start });
    expect(found.converged).toBe(true);
    expect([...found.assigned]).toEqual(reference.assigned);
    reference.centres.forEach((value, at) => {
      expect(Math.abs(found.centres[at]! - value)).toBeLessThan(1e-6);
    });
  });

  test('finds heaps that lie far apart, wherever they lie', async () => {
    for (const shift of [0, 1e4]) {
      const noise = rootStream(2);
      const values = Float32Array.from({ length: 60 }, (_, row) => shift + 50 * (row % 3) + noise.normal());
      for (let seed = 1; seed <= 10; seed++) {
        const { assigned, centres } = await kMeans({ values, size: 1 }, 3, rootStream(seed));
        expect([...assigned]).toEqual([...assigned].map((_, row) => assigned[row % 3]));
        const sorted = [...centres].sort((a, b) => a - b);
        for (const [at, heap] of [0, 50, 100].entries()) {
          expect(Math.abs(sorted[at]! - shift - heap)).toBeLessThan(1);
        }
      }
    }
  });

  test('puts every row to its nearest centre, more than one block of them', async () => {
    const values = rootStream(3).normals(2500 * 2);
    const found = await kMeans({ values, size: 2 }, 5, rootStream(1));
    expect(found.converged).toBe(true);
    let worst = 0;
    const own = ownDistances({ values, size: 2 }, found);
    for (let row = 0; row < 2500; row++) {
      for (let cluster = 0; cluster < 5; cluster++) {
        const squared =
          (values[2 * row]! - found.centres[2 * cluster]!) ** 2 +
          (values[2 * row + 1]! - found.centres[2 * cluster + 1]!) ** 2;
        worst = Math.max(worst, own[row]! - squared);
      }
    }
    expect(worst).toBeLessThan(1e-5);
  });

  test('starts a cluster anew that lost its rows', async () => {
    const values = Float32Array.of(0, 0.1, 10, 10.1, 20, 20.1);
    const start = Float64Array.of(5, 500, 600); // nobody is near the last two
    const { assigned } = await kMeans({ values, size: 1 }, 3, rootStream(1), { start });
    expect([assigned[0], assigned[2], assigned[4]]).toEqual([assigned[1], assigned[3], assigned[5]]);
    expect(new Set(assigned).size).toBe(3);
  });

  test('leaves clusters empty where rows repeat', async () => {
    const values = new Float32Array(10).fill(3);
    const { assigned, converged } = await kMeans({ values, size: 1 }, 4, rootStream(1));
    expect(new Set(assigned).size).toBe(1);
    expect(converged).toBe(true);
  });

  test('starts where the weight is', async () => {
    const values = Float32Array.from({ length: 40 }, (_, row) => row);
    const weights = Float64Array.from(values, (row) => (row === 33 ? 1 : 1e-9));
    const { centres } = await kMeans({ values, size: 1, weights }, 1, rootStream(4), { iterations: 1 });
    expect(centres[0]).toBeCloseTo(33, 3);
  });

  test('leaves no tensor behind, and refuses more clusters than rows', async () => {
    const before = tf.memory().numTensors;
    await kMeans({ values: rootStream(3).normals(60), size: 3 }, 5, rootStream(1));
    expect(tf.memory().numTensors).toBe(before);
    await expect(kMeans({ values: new Float32Array(6), size: 3 }, 3, rootStream(1))).rejects.toThrow(
      new RangeError('kMeans.k: expected at most 2, got 3'),
    );
  });
});
