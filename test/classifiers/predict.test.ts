import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import type { BackendName } from '../../src/backend/backend-names.ts';
import type { Classifier } from '../../src/classifiers/classifier.ts';
import { ClassifierConfig, LenetConfig, MlpConfig } from '../../src/classifiers/config.ts';
import { inputGradient } from '../../src/classifiers/input-gradient.ts';
import {
  accuracy,
  confusionOf,
  entropies,
  margins,
  predictedClasses,
  probabilities,
  scoreImages,
  shareRight,
} from '../../src/classifiers/predict.ts';
import { trainClassifier } from '../../src/classifiers/train.ts';
import { buildNetwork } from '../../src/classifiers/train-network.ts';
import { rootStream } from '../../src/random.ts';

const root = rootStream(21);
const bytesOf = (n: number, size: number) => Uint8Array.from({ length: n * size }, () => root.integer(256));

/** Its scores are the image's three channels times a factor. */
function channelReader(factor = 1): Classifier {
  const scores = (images: tf.Tensor4D) =>
    tf.tidy(() => tf.mul(tf.reshape(images, [images.shape[0], 3]), factor) as tf.Tensor2D);
  return { classes: 3, shape: [1, 1, 3], scores, features: scores, dispose: () => {} };
}

describe.each(['cpu', 'wasm'] as BackendName[])('on %s, scores of images', (backend) => {
  beforeAll(() => selectBackend(backend));

  test.each([
    MlpConfig.parse({ kind: 'mlp', hidden: [13] }),
    LenetConfig.parse({ kind: 'lenet', widths: [5, 7, 11] }),
  ])('are the same bits at any block size, from any place, in any company: $kind', async (config) => {
    const network = buildNetwork(config, [16, 16, 1], 3, root);
    const images = bytesOf(23, 256);
    const scores = await scoreImages(network, images);
    expect(scores).toHaveLength(69);
    for (const block of [1, 2, 5, 8, 23, 64])
      expect(await scoreImages(network, images, block)).toEqual(scores);
    const tail = await scoreImages(network, images.subarray(9 * 256, 14 * 256));
    expect(tail).toEqual(scores.slice(27, 42));
    network.dispose();
  });

  test('come in blocks of one size, so that no kernel can tell how many images there are', async () => {
    const sizes: number[] = [];
    const reader = channelReader();
    const watched: Classifier = {
      ...reader,
      scores: (images) => {
        sizes.push(images.shape[0]);
        return reader.scores(images);
      },
    };
    expect(await scoreImages(watched, bytesOf(7, 3), 3)).toHaveLength(21);
    expect(sizes).toEqual([3, 3, 3]);
  });

  test('leave nothing behind', async () => {
    const before = tf.memory().numTensors;
    await scoreImages(channelReader(), bytesOf(7, 3), 3);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('see bytes in [-1, 1]', async () => {
    expect([...(await scoreImages(channelReader(), Uint8Array.from([0, 255, 51])))]).toEqual([
      -1,
      1,
      Math.fround(-0.6),
    ]);
  });

  test('of no image are no scores', async () => {
    expect(await scoreImages(channelReader(), new Uint8Array(0))).toEqual(new Float32Array(0));
  });

  test('are refused where they are not finite, and leave nothing', async () => {
    const before = tf.memory().numTensors;
    await expect(scoreImages(channelReader(Number.NaN), bytesOf(2, 3))).rejects.toThrow(
      'scoreImages: expected finite scores, got NaN for image 0',
    );
    await expect(scoreImages(channelReader(), bytesOf(1, 4))).rejects.toThrow(
      'scoreImages.bytes: expected images of [1, 1, 3], got 4 bytes',
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('tables', () => {
  const table = (...values: number[]) => Float32Array.from(values);

  test('probabilities are the softmax, also of scores whose exponentials overflow', () => {
    const probs = probabilities(table(0, Math.log(3), 1000, 1000, -1000, 1000), 2);
    [0.25, 0.75, 0.5, 0.5, 0, 1].forEach((p, i) => {
      expect(probs[i]).toBeCloseTo(p, 6);
    });
  });

  test('of a linear SVM with two classes they are the logistic function of the decision value', () => {
    const f = 1.7;
    expect(probabilities(table(-f / 2, f / 2), 2)[1]).toBeCloseTo(1 / (1 + Math.exp(-f)), 6);
  });

  test('the class is the largest score, the first of equals', () => {
    expect([...predictedClasses(table(1, 3, 2, 5, 5, 1, -3, -2, -1), 3)]).toEqual([1, 0, 2]);
  });

  test('the margin is the largest score minus the second, wherever they stand', () => {
    expect([...margins(table(1, 5, 3, 5, 1, 3, 3, 5, 1, 4, 4, 0, 9, 1, 1), 3)]).toEqual([2, 2, 2, 0, 8]);
    expect([...margins(table(-0.75, 0.75, 0.5, -0.5), 2)]).toEqual([1.5, 1]);
  });

  test('entropy is ln(classes) where all are alike, 0 where one is certain, in nats', () => {
    const values = entropies(table(0.25, 0.25, 0.25, 0.25, 0, 1, 0, 0, 0.5, 0, 0.5, 0), 4);
    expect(values[0]).toBeCloseTo(Math.log(4), 6);
    expect(values[1]).toBe(0);
    expect(values[2]).toBeCloseTo(Math.LN2, 6);
  });

  test.each([
    ['probabilities.scores', probabilities],
    ['predictedClasses.scores', predictedClasses],
    ['margins.scores', margins],
    ['entropies.probs', entropies],
  ] as const)('%s must be whole rows of at least two classes', (name, read) => {
    expect(() => read(table(1, 2, 3), 2)).toThrow(
      `${name}: expected rows of 2 classes, two or more, got 3 values`,
    );
    expect(() => read(table(1, 2), 1)).toThrow(`${name}: expected rows of 1 classes`);
  });
});

test('accuracy is the share of images read rightly', async () => {
  const images = Uint8Array.from([9, 0, 0, 0, 9, 0, 0, 0, 9, 9, 0, 0]);
  const split = { images, labels: Uint8Array.from([0, 1, 2, 2]), n: 4 };
  expect(await accuracy(channelReader(), split)).toBe(0.75);
  await expect(accuracy(channelReader(), { ...split, n: 0 })).rejects.toThrow(
    'accuracy.split.n: expected an integer of at least 1, got 0',
  );
});

test('confusions count labels by row and answers by column, and the diagonal is the accuracy', async () => {
  const images = Uint8Array.from([9, 0, 0, 0, 9, 0, 0, 0, 9, 9, 0, 0]);
  const split = { images, labels: Uint8Array.from([0, 1, 2, 2]), n: 4 };
  const confusion = await confusionOf(channelReader(), split);
  expect(confusion).toEqual([1, 0, 0, 0, 1, 0, 1, 0, 1]);
  expect(shareRight(confusion, 3)).toBe(0.75);
  const strange = { ...split, labels: Uint8Array.from([0, 1, 2, 3]) };
  await expect(confusionOf(channelReader(), strange)).rejects.toThrow(
    'confusionOf.split.labels: expected classes in [0, 3), got 3',
  );
});

describe('the gradient of a class difference with respect to the image', () => {
  beforeAll(() => selectBackend('wasm'));
  const shape = [16, 16, 1] as const;
  const labels = Uint8Array.from({ length: 30 }, (_, row) => row % 3);
  const labelled = { images: bytesOf(30, 256), labels, n: 30 };

  test.each(
    [
      { kind: 'linear-svm', updates: 2000 },
      { kind: 'mlp', hidden: [9, 7], updates: 20 },
      { kind: 'lenet', widths: [3, 4, 6], updates: 20 },
    ].map((config) => ClassifierConfig.parse(config)),
  )('agrees with finite differences: $kind', async (config) => {
    const before = tf.memory().numTensors;
    const classifier = await trainClassifier(config, labelled, {
      shape,
      classes: 3,
      weights: root.of('weights'),
      order: root.of('order'),
    });
    const base = root.of('images').normals(4 * 256);
    const images = tf.tensor4d(base, [4, ...shape]);
    const gradient = inputGradient(classifier, images, { plus: 2, minus: 0 });
    expect(gradient.shape).toEqual([4, ...shape]);
    const slopes = await gradient.data();
    const differences = async (values: Float32Array) => {
      const moved = tf.tensor4d(values, [4, ...shape]);
      const scores = classifier.scores(moved);
      const table = await scores.data();
      tf.dispose([moved, scores]);
      return [0, 1, 2, 3].map((row) => table[row * 3 + 2]! - table[row * 3]!);
    };
    // Scores are piecewise linear, so a small step along a direction is exact unless it crosses a kink.
    const step = 1e-3;
    const direction = root.of('direction').normals(4 * 256);
    const ahead = await differences(base.map((value, i) => value + step * direction[i]!));
    const behind = await differences(base.map((value, i) => value - step * direction[i]!));
    for (const row of [0, 1, 2, 3]) {
      let slope = 0;
      let squared = 0;
      for (let i = row * 256; i < (row + 1) * 256; i++) {
        slope += slopes[i]! * direction[i]!;
        squared += slopes[i]! ** 2;
      }
      expect(squared).toBeGreaterThan(0);
      const measured = (ahead[row]! - behind[row]!) / (2 * step);
      expect(Math.abs(slope - measured)).toBeLessThan(0.01 * Math.sqrt(squared));
    }
    tf.dispose([images, gradient]);
    classifier.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('of a linear SVM with two classes is its weights, whatever the image', async () => {
    const two = { ...labelled, labels: labels.map((label) => label % 2) };
    const config = ClassifierConfig.parse({ kind: 'linear-svm', updates: 2000 });
    const svm = await trainClassifier(config, two, { shape, classes: 2, weights: root, order: root });
    const images = tf.tensor4d(root.of('svm images').normals(2 * 256), [2, ...shape]);
    const gradient = inputGradient(svm, images, { plus: 1, minus: 0 });
    const kernel = await svm.weights().get('svm/kernel')!.data();
    (await gradient.data()).forEach((slope, i) => {
      const j = i % 256;
      expect(slope).toBeCloseTo(kernel[j * 2 + 1]! - kernel[j * 2]!, 6);
    });
    tf.dispose([images, gradient]);
    svm.dispose();
  });

  test('names a class that does not exist', () => {
    const images = tf.zeros([1, 1, 1, 3]) as tf.Tensor4D;
    expect(() => inputGradient(channelReader(), images, { plus: 3, minus: 0 })).toThrow(
      'inputGradient.plus: expected a class in [0, 3), got 3',
    );
    expect(() => inputGradient(channelReader(), images, { plus: 0, minus: -1 })).toThrow(
      'inputGradient.minus: expected an integer of at least 0, got -1',
    );
    images.dispose();
  });
});
