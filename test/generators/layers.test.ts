import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import {
  binaryCrossEntropy,
  constantVariable,
  conv2dDouble,
  conv2dHalf,
  leakyRelu,
  normalValues,
} from '../../generators/layers.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';

beforeAll(async () => {
  await selectBackend('cpu');
});

const numbers = async (tensor: tf.Tensor) => [...(await tensor.data())];

test('cross-entropy is ln 2 without opinion, the logit when sure and wrong, and 0 when sure and right', async () => {
  const loss = async (logit: number, target: number) =>
    (await numbers(binaryCrossEntropy(tf.tensor1d([logit]), target)))[0];
  expect(await loss(0, 1)).toBeCloseTo(Math.LN2, 6);
  expect(await loss(0, 0.1)).toBeCloseTo(Math.LN2, 6);
  expect(await loss(80, 0)).toBeCloseTo(80, 4);
  expect(await loss(-80, 1)).toBeCloseTo(80, 4);
  expect(await loss(80, 1)).toBeCloseTo(0, 4);
  // Smoothed: -0.9 log p - 0.1 log(1 - p) at p = sigmoid(2).
  const p = 1 / (1 + Math.exp(-2));
  expect(await loss(2, 0.9)).toBeCloseTo(-0.9 * Math.log(p) - 0.1 * Math.log(1 - p), 5);
});

test('cross-entropy is a mean over the batch, with gradient (sigmoid - target) / n', async () => {
  const logits = [-3, 0, 2, 90];
  const gradient = await numbers(
    tf.grad((values) => binaryCrossEntropy(values as tf.Tensor1D, 0.9))(tf.tensor1d(logits)),
  );
  logits.forEach((logit, i) => {
    expect(gradient[i]).toBeCloseTo((1 / (1 + Math.exp(-logit)) - 0.9) / 4, 6);
  });
});

test.each(['cpu', 'wasm'] as const)(
  'doubling is the adjoint of halving: <half(x), y> = <x, double(y)>, on %s',
  async (backend) => {
    await selectBackend(backend);
    const stream = rootStream(5);
    const images = tf.tensor4d(stream.normals(2 * 4 * 6 * 3), [2, 4, 6, 3]);
    const maps = tf.tensor4d(stream.normals(2 * 2 * 3 * 5), [2, 2, 3, 5]);
    const filters = tf.tensor4d(stream.normals(25 * 3 * 5), [5, 5, 3, 5]);
    const half = conv2dHalf(images, filters);
    const double = conv2dDouble(maps, filters);
    expect(half.shape).toEqual([2, 2, 3, 5]);
    expect(double.shape).toEqual([2, 4, 6, 3]);
    const [left] = await numbers(tf.sum(tf.mul(half, maps)));
    const [right] = await numbers(tf.sum(tf.mul(images, double)));
    expect(Math.abs(left!)).toBeGreaterThan(1);
    expect(left! / right!).toBeCloseTo(1, 5);
    await selectBackend('cpu');
  },
);

test('leaky ReLU: values, gradient, and a second derivative that tf.leakyRelu lacks', async () => {
  const inputs = tf.tensor1d([-2, -0.5, 0, 1, 3]);
  expect(await numbers(leakyRelu(inputs))).toEqual([...Float32Array.of(-0.4, -0.1, 0, 1, 3)]);
  const slopes = [...Float32Array.of(0.2, 0.2, 0.2, 1, 1)];
  expect(await numbers(tf.grad((x) => tf.sum(leakyRelu(x)))(inputs))).toEqual(slopes);
  // d/dx sum(grad^2) with f = lrelu(x)^2 / 2, grad = slope^2 x: second derivative 2 slope^4 x.
  const second = tf.grad((x) =>
    tf.sum(tf.square(tf.grad((y) => tf.mul(tf.sum(tf.square(leakyRelu(y))), 0.5))(x))),
  )(inputs);
  const wanted = [-2, -0.5, 0, 1, 3].map((x, i) => 2 * slopes[i]! ** 4 * x);
  (await numbers(second)).forEach((value, i) => {
    expect(value).toBeCloseTo(wanted[i]!, 6);
  });
});

test('normal values have the mean and deviation asked for, and repeat', () => {
  const values = normalValues(rootStream(1).of('w'), 10_000, { mean: 1, deviation: 0.02 });
  const mean = values.reduce((sum, value) => sum + value, 0) / 10_000;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 10_000);
  expect(Math.abs(mean - 1)).toBeLessThan(5 * 0.0002);
  expect(Math.abs(deviation / 0.02 - 1)).toBeLessThan(0.04);
  expect(normalValues(rootStream(1).of('w'), 10_000, { mean: 1 })).toEqual(values);
  expect(constantVariable([2], 1, false).trainable).toBe(false);
});
