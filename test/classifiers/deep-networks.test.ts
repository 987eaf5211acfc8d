import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { augmented } from '../../src/classifiers/augment.ts';
import { ClassifierConfig } from '../../src/classifiers/config.ts';
import { sampleScoresOfImages, scoreImages } from '../../src/classifiers/predict.ts';
import { loadClassifier, saveClassifier } from '../../src/classifiers/saved.ts';
import { rateFactor } from '../../src/classifiers/schedule.ts';
import { trainClassifier } from '../../src/classifiers/train.ts';
import { buildNetwork, type NetworkConfig } from '../../src/classifiers/train-network.ts';
import { type ImageShape, toModelRange } from '../../src/datasets/dataset.ts';
import { digitsDataset } from '../../src/datasets/digits.ts';
import { rootStream } from '../../src/random.ts';

const root = rootStream(5);
const training = { updates: 3, batch: 4 };
const configs = [
  { kind: 'conv13', widths: [2, 3, 4, 3, 5], ...training },
  { kind: 'vgg', groups: [[2], [3, 3]], hidden: [4], dropout: 0.5, ...training },
  { kind: 'resnet18', widths: [2, 2, 3, 4], dropout: 0.5, ...training },
].map((config) => ClassifierConfig.parse(config) as NetworkConfig);
const sizes: Record<string, number> = { conv13: 5, vgg: 4, resnet18: 4 };
const digits = digitsDataset({ trainSize: 12, testSize: 5, seed: 1 });
const options = { shape: digits.shape, classes: 10, weights: root.of('weights'), order: root.of('order') };

beforeAll(() => selectBackend('wasm'));

