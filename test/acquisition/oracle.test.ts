import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { Oracle, type ReferenceClassifier } from '../../src/acquisition/oracle.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { poolIndex } from '../../src/shapes.ts';

beforeAll(() => selectBackend('cpu'));

const truth = Uint8Array.from({ length: 2000 }, (_, row) => row % 4);
const rows = Array.from(truth, (_, row) => poolIndex(row));

/** Reads the brightness of a one-pixel image as one of three classes: scores -12 x, 3, 12 x for x in [-1, 1]. */
const reference: ReferenceClassifier = {
  classifier: {
    classes: 3,
    shape: [1, 1, 1],
    scores: (images) =>
      tf.tidy(() =>
        tf.matMul(images.reshape([-1, 1]), tf.tensor2d([[-12, 0, 12]])).add<tf.Tensor2D>([0, 3, 0]),
      ),
    features: (images) => images.reshape([-1, 1]),
    dispose: () => {},
  },
  experimentClass: [1, null, 0],
};

const oracle = (change: { noise?: number; minConfidence?: number } = {}) =>
  new Oracle({
    truth,
    classes: 4,
    noise: 0,
    minConfidence: 0.9,
    stream: rootStream(5),
    reference,
    ...change,
  });

describe('Oracle', () => {
  test('tells the truth about pool rows', () => {
    const answers = oracle().answerRows(rows);
    expect(answers.map(({ label }) => label)).toEqual([...truth]);
  });

  test('is wrong at the rate of the noise, in every class, and the same way each time it is asked', () => {
    const noisy = oracle({ noise: 0.25 });
    const labels = noisy.answerRows(rows).map(({ label }) => label as number);
    const wrong = labels.filter((label, row) => label !== truth[row]);
    // 2000 draws at 0.25: standard deviation 19.4; six of them.
    expect(Math.abs(wrong.length - 500)).toBeLessThan(117);
    expect(new Set(wrong)).toEqual(new Set([0, 1, 2, 3]));
    expect(noisy.answerRows(rows.slice(7, 8))[0]?.label).toBe(labels[7]);
  });

  test('maps what the reference reads to the classes of the experiment', async () => {
    const [dark, middle, bright] = await oracle({ minConfidence: 0 }).answerImages(
      Uint8Array.of(0, 127, 255),
    );
    expect(dark?.label).toBe(1);
    expect(middle?.label).toBeNull();
    expect(bright?.label).toBe(0);
  });

  test('abstains below the confidence asked for, and says how sure it was', async () => {
    const bytes = Uint8Array.of(0, 255, 180);
    const [dark, , dim] = await oracle().answerImages(bytes);
    expect(dark).toMatchObject({ label: 1 });
    const x = 180 / 127.5 - 1;
    const confidence = Math.exp(12 * x) / (Math.exp(3) + Math.exp(12 * x) + Math.exp(-12 * x));
    expect(dim?.confidence).toBeCloseTo(confidence, 5);
    expect(dim?.label).toBeNull();
  });

  test('cannot read images without a reference', async () => {
    const blind = new Oracle({ truth, classes: 4, noise: 0, minConfidence: 0, stream: rootStream(5) });
    await expect(blind.answerImages(Uint8Array.of(0))).rejects.toThrow('expected a reference classifier');
  });
});
