import * as tf from '@tensorflow/tfjs';
import { afterAll, expect, test } from 'vitest';
import { leakyRelu } from '../../generators/layers.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { leakyReluGradient } from '../../src/backend/leaky-relu-gradient.ts';
import { isNative } from '../../src/backend/native-op.ts';

const native = await selectBackend('tensorflow').then(
  () => true,
  () => false,
);

afterAll(async () => {
  await selectBackend('cpu');
});

test('the other engines go without it', async () => {
  await selectBackend('cpu');
  expect(isNative()).toBe(false);
});

test.skipIf(!native)(
  'native TensorFlow: the slope at 0 is that of below, and it is linear in dy',
  async () => {
    await selectBackend('tensorflow');
    expect(isNative()).toBe(true);
    const [x, dy] = [tf.tensor1d([-2, 0, 3]), tf.tensor1d([5, 10, -1])];
    expect([...(await leakyReluGradient(dy, x, 0.2).data())]).toEqual([1, 2, -1]);
    const back = tf.grad((gradient) => leakyReluGradient(gradient, x, 0.2))(dy, tf.tensor1d([10, 5, 2]));
    expect([...(await back.data())]).toEqual([2, 1, 2]);
  },
);

test.skipIf(!native)('native TensorFlow: leaky ReLU differentiates twice as on the cpu backend', async () => {
  const results: number[][] = [];
  for (const backend of ['cpu', 'tensorflow'] as const) {
    await selectBackend(backend);
    const inputs = tf.tensor1d([-2, -0.5, 0, 1, 3]);
    const before = tf.memory().numTensors;
    const second = tf.grad((x) => tf.sum(tf.square(tf.grad((y) => tf.sum(tf.square(leakyRelu(y))))(x))))(
      inputs,
    );
    expect(tf.memory().numTensors).toBe(before + 1);
    results.push([...(await second.data())]);
  }
  expect(results[1]!.some((value) => value !== 0)).toBe(true);
  results[1]!.forEach((value, i) => {
    expect(value).toBeCloseTo(results[0]![i]!, 5);
  });
});