describe.each(configs)('$kind', (config) => {
  test.each([
    [28, 28, 1],
    [32, 32, 3],
  ] as ImageShape[])('makes features and logits of images of %i x %i x %i', (...shape) => {
    const network = buildNetwork(config, shape, 7, root);
    const images = tf.zeros([2, ...shape]) as tf.Tensor4D;
    const [features, scores] = [network.features(images), network.scores(images)];
    expect(features.shape).toEqual([2, sizes[config.kind]]);
    expect(scores.shape).toEqual([2, 7]);
    expect(network.variables['classes/kernel']!.shape).toEqual([sizes[config.kind], 7]);
    tf.dispose([features, scores, images]);
    network.dispose();
  });

  test('an image is scored alone as it is among others, and scoring moves nothing', async () => {
    const classifier = await trainClassifier(config, digits.train, options);
    const state = async () =>
      Promise.all([...classifier.weights().values()].map(async (tensor) => [...(await tensor.data())]));
    const before = await state();
    const tensors = tf.memory().numTensors;
    const scores = await scoreImages(classifier, digits.test.images);
    const second = digits.test.images.subarray(784, 2 * 784);
    expect(await scoreImages(classifier, second)).toEqual(scores.slice(10, 20));
    const sampled = await sampleScoresOfImages(classifier, digits.test.images, root.of('passes'), 3);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(await state()).toEqual(before);
    expect(sampled.slice(0, 10)).not.toEqual(sampled.slice(10, 20));
    classifier.dispose();
  });

  test('passes of dropout are the networks of its masks, the same for every image', async () => {
    const classifier = await trainClassifier(config, digits.train, options);
    const network = buildNetwork(config, digits.shape, 10, root);
    for (const [name, variable] of Object.entries(network.variables)) {
      variable.assign(classifier.weights().get(name) as tf.Tensor);
    }
    const images = tf.tensor4d(toModelRange(digits.test.images), [5, ...digits.shape]);
    const sampled = await network.sampleScores(images, root.of('passes'), 3).data();
    const masks = network.drawMasks(3, root.of('passes'));
    for (let pass = 0; pass < 3; pass++) {
      const same = Object.fromEntries(
        Object.entries(masks).map(([name, mask]) => [
          name,
          tf.tile(tf.slice(mask, [pass, 0], [1, -1]), [5, 1]) as tf.Tensor2D,
        ]),
      );
      (await network.scoresUnder(images, same).data()).forEach((score, at) => {
        expect(sampled[pass * 50 + at]).toBeCloseTo(score, 4);
      });
    }
    network.dispose();
    classifier.dispose();
  });

  test('comes back from its folder with its statistics, to the bit, and leaves no tensor', async () => {
    const before = tf.memory().numTensors;
    const classifier = await trainClassifier(config, digits.train, options);
    expect(tf.memory().numTensors).toBe(before + classifier.weights().size);
    const variances = [...classifier.weights()].filter(([name]) => name.endsWith('/variance'));
    expect(variances.length).toBeGreaterThan(2);
    for (const [, variance] of variances) expect((await variance.data())[0]).not.toBe(1);
    const dir = await mkdtemp(path.join(tmpdir(), 'genal-deep-'));
    await saveClassifier(dir, classifier);
    const loaded = await loadClassifier(dir);
    await rm(dir, { recursive: true });
    expect(loaded.config).toEqual(config);
    expect(await scoreImages(loaded, digits.test.images)).toEqual(
      await scoreImages(classifier, digits.test.images),
    );
    classifier.dispose();
    loaded.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('the same streams train the same network to the bit; changed images another', async () => {
    const scoresOf = async (of: NetworkConfig) => {
      const classifier = await trainClassifier(of, digits.train, options);
      const scores = await scoreImages(classifier, digits.test.images);
      classifier.dispose();
      return scores;
    };
    const scores = await scoresOf(config);
    expect(await scoresOf(config)).toEqual(scores);
    const changed = await scoresOf({ ...config, augment: { flip: false, shift: 4 } });
    expect(changed).not.toEqual(scores);
    expect(await scoresOf({ ...config, augment: { flip: false, shift: 0 } })).toEqual(scores);
  });
});

test('conv13 refuses images too small for its convolution without padding', () => {
  const [config] = configs;
  expect(() => buildNetwork(config!, [8, 12, 1], 3, root)).toThrow(
    'buildConv13.shape: expected at least 9 x 9, got 8 x 12',
  );
  buildNetwork(config!, [9, 9, 1], 3, root).dispose();
});

describe('step sizes', () => {
  const factors = (schedule: Parameters<typeof rateFactor>[0], updates: number) =>
    Array.from({ length: updates }, (_, step) => rateFactor(schedule, step + 1, updates));

  test('stay, fall by steps at shares of the training, or follow a cosine', () => {
    expect(factors({ kind: 'constant' }, 3)).toEqual([1, 1, 1]);
    const steps = factors({ kind: 'steps', at: [0.25, 0.75], factor: 0.1 }, 8);
    expect(steps.map((factor) => Math.log10(factor).toFixed(3))).toEqual(
      [0, 0, -1, -1, -1, -1, -2, -2].map((power) => power.toFixed(3)),
    );
    const [first, second, third] = factors({ kind: 'cosine', period: 1.5 }, 3);
    expect(first).toBe(1);
    // cos(2 pi / 9) and cos(4 pi / 9)
    expect(second).toBeCloseTo((1 + 0.766044) / 2, 6);
    expect(third).toBeCloseTo((1 + 0.173648) / 2, 6);
  });
});

describe('changed images', () => {
  const shape: ImageShape = [2, 3, 2];
  // Two channels, so that a pixel whose channels come apart shows.
  const bytes = Uint8Array.from({ length: 24 }, (_, i) => i + 1);

  test('are moved and mirrored as a pixel at a time would be, black where nothing is', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const stream = rootStream(seed);
      const got = augmented(bytes, shape, { flip: true, shift: 2 }, stream);
      for (let image = 0; image < 2; image++) {
        const draws = stream.of(image);
        const [down, right] = [draws.integer(5) - 2, draws.integer(5) - 2];
        const mirrored = draws.integer(2) === 1;
        for (const [row, column, channel] of [0, 1].flatMap((r) =>
          [0, 1, 2].flatMap((c) => [0, 1].map((k) => [r, c, k] as const)),
        )) {
          const [fromRow, moved] = [row - down, column - right];
          const fromColumn = mirrored ? 2 - moved : moved;
          const inside = fromRow >= 0 && fromRow < 2 && fromColumn >= 0 && fromColumn < 3;
          const wanted = inside ? bytes[image * 12 + (fromRow * 3 + fromColumn) * 2 + channel] : 0;
          expect(got[image * 12 + (row * 3 + column) * 2 + channel]).toBe(wanted);
        }
      }
    }
  });

  test('are the images themselves without a shift and a flip, and each has its own draws', () => {
    expect(augmented(bytes, shape, { flip: false, shift: 0 }, root)).toEqual(bytes);
    const alone = augmented(bytes.subarray(0, 12), shape, { flip: true, shift: 1 }, root);
    expect(augmented(bytes, shape, { flip: true, shift: 1 }, root).subarray(0, 12)).toEqual(alone);
  });
});
