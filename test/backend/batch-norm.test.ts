import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { batchNormInference, batchNormTraining, type Moments } from '../../src/backend/batch-norm.ts';
import { rootStream } from '../../src/random.ts';
import { presentBackends } from './present.ts';

const SHAPE: [number, number, number, number] = [3, 2, 4, 2];
const ROWS = 3 * 2 * 4;
const stream = rootStream(3);
// Far from zero mean, so that a variance from E[x^2] - E[x]^2 would show.
const INPUTS = Array.from(stream.normals(ROWS * 2), (value, i) =>
  i % 2 === 0 ? 30 + value : 0.1 * value - 2,
);
const GAMMA = [1.5, -0.5];
const BETA = [0.25, 3];
const WEIGHTS = [...stream.normals(ROWS * 2)];

/** Ioffe and Szegedy 2015, Algorithm 1, in float64. */
function byHand(inputs: readonly number[], gamma = GAMMA, beta = BETA) {
  const moments = [0, 1].map((channel) => {
    const own = inputs.filter((_, i) => i % 2 === channel);
    const mean = own.reduce((sum, value) => sum + value, 0) / ROWS;
    return { mean, variance: own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / ROWS };
  });
  const outputs = inputs.map((value, i) => {
    const { mean, variance } = moments[i % 2]!;
    return (gamma[i % 2]! * (value - mean)) / Math.sqrt(variance + 1e-5) + beta[i % 2]!;
  });
  return { moments, outputs };
}

describe.each(['cpu', ...presentBackends] as const)('on %s', (backend) => {
  beforeAll(() => selectBackend(backend));

  test('normalises by the batch as the paper writes it, and hands out mean and unbiased variance', async () => {
    const handed: Moments[] = [];
    const outputs = batchNormTraining(
      tf.tensor4d(INPUTS, SHAPE),
      tf.tensor1d(GAMMA),
      tf.tensor1d(BETA),
      (moments) => handed.push(moments),
    );
    const expected = byHand(INPUTS);
    (await outputs.data()).forEach((value, i) => {
      expect(value).toBeCloseTo(expected.outputs[i]!, 4);
    });
    expect(handed).toHaveLength(1);
    const [mean, variance] = [await handed[0]!.mean.data(), await handed[0]!.variance.data()];
    expected.moments.forEach((channel, i) => {
      expect(mean[i]).toBeCloseTo(channel.mean, 5);
      expect(variance[i]! / (channel.variance * (ROWS / (ROWS - 1)))).toBeCloseTo(1, 4);
    });
  });

  test('its gradients are those of central differences in float64', async () => {
    const loss = (inputs: readonly number[], gamma: number[], beta: number[]) =>
      byHand(inputs, gamma, beta).outputs.reduce((sum, value, i) => sum + WEIGHTS[i]! * value, 0);
    const difference = (values: readonly number[], at: number, of: (values: number[]) => number) => {
      const step = 1e-5;
      const moved = (by: number) => values.map((value, i) => (i === at ? value + by : value));
      return (of(moved(step)) - of(moved(-step))) / (2 * step);
    };
    const gradients = tf.grads((inputs, gamma, beta) =>
      tf.sum(
        tf.mul(
          batchNormTraining(inputs as tf.Tensor4D, gamma as tf.Tensor1D, beta as tf.Tensor1D),
          tf.tensor4d(WEIGHTS, SHAPE),
        ),
      ),
    )([tf.tensor4d(INPUTS, SHAPE), tf.tensor1d(GAMMA), tf.tensor1d(BETA)]);
    const [inputs, gamma, beta] = await Promise.all(gradients.map((gradient) => gradient.data()));
    INPUTS.forEach((_, i) => {
      const wanted = difference(INPUTS, i, (moved) => loss(moved, GAMMA, BETA));
      expect(Math.abs(inputs![i]! - wanted)).toBeLessThan(1e-4 * (1 + Math.abs(wanted)));
    });
    GAMMA.forEach((_, i) => {
      expect(gamma![i]).toBeCloseTo(
        difference(GAMMA, i, (moved) => loss(INPUTS, moved, BETA)),
        3,
      );
      expect(beta![i]).toBeCloseTo(
        difference(BETA, i, (moved) => loss(INPUTS, GAMMA, moved)),
        3,
      );
    });
  });

  test('by fixed statistics, is the formula and keeps every row to itself', async () => {
    const statistics = { mean: tf.tensor1d([30, -2]), variance: tf.tensor1d([4, 0.25]) };
    const images = tf.tensor4d(INPUTS, SHAPE);
    const outputs = await batchNormInference(
      images,
      tf.tensor1d(GAMMA),
      tf.tensor1d(BETA),
      statistics,
    ).data();
    INPUTS.forEach((value, i) => {
      const [mean, deviation] = i % 2 === 0 ? [30, 2] : [-2, 0.5];
      expect(outputs[i]).toBeCloseTo((GAMMA[i % 2]! * (value - mean!)) / deviation! + BETA[i % 2]!, 3);
    });
    const last = tf.slice(images, [2, 0, 0, 0], [1, 2, 4, 2]);
    const alone = await batchNormInference(last, tf.tensor1d(GAMMA), tf.tensor1d(BETA), statistics).data();
    expect([...alone]).toEqual([...outputs.slice(32)]);
  });

  test('leaves no tensor but its result, the moments that were asked for, and the gradients', () => {
    const [images, gamma, beta] = [tf.tensor4d(INPUTS, SHAPE), tf.tensor1d(GAMMA), tf.tensor1d(BETA)];
    const before = tf.memory().numTensors;
    const handed: Moments[] = [];
    const made = tf.tidy(() => batchNormTraining(images, gamma, beta, (moments) => handed.push(moments)));
    expect(tf.memory().numTensors).toBe(before + 3);
    tf.dispose([made, handed[0]!.mean, handed[0]!.variance]);
    batchNormTraining(images, gamma, beta).dispose();
    expect(tf.memory().numTensors).toBe(before);
    const gradients = tf.grads((x, g, b) =>
      tf.sum(batchNormTraining(x as tf.Tensor4D, g as tf.Tensor1D, b as tf.Tensor1D)),
    )([images, gamma, beta]);
    expect(tf.memory().numTensors).toBe(before + 3);
    tf.dispose(gradients);
  });
});
