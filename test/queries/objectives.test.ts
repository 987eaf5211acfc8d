import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import {
  boundaryDistance,
  descended,
  negativeEntropy,
  OBJECTIVES,
  objectiveMinimum,
  objectiveOf,
} from '../../src/queries/objectives.ts';
import { numericGradient } from './toys.ts';

beforeAll(async () => {
  await selectBackend('cpu');
});

const BINARY = [
  [-1.5, 1.5],
  [0.25, -0.25],
  [2, 2],
  [-7, -4],
];
const MANY = [
  [1, 4, 2.5, -3],
  [-1, -2, -3, -1.5],
  [0, 0.7, 0.2, 0.4],
];

describe('boundaryDistance', () => {
  test('of two classes is the absolute difference of their scores', async () => {
    const distances = tf.tidy(() => boundaryDistance(tf.tensor2d(BINARY)));
    expect([...(await distances.data())]).toEqual([3, 0.5, 0, 3]);
  });

  test('of more classes is the lead of the best over the second, wherever they stand', async () => {
    const distances = await tf.tidy(() => boundaryDistance(tf.tensor2d(MANY))).data();
    [1.5, 0.5, 0.3].forEach((lead, row) => {
      expect(distances[row]).toBeCloseTo(lead, 6);
    });
  });

  test('is zero for tied leaders, and its gradient then that of one side', async () => {
    const scores = tf.tensor2d([[1, 3, 3]]);
    expect((await boundaryDistance(scores).data())[0]).toBe(0);
    const gradient = await tf
      .grad((x) => boundaryDistance(x as tf.Tensor2D))(scores)
      .data();
    expect([...gradient].map(Math.abs)).toEqual([0, 1, 1]);
    expect(gradient[1]! + gradient[2]!).toBe(0);
  });
});

describe('negativeEntropy', () => {
  test('has its closed forms', async () => {
    const p = 0.2;
    const scores = tf.tensor2d([
      [3, 3, 3],
      [Math.log(p), Math.log(1 - p), -200],
      [1000, 0, -1000],
    ]);
    const [uniform, two, sure] = await negativeEntropy(scores).data();
    expect(uniform).toBeCloseTo(-Math.log(3), 6);
    expect(two).toBeCloseTo(p * Math.log(p) + (1 - p) * Math.log(1 - p), 6);
    expect(Math.abs(sure!)).toBe(0);
  });

  test('stays within [-ln classes, 0]', async () => {
    const values = await negativeEntropy(tf.tensor2d(MANY)).data();
    for (const value of values) {
      expect(value).toBeGreaterThan(-Math.log(4));
      expect(value).toBeLessThan(0);
    }
  });
});

test.each(OBJECTIVES)('the gradients of %s agree with finite differences', async (name) => {
  for (const rows of [[BINARY[0]!, BINARY[1]!, BINARY[3]!], MANY]) {
    const scores = tf.tensor2d(rows);
    for (const f of [objectiveOf, descended]) {
      const exact = await tf
        .grad((x) => f(name, x as tf.Tensor2D))(scores)
        .data();
      const numeric = await numericGradient((x) => f(name, x as tf.Tensor2D), scores);
      numeric.forEach((value, i) => {
        expect(Math.abs(exact[i]! - value)).toBeLessThan(2e-3 * Math.max(1, Math.abs(value)));
      });
    }
  }
});

test('the gradient of the square vanishes on the boundary, that of the distance does not', async () => {
  const near = tf.tensor2d([[1e-4, -1e-4]]);
  const slope = async (f: typeof descended) =>
    Math.abs(
      (
        await tf
          .grad((x) => f('boundary', x as tf.Tensor2D))(near)
          .data()
      )[0]!,
    );
  expect(await slope(objectiveOf)).toBe(1);
  expect(await slope(descended)).toBeCloseTo(4e-4, 8);
});

test('what is descended is the square of the distance, and the entropy itself', async () => {
  const scores = tf.tensor2d(MANY);
  const [distance, square, entropy, same] = await Promise.all([
    objectiveOf('boundary', scores).data(),
    descended('boundary', scores).data(),
    objectiveOf('entropy', scores).data(),
    descended('entropy', scores).data(),
  ]);
  distance.forEach((value, row) => {
    expect(square[row]).toBeCloseTo(value * value, 6);
  });
  expect(same).toEqual(entropy);
});

test('knows the least value of each objective', async () => {
  expect(objectiveMinimum('boundary', 7)).toBe(0);
  const [uniform] = await objectiveOf('entropy', tf.zeros([1, 7])).data();
  expect(objectiveMinimum('entropy', 7)).toBeCloseTo(uniform!, 6);
});

test('leaves no tensor behind but its result, gradient included', () => {
  const scores = tf.tensor2d(MANY);
  for (const name of OBJECTIVES) {
    const before = tf.memory().numTensors;
    objectiveOf(name, scores).dispose();
    descended(name, scores).dispose();
    tf.grad((x) => descended(name, x as tf.Tensor2D))(scores).dispose();
    expect(tf.memory().numTensors).toBe(before);
  }
});

test('names the argument in its errors', () => {
  expect(() => boundaryDistance(tf.zeros([2]) as unknown as tf.Tensor2D)).toThrow(
    'boundaryDistance.scores: expected shape [*, *], got [2]',
  );
  expect(() => negativeEntropy(tf.zeros([2, 1]))).toThrow(
    'negativeEntropy.scores: expected scores of at least 2 classes, got 1',
  );
});
