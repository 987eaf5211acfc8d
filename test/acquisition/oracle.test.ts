import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { Oracle, type OracleOptions, type ReferenceClassifier } from '../../src/acquisition/oracle.ts';
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

const oracle = (change: Partial<OracleOptions> = {}) =>
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

  test('confuses classes as often as the matrix says, and never where it says never', () => {
    const confusion = [
      [0.7, 0.3, 0, 0],
      [0, 1, 0, 0],
      [0.25, 0.25, 0.25, 0.25],
      [0, 0, 1, 0],
    ];
    const counts = confusion.map((row) => row.map(() => 0));
    oracle({ confusion })
      .answerRows(rows)
      .forEach(({ label }, row) => {
        counts[truth[row]!]![label!]! += 1;
      });
    for (const [label, chances] of confusion.entries()) {
      for (const [answer, chance] of chances.entries()) {
        // 500 rows a class; six standard deviations, which are none where the matrix is certain.
        const bound = 6 * Math.sqrt(500 * chance * (1 - chance));
        expect(Math.abs(counts[label]![answer]! - 500 * chance)).toBeLessThanOrEqual(bound);
      }
    }
  });

  test('with a uniform matrix is as wrong as the noise of that rate', () => {
    const uniform = [0, 1, 2, 3].map((label) => [0, 1, 2, 3].map((other) => (other === label ? 0.7 : 0.1)));
    const wrongOf = (change: Partial<OracleOptions>) =>
      oracle(change)
        .answerRows(rows)
        .filter(({ label }, row) => label !== truth[row]).length;
    // Two counts of 2000 draws at 0.3, each of standard deviation 20.5: six of their difference.
    expect(Math.abs(wrongOf({ confusion: uniform }) - wrongOf({ noise: 0.3 }))).toBeLessThan(174);
  });

  test('does not answer a share of each class, the same rows in any order and whatever the noise', () => {
    const shy = { abstain: [0, 0.5, 1, 0] };
    const answers = oracle(shy).answerRows(rows);
    const refused = (label: number) =>
      answers.filter((answer, row) => truth[row] === label && answer.label === null).length;
    expect([refused(0), refused(2), refused(3)]).toEqual([0, 500, 0]);
    expect(Math.abs(refused(1) - 250)).toBeLessThan(67);
    expect(answers.every(({ label, confidence }) => confidence === (label === null ? 0 : 1))).toBe(true);
    const backwards = oracle({ ...shy, noise: 0.5 })
      .answerRows([...rows].reverse())
      .reverse();
    expect(backwards.map(({ label }) => label === null)).toEqual(answers.map(({ label }) => label === null));
  });

  test('prices rows by their true class, images by the class read, and what it does not answer apart', async () => {
    const priced = oracle({
      noise: 0.9,
      abstain: [0, 0, 1, 0],
      prices: { perClass: [1, 2, 4, 8], abstention: 0.5 },
      minConfidence: 0,
    });
    expect(priced.answerRows(rows.slice(0, 5)).map(({ cost }) => cost)).toEqual([1, 2, 0.5, 8, 1]);
    const read = await priced.answerImages(Uint8Array.of(0, 127, 255));
    expect(read.map(({ label, cost }) => [label, cost])).toEqual([
      [1, 2],
      [null, 0.5],
      [0, 1],
    ]);
    expect(oracle().answerRows(rows.slice(0, 1))).toEqual([{ label: 0, confidence: 1 }]);
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
