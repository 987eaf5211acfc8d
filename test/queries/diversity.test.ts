import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { closeness } from '../../src/queries/diversity.ts';
import { rootStream } from '../../src/random.ts';
import { numericGradient } from './toys.ts';

beforeAll(async () => {
  await selectBackend('cpu');
});

const randomImages = (batches: number, n: number, size: number, scale = 0.1) =>
  tf.tensor3d(
    rootStream(2)
      .of('images')
      .normals(batches * n * size)
      .map((value) => value * scale),
    [batches, n, size],
  );

/** The formula, pair by pair, in double precision. */
function directly(images: readonly number[][], temperature = 0.05): number {
  const n = images.length;
  const terms = images.map((image, i) => {
    const weights = images.flatMap((other, j) => {
      if (i === j) return [];
      const squares = image.reduce((sum, value, pixel) => sum + (value - other[pixel]!) ** 2, 0);
      return [Math.exp(-Math.sqrt(squares / image.length) / temperature)];
    });
    return temperature * Math.log(weights.reduce((sum, weight) => sum + weight, 0) / (n - 1));
  });
  return terms.reduce((sum, term) => sum + term, 0) / n;
}

test('equals its formula, and batches do not see each other', async () => {
  const images = randomImages(3, 5, 12);
  const rows = (await images.array()) as number[][][];
  const values = await closeness(images).data();
  rows.forEach((batch, b) => {
    expect(values[b]).toBeCloseTo(directly(batch), 4);
  });
});

test('is minus the distance of two images, and of any number equally far apart', async () => {
  const two = tf.tensor3d([
    [
      [1, 1, 1, 1],
      [-1, -1, -1, -1],
    ],
  ]);
  expect((await closeness(two).data())[0]).toBeCloseTo(-2, 5);
  // Unit vectors in four dimensions differ in two of four pixels by 1.
  const corners = tf.reshape(tf.eye(4), [1, 4, 4]) as tf.Tensor3D;
  expect((await closeness(corners).data())[0]).toBeCloseTo(-Math.sqrt(0.5), 5);
});

test('is 0 for duplicates and for a single image', async () => {
  expect(Math.abs((await closeness(tf.ones([1, 3, 6])).data())[0]!)).toBeLessThan(2e-3);
  expect([...(await closeness(tf.ones([2, 1, 6])).data())]).toEqual([0, 0]);
});

test('does not depend on the order of the images', async () => {
  const images = randomImages(1, 6, 8);
  const [there] = await closeness(images).data();
  const [back] = await closeness(tf.reverse(images, 1)).data();
  expect(back).toBeCloseTo(there!, 5);
});

test('its gradient agrees with finite differences', async () => {
  const images = randomImages(2, 4, 5, 0.3);
  const exact = await tf
    .grad((x) => closeness(x as tf.Tensor3D))(images)
    .data();
  const numeric = await numericGradient((x) => closeness(x as tf.Tensor3D), images, 3e-3);
  const size = Math.max(...numeric.map(Math.abs));
  expect(size).toBeGreaterThan(0.01);
  numeric.forEach((value, i) => {
    expect(Math.abs(exact[i]! - value)).toBeLessThan(0.02 * size);
  });
});

test('its gradient is finite for duplicates', async () => {
  const gradient = await tf
    .grad((x) => closeness(x as tf.Tensor3D))(tf.ones([1, 3, 4]))
    .data();
  for (const value of gradient) expect(Number.isFinite(value)).toBe(true);
});

test('leaves no tensor behind but its result', () => {
  const images = randomImages(2, 3, 4);
  const before = tf.memory().numTensors;
  closeness(images).dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('names the argument in its error', () => {
  expect(() => closeness(tf.zeros([2, 3]) as unknown as tf.Tensor3D)).toThrow(
    'closeness.images: expected shape [*, *, *], got [2, 3]',
  );
});
