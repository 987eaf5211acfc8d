import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { medianDistance, type Rows } from '../../vaal/kernels.ts';
import { densities, greedyCombination, toUnitRange } from '../../vaal/latent-combination.ts';

beforeAll(() => selectBackend('cpu'));

const SIZE = 4;
const rows = (name: string, n: number): Rows => ({
  values: rootStream(6)
    .of(name)
    .normals(n * SIZE),
  size: SIZE,
});
const points = ({ values }: Rows) =>
  Array.from({ length: values.length / SIZE }, (_, row) => [
    ...values.subarray(row * SIZE, (row + 1) * SIZE),
  ]);
const distance = (a: number[], b: number[]) => Math.hypot(...a.map((value, axis) => value - b[axis]!));

const pool = rows('pool', 20);
const labelled = points(rows('labelled', 3));
const fixed = Float64Array.from(rootStream(6).of('fixed').uniforms(20));
const nearest = () =>
  Float64Array.from(points(pool), (point) =>
    Math.min(...labelled.map((centre) => distance(point, centre) ** 2)),
  );

test('densities are mean Gaussian kernels of the distances to the references', async () => {
  const references = rows('references', 6);
  const before = tf.memory().numTensors;
  const found = await densities(pool, references);
  expect(tf.memory().numTensors).toBe(before);
  const width = medianDistance(references);
  points(pool).forEach((point, row) => {
    const kernels = points(references).map((other) =>
      Math.exp(-(distance(point, other) ** 2) / (2 * width ** 2)),
    );
    expect(found[row]).toBeCloseTo(kernels.reduce((sum, value) => sum + value, 0) / 6, 5);
  });
});

test.each([0, 0.3, 2])('a batch with diversity weighed %s is that of brute force', (weight) => {
  const taken: number[] = [];
  const largest = Math.sqrt(Math.max(...nearest()));
  while (taken.length < 8) {
    const centres = [...labelled, ...taken.map((row) => points(pool)[row]!)];
    const scores = points(pool).map((point, row) => {
      const least = Math.min(...centres.map((centre) => distance(point, centre)));
      return taken.includes(row) ? Number.NEGATIVE_INFINITY : fixed[row]! + (weight * least) / largest;
    });
    taken.push(scores.indexOf(Math.max(...scores)));
  }
  const tieBreak = rootStream(1).permutation(20);
  expect(greedyCombination(pool, fixed, { nearest: nearest(), weight }, 8, tieBreak)).toEqual(taken);
});

test('equal scores are taken by the random order, every row once, and no more than there are', () => {
  const alike = { values: new Float32Array(5), size: 1 };
  const weighed = () => ({ nearest: new Float64Array(5), weight: 1 });
  const taken = greedyCombination(alike, new Float64Array(5), weighed(), 5, [3, 0, 4, 1, 2]);
  expect(taken).toEqual([1, 3, 4, 0, 2]);
  expect(() => greedyCombination(alike, new Float64Array(5), weighed(), 6, [])).toThrow(
    'greedyCombination.count: expected at most 5, got 6',
  );
});

test('values are brought to [0, 1], equal ones to 0', () => {
  expect([...toUnitRange([3, 1, 2])]).toEqual([1, 0, 0.5]);
  expect([...toUnitRange([2, 2])]).toEqual([0, 0]);
});
