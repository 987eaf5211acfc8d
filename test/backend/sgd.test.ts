import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { Sgd } from '../../src/backend/sgd.ts';

beforeAll(() => selectBackend('cpu'));

/** Weights after steps along the gradients. */
async function after(gradients: readonly number[], options: ConstructorParameters<typeof Sgd>[1]) {
  const weight = tf.variable(tf.tensor1d([1]));
  const sgd = new Sgd({ weight }, options);
  const seen: number[] = [];
  for (const gradient of gradients) {
    tf.tidy(() => sgd.apply({ [weight.name]: tf.tensor1d([gradient]) }));
    seen.push((await weight.data())[0] as number);
  }
  sgd.dispose();
  weight.dispose();
  return seen;
}

test('steps follow the gradient, the velocity, or the velocity ahead', async () => {
  const near = (got: number[], wanted: number[]) =>
    got.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i]!, 6);
    });
  near(await after([2, 3], { learningRate: 0.1 }), [0.8, 0.5]);
  // Velocities 2, 4; ahead: 2 + 0.5 2 = 3 and 3 + 0.5 4 = 5.
  near(await after([2, 3], { learningRate: 0.1, momentum: 0.5 }), [0.8, 0.4]);
  near(await after([2, 3], { learningRate: 0.1, momentum: 0.5, nesterov: true }), [0.7, 0.2]);
});

test('a new step size counts at once, and leaves the velocity as it is', async () => {
  const weight = tf.variable(tf.tensor1d([0]));
  const sgd = new Sgd({ weight }, { learningRate: 1, momentum: 0.5 });
  const gradient = tf.tensor1d([1]);
  sgd.apply({ [weight.name]: gradient });
  sgd.learningRate = 0.1;
  sgd.apply({ [weight.name]: gradient });
  expect((await weight.data())[0]).toBeCloseTo(-1 - 0.1 * 1.5, 6);
  sgd.dispose();
  tf.dispose([weight, gradient]);
});

test('leaves one tensor a variable while it lives, and none afterwards', () => {
  const before = tf.memory().numTensors;
  const weight = tf.tidy(() => tf.variable(tf.zeros([2])));
  const sgd = new Sgd({ weight }, { learningRate: 1, momentum: 0.9 });
  const gradient = tf.ones([2]);
  sgd.apply({ [weight.name]: gradient });
  expect(tf.memory().numTensors).toBe(before + 3);
  gradient.dispose();
  sgd.dispose();
  weight.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('refuses what cannot be: a missing gradient, a momentum of 1, a step size that is no number', () => {
  const weight = tf.variable(tf.zeros([1]));
  const sgd = new Sgd({ weight }, { learningRate: 1 });
  expect(() => sgd.apply({})).toThrow(`Sgd.apply.gradients: expected one for ${weight.name}, got none`);
  expect(() => new Sgd({ weight }, { learningRate: 1, momentum: 1 })).toThrow(
    'Sgd.momentum: expected a number in [0, 1), got 1',
  );
  expect(() => new Sgd({ weight }, { learningRate: Number.NaN })).toThrow(
    'Sgd.learningRate: expected a finite',
  );
  sgd.dispose();
  weight.dispose();
});
