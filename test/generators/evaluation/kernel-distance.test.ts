import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { exactKernelDistance, kernelDistance } from '../../../generators/evaluation/kernel-distance.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { rootStream } from '../../../src/random.ts';
import fixture from '../../fixtures/evaluation/kernel-distance.json' with { type: 'json' };
import { normalRows, shuffled, waves, withValue } from './waves.ts';

beforeAll(async () => {
  await selectBackend('cpu');
});

const a = waves(0.3, 1, 0.2, 40, 8);
const b = waves(1.1, 1.4, -0.1, 25, 8);

test.each(fixture.cases)(
  'of $rowsOfA and $rowsOfB rows of $size features is that of loops in numpy',
  async ({ rowsOfA, rowsOfB, size, distance }) => {
    const first = waves(0.3, 1, 0.2, rowsOfA, size);
    const second = waves(1.1, 1.4, -0.1, rowsOfB, size);
    expect(Math.abs((await exactKernelDistance(first, second)) / distance - 1)).toBeLessThan(1e-5);
    expect(Math.abs((await exactKernelDistance(second, first)) / distance - 1)).toBeLessThan(1e-5);
  },
);

test('of two points repeated is the difference of their kernels', async () => {
  // k(x, y) = (x y + 1)^3 of one feature: k(1, 1) = 8, k(2, 2) = 125, k(1, 2) = 27.
  const ones = { values: Float32Array.of(1, 1, 1), n: 3, size: 1 };
  const twos = { values: Float32Array.of(2, 2), n: 2, size: 1 };
  expect(await exactKernelDistance(ones, twos)).toBeCloseTo(8 + 125 - 2 * 27, 10);
});

test('does not depend on the order of the rows', async () => {
  const stream = rootStream(2);
  const other = await exactKernelDistance(shuffled(a, stream), shuffled(b, stream));
  expect(other).toBeCloseTo(await exactKernelDistance(a, b), 5);
});

test('of samples of one distribution is 0 on average, which a biased estimate is not', async () => {
  const estimates: number[] = [];
  for (let seed = 1; seed <= 60; seed++) {
    const stream = rootStream(seed);
    estimates.push(
      await exactKernelDistance(normalRows(stream.of('a'), 20, 4), normalRows(stream.of('b'), 20, 4)),
    );
  }
  const mean = estimates.reduce((sum, value) => sum + value, 0) / estimates.length;
  const deviation = Math.sqrt(
    estimates.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (estimates.length - 1),
  );
  expect(Math.abs(mean)).toBeLessThan((3 * deviation) / Math.sqrt(estimates.length));
  expect(estimates.some((value) => value < 0)).toBe(true);
});

test('over subsets comes within its standard error of that of the whole sets', async () => {
  const whole = await exactKernelDistance(a, b);
  const { distance, standardError } = await kernelDistance(a, b, rootStream(5), {
    subsets: 200,
    subsetSize: 12,
  });
  expect(standardError).toBeGreaterThan(0);
  expect(Math.abs(distance - whole)).toBeLessThan(3.5 * standardError);
  const coarser = await kernelDistance(a, b, rootStream(5), { subsets: 20, subsetSize: 12 });
  expect(coarser.standardError / standardError).toBeGreaterThan(2);
  expect(coarser.standardError / standardError).toBeLessThan(5);
});

test('draws its subsets from all rows of both sets', async () => {
  // The first half of `rows` is like `b`, the second is not.
  const near = waves(1.1, 1.4, -0.1, 20, 8);
  const far = waves(0.3, 1, 2, 20, 8);
  const rows = { values: Float32Array.of(...near.values, ...far.values), n: 40, size: 8 };
  const whole = await exactKernelDistance(rows, b);
  const options = { subsets: 100, subsetSize: 12 };
  for (const found of [
    await kernelDistance(rows, b, rootStream(5), options),
    await kernelDistance(b, rows, rootStream(5), options),
  ]) {
    expect(Math.abs(found.distance - whole)).toBeLessThan(3.5 * found.standardError);
  }
});

test('over subsets as large as the sets is that of the whole sets', async () => {
  const rows = { ...a, values: a.values.slice(0, 25 * 8), n: 25 };
  const { distance, standardError } = await kernelDistance(rows, b, rootStream(5), {
    subsets: 3,
    subsetSize: 25,
  });
  expect(distance).toBeCloseTo(await exactKernelDistance(rows, b), 5);
  expect(standardError).toBeLessThan(1e-5);
});

test('of the same stream is the same number', async () => {
  const options = { subsets: 4, subsetSize: 10 };
  const once = await kernelDistance(a, b, rootStream(7), options);
  expect(await kernelDistance(a, b, rootStream(7), options)).toEqual(once);
  expect(await kernelDistance(a, b, rootStream(8), options)).not.toEqual(once);
});

test('leaves no tensors', async () => {
  const before = tf.memory().numTensors;
  await kernelDistance(a, b, rootStream(7), { subsets: 2, subsetSize: 10 });
  expect(tf.memory().numTensors).toBe(before);
});

test('names what is wrong', async () => {
  const stream = rootStream(1);
  await expect(kernelDistance(a, b, stream)).rejects.toThrow(
    'kernelDistance.a: expected at least 1000 rows, got 40',
  );
  await expect(kernelDistance(a, b, stream, { subsets: 1 })).rejects.toThrow(
    'kernelDistance.subsets: expected an integer of at least 2, got 1',
  );
  await expect(exactKernelDistance(a, { ...b, n: 0, values: new Float32Array() })).rejects.toThrow(
    'exactKernelDistance.b: expected at least 2 rows, got 0',
  );
  await expect(exactKernelDistance(a, waves(1, 1, 0, 9, 7))).rejects.toThrow(
    'exactKernelDistance.b: expected 8 features a row, got 7',
  );
  await expect(exactKernelDistance(a, withValue(b, 24, Number.POSITIVE_INFINITY))).rejects.toThrow(
    'exactKernelDistance.b: expected finite features, got Infinity in row 24',
  );
});
