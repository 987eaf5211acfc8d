import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { LinearSvmConfig } from '../../src/classifiers/config.ts';
import { trainLinearSvm } from '../../src/classifiers/linear-svm.ts';
import { margins, predictedClasses, scoreImages } from '../../src/classifiers/predict.ts';
import { imageTensor, type Split } from '../../src/datasets/dataset.ts';
import { rootStream } from '../../src/random.ts';
// Made by test/fixtures/classifiers/scikit-learn-svm.py (scikit-learn 1.9.1), which holds the command.
import reference from '../fixtures/classifiers/scikit-learn-svm.json' with { type: 'json' };

const shape = [4, 4, 1] as const;
const order = rootStream(1);

function labelledAs(keep: (label: number) => boolean): Split {
  const rows = reference.labels.flatMap((label, row) => (keep(label) ? [row] : []));
  return {
    images: Uint8Array.from(rows.flatMap((row) => reference.images.slice(row * 16, (row + 1) * 16))),
    labels: Uint8Array.from(rows, (row) => reference.labels[row] as number),
    n: rows.length,
  };
}

const three = labelledAs(() => true);
const two = labelledAs((label) => label < 2);

beforeAll(() => selectBackend('cpu'));

describe("the paper's learner", () => {
  // SVC(kernel='linear', C=1) on pixels in [0, 1] has the decision value w' . p + b'.
  const decisions = (split: Split) =>
    Array.from({ length: split.n }, (_, row) =>
      reference.svc.weights.reduce(
        (sum, weight, j) => sum + (weight * (split.images[row * 16 + j] as number)) / 255,
        reference.svc.bias,
      ),
    );
  const largestDifference = async (config: Partial<LinearSvmConfig>) => {
    const svm = await trainLinearSvm(LinearSvmConfig.parse({ kind: 'linear-svm', ...config }), two, {
      shape,
      classes: 2,
      order,
    });
    const scores = await scoreImages(svm, three.images);
    svm.dispose();
    const expected = decisions(three);
    return Math.max(...expected.map((f, row) => Math.abs(scores[2 * row + 1]! - scores[2 * row]! - f)));
  };

  test('is ours by default, on [-1, 1], but for the small penalty on the bias', async () => {
    expect(await largestDifference({})).toBeLessThan(5e-3);
  });

  test('is approached as the bias becomes free', async () => {
    expect(await largestDifference({ biasScale: 30, updates: 1_000_000 })).toBeLessThan(5e-4);
  });

  test('is another one at another C', async () => {
    expect(await largestDifference({ C: 1 })).toBeGreaterThan(0.05);
  });
});

test('with three classes, agrees with LinearSVC one against the rest', async () => {
  const svm = await trainLinearSvm(LinearSvmConfig.parse({ kind: 'linear-svm' }), three, {
    shape,
    classes: 3,
    order,
  });
  const scores = await scoreImages(svm, three.images);
  svm.dispose();
  reference.oneVersusRest.forEach((decisions, row) => {
    decisions.forEach((decision, k) => {
      expect(Math.abs(scores[row * 3 + k]! - decision)).toBeLessThan(1e-3);
    });
  });
});

test('reports its duality gap', async () => {
  const train = (updates: number) =>
    trainLinearSvm(LinearSvmConfig.parse({ kind: 'linear-svm', updates }), two, { shape, classes: 2, order });
  const [short, long] = [await train(50), await train(100_000)];
  expect(short.training.dualityGap).toBeGreaterThan(0.1);
  expect(Math.abs(long.training.dualityGap as number)).toBeLessThan(1e-5);
  expect(long.training).toMatchObject({ labels: 40, updates: 100_000 });
  expect(long.training.objective).toBeLessThan(short.training.objective);
  short.dispose();
  long.dispose();
});

describe('without labels of a class', () => {
  const config = LinearSvmConfig.parse({ kind: 'linear-svm', updates: 1000 });

  test.each([0, 1])(
    'two classes, only %i labelled: that class everywhere, at a distance of 1',
    async (only) => {
      const labelled = labelledAs((label) => label === 0);
      labelled.labels.fill(only);
      const svm = await trainLinearSvm(config, labelled, { shape, classes: 2, order });
      const scores = await scoreImages(svm, three.images);
      svm.dispose();
      expect(new Set(predictedClasses(scores, 2))).toEqual(new Set([only]));
      expect(new Set(margins(scores, 2))).toEqual(new Set([1]));
    },
  );

  test('three classes: the missing one scores -1 on every image', async () => {
    const svm = await trainLinearSvm(config, two, { shape, classes: 3, order });
    const scores = await scoreImages(svm, three.images);
    svm.dispose();
    for (let row = 0; row < three.n; row++) expect(scores[row * 3 + 2]).toBe(-1);
  });
});

test('features are the pixels, and scores are linear in them', async () => {
  const svm = await trainLinearSvm(LinearSvmConfig.parse({ kind: 'linear-svm', updates: 1000 }), three, {
    shape,
    classes: 3,
    order,
  });
  const images = imageTensor(three.images, shape);
  const features = svm.features(images);
  expect(features.shape).toEqual([60, 16]);
  expect(await features.data()).toEqual(await images.data());
  const kernel = svm.weights().get('svm/kernel') as tf.Tensor2D;
  const bias = svm.weights().get('svm/bias') as tf.Tensor1D;
  const recomputed = tf.add(tf.matMul(features, kernel), bias);
  const scores = svm.scores(images);
  expect(await scores.data()).toEqual(await recomputed.data());
  tf.dispose([images, features, scores, recomputed]);
  svm.dispose();
});

test('an abort between hyperplanes is thrown and leaves no tensor', async () => {
  const before = tf.memory().numTensors;
  const controller = new AbortController();
  const training = trainLinearSvm(LinearSvmConfig.parse({ kind: 'linear-svm', updates: 100 }), three, {
    shape,
    classes: 3,
    order,
    onHyperplane: (done) => {
      if (done === 2) controller.abort(new Error('enough'));
    },
    signal: controller.signal,
  });
  await expect(training).rejects.toThrow('enough');
  expect(tf.memory().numTensors).toBe(before);
});
