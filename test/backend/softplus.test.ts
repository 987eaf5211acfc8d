import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { softplus } from '../../src/backend/softplus.ts';

const POINTS = [-120, -20, -3, -0.4, 0, 0.7, 5, 30, 120];
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const exact = {
  value: (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  first: sigmoid,
  second: (x: number) => sigmoid(x) * sigmoid(-x),
  third: (x: number) => sigmoid(x) * sigmoid(-x) * (1 - 2 * sigmoid(x)),
};

/** Native TensorFlow too, where this machine has it: it has an op of its own for the derivative. */
async function backends(): Promise<('cpu' | 'wasm' | 'tensorflow')[]> {
  const native = await selectBackend('tensorflow').then(
    () => ['tensorflow' as const],
    () => [],
  );
  return ['cpu', 'wasm', ...native];
}

test('softplus and its first three derivatives are the closed forms', async () => {
  for (const backend of await backends()) {
    await selectBackend(backend);
    const f = (x: tf.Tensor) => tf.sum(softplus(x));
    const first = tf.grad(f);
    const second = tf.grad((x) => tf.sum(first(x)));
    const third = tf.grad((x) => tf.sum(second(x)));
    const points = tf.tensor1d(POINTS);
    const got = {
      value: softplus(points),
      first: first(points),
      second: second(points),
      third: third(points),
    };
    for (const [name, tensor] of Object.entries(got)) {
      const values = await tensor.data();
      POINTS.forEach((x, i) => {
        const wanted = exact[name as keyof typeof exact](x);
        const error = Math.abs(values[i]! - wanted);
        expect(error, `${name} at ${x} on ${backend}`).toBeLessThan(2e-6 * Math.max(1, Math.abs(wanted)));
      });
    }
  }
});

test('the second derivative also reaches what the slope is multiplied by', async () => {
  // d/dw of d/dx softplus(x) w^2 is 2 w sigmoid(x).
  for (const backend of await backends()) {
    await selectBackend(backend);
    const slope = (x: tf.Tensor, w: tf.Tensor) =>
      tf.grad((p) => tf.sum(tf.mul(softplus(p), tf.square(w))))(x);
    const mixed = tf.grads((x, w) => tf.sum(slope(x!, w!)))([tf.tensor1d([0.3]), tf.tensor1d([1.5])]);
    expect((await mixed[1]!.data())[0], backend).toBeCloseTo(3 * sigmoid(0.3), 5);
  }
});

test('no tensor is left over', async () => {
  for (const backend of await backends()) {
    await selectBackend(backend);
    const x = tf.tensor1d([1, -2]);
    const before = tf.memory().numTensors;
    tf.dispose(tf.grad((p) => tf.sum(softplus(p)))(x));
    expect(tf.memory().numTensors, backend).toBe(before);
    x.dispose();
  }
});
