import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { Adam, type AdamOptions } from '../../src/backend/adam.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { presentBackends } from './present.ts';

const stream = rootStream(5).of('adam');
const START = stream.normals(6);
const GRADIENTS = Array.from({ length: 7 }, () => stream.normals(6));

let made = 0;
const variable = (values: Float32Array = START) =>
  tf.variable(tf.tensor2d(values.slice(), [2, 3]), true, `adam-test/${made++}`);

function step(adam: Adam, weights: tf.Variable, gradient: Float32Array): void {
  tf.tidy(() => adam.apply({ [weights.name]: tf.tensor2d(gradient, [2, 3]) }));
}

/** Algorithm 1 of the paper, line by line in double precision. */
function reference(options: Required<AdamOptions>): number[] {
  const { learningRate, beta1, beta2, epsilon } = options;
  return [...START].map((start, i) => {
    let [weight, m, v] = [start, 0, 0];
    GRADIENTS.forEach((gradient, index) => {
      const [g, t] = [gradient[i]!, index + 1];
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      const mHat = m / (1 - beta1 ** t);
      const vHat = v / (1 - beta2 ** t);
      weight -= (learningRate * mHat) / (Math.sqrt(vHat) + epsilon);
    });
    return weight;
  });
}

describe.each(['cpu', ...presentBackends] as const)('Adam on %s', (backend) => {
  beforeAll(() => selectBackend(backend));

  test.each([
    { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    { learningRate: 0.1, beta1: 0.5, beta2: 0.9, epsilon: 0.01 },
    { learningRate: 0.05, beta1: 0, beta2: 0, epsilon: 1 },
  ])('follows Algorithm 1: %j', async (options) => {
    const weights = variable();
    const adam = new Adam([weights], options);
    for (const gradient of GRADIENTS) step(adam, weights, gradient);
    const [actual, expected] = [await weights.data(), reference(options)];
    expected.forEach((value, i) => {
      expect(Math.abs(actual[i]! - value)).toBeLessThan(1e-6);
    });
    expect(adam.step).toBe(GRADIENTS.length);
    adam.dispose();
    weights.dispose();
  });

  test('agrees with tf.train.adam', async () => {
    const [ours, theirs] = [variable(), variable()];
    const adam = new Adam([ours], { learningRate: 0.01, epsilon: 1e-7 });
    const other = tf.train.adam(0.01, 0.9, 0.999, 1e-7);
    for (const gradient of GRADIENTS) {
      step(adam, ours, gradient);
      tf.tidy(() => other.applyGradients([{ name: theirs.name, tensor: tf.tensor2d(gradient, [2, 3]) }]));
    }
    const [a, b] = [await ours.data(), await theirs.data()];
    for (let i = 0; i < a.length; i++) expect(Math.abs(a[i]! - b[i]!)).toBeLessThan(1e-6);
    other.dispose();
    adam.dispose();
    tf.dispose([ours, theirs]);
  });

  test('goes on to the bit from a state that went through JSON', async () => {
    const uninterrupted = variable();
    const adam = new Adam({ weights: uninterrupted }, { learningRate: 0.01 });
    for (const gradient of GRADIENTS.slice(0, 3)) step(adam, uninterrupted, gradient);

    const { step: steps, moments } = await adam.state();
    const saved = await uninterrupted.data<'float32'>();
    expect(Object.keys(moments)).toEqual(['weights/m', 'weights/v']);
    const copied = Object.entries(moments).map(([name, values]) => [
      name,
      Float32Array.from(JSON.parse(JSON.stringify([...values]))),
    ]);

    const resumed = variable(saved.slice());
    const again = new Adam({ weights: resumed }, { learningRate: 0.01 });
    again.restore({ step: steps, moments: Object.fromEntries(copied) });
    for (const gradient of GRADIENTS.slice(3)) {
      step(adam, uninterrupted, gradient);
      step(again, resumed, gradient);
    }
    expect(new Uint8Array((await resumed.data()).slice().buffer)).toEqual(
      new Uint8Array((await uninterrupted.data()).slice().buffer),
    );
    // The state handed out earlier is a copy that later steps leave alone.
    expect(moments['weights/m']![0]).toBe(copied[0]![1]![0]);
    adam.dispose();
    again.dispose();
    tf.dispose([uninterrupted, resumed]);
  });

  test('makes and frees two tensors a variable, or three handles of native TensorFlow', () => {
    const weights = variable();
    const before = tf.memory().numTensors;
    const adam = new Adam([weights]);
    const made = backend === 'tensorflow' ? 3 : 2;
    expect(tf.memory().numTensors).toBe(before + made);
    for (const gradient of GRADIENTS) step(adam, weights, gradient);
    expect(tf.memory().numTensors).toBe(before + made);
    adam.dispose();
    expect(tf.memory().numTensors).toBe(before);
    weights.dispose();
  });
});

test('takes a change of its learning rate from the next step on', async () => {
  const weights = variable();
  const adam = new Adam([weights], { learningRate: 0.1 });
  adam.learningRate = 0;
  step(adam, weights, GRADIENTS[0]!);
  expect([...(await weights.data())]).toEqual([...START]);
  adam.dispose();
  weights.dispose();
});

test('names the argument in its errors, and changes nothing then', async () => {
  const weights = variable();
  const adam = new Adam({ weights });
  expect(() => new Adam([])).toThrow('Adam.variables: expected at least one variable, each once, got []');
  expect(() => new Adam({ a: weights, b: weights })).toThrow('each once, got [a, b]');
  expect(() => new Adam([weights], { beta1: 1 })).toThrow('Adam.beta1: expected a number in [0, 1), got 1');
  expect(() => new Adam([weights], { learningRate: Number.NaN })).toThrow(
    'Adam.learningRate: expected a finite number of at least 0, got NaN',
  );
  expect(() => adam.apply({})).toThrow(`Adam.apply.gradients: expected [2, 3] for ${weights.name}, got none`);
  const wrong = tf.zeros([3]);
  expect(() => adam.apply({ [weights.name]: wrong })).toThrow('got [3]');
  const { moments } = await adam.state();
  expect(() => adam.restore({ step: -1, moments })).toThrow(
    'Adam.restore.state.step: expected an integer of at least 0, got -1',
  );
  expect(() => adam.restore({ step: 1, moments: { 'weights/m': moments['weights/m']! } })).toThrow(
    'Adam.restore.state: expected 6 values of weights/v, got none',
  );
  expect(() => adam.restore({ step: 1, moments: { ...moments, other: new Float32Array(6) } })).toThrow(
    "Adam.restore.state: expected moments of the optimiser's variables, got other",
  );
  expect(adam.step).toBe(0);
  adam.dispose();
  tf.dispose([weights, wrong]);
});
