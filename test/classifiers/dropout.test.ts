import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import type { TrainedClassifier } from '../../src/classifiers/classifier.ts';
import { LenetConfig } from '../../src/classifiers/config.ts';
import type { Masks } from '../../src/classifiers/network.ts';
import { sampleScoresOfImages, scoreImages } from '../../src/classifiers/predict.ts';
import { trainClassifier } from '../../src/classifiers/train.ts';
import { buildNetwork } from '../../src/classifiers/train-network.ts';
import { digitsDataset } from '../../src/datasets/digits.ts';
import { rootStream } from '../../src/random.ts';

const SHAPE = [16, 16, 1] as const;
const config = LenetConfig.parse({ kind: 'lenet', widths: [3, 4, 6], dropout: {}, updates: 10, batch: 8 });
const plain = LenetConfig.parse({ kind: 'lenet', widths: [3, 4, 6], updates: 10, batch: 8 });
const root = rootStream(2);
const options = { classes: 10, weights: root.of('weights'), order: root.of('order') };
const digits = digitsDataset({ trainSize: 30, testSize: 10, seed: 1 });
const draws = root.of('passes');
let classifier: TrainedClassifier;
const { images } = digits.test;

beforeAll(async () => {
  await selectBackend('wasm');
  classifier = await trainClassifier(config, digits.train, { ...options, shape: digits.shape });
});
afterAll(() => classifier.dispose());

describe('a network with dropout', () => {
  test('starts from the weights of one without, and scores as it at inference', async () => {
    const [wet, dry] = [config, plain].map((of) => buildNetwork(of, SHAPE, 3, root));
    const noise = tf.tensor4d(root.of('noise').normals(2 * 256), [2, 16, 16, 1]);
    const [a, b] = [wet!.scores(noise), dry!.scores(noise)];
    expect(await a.data()).toEqual(await b.data());
    tf.dispose([a, b, noise]);
    wet!.dispose();
    dry!.dispose();
  });

  test('leaves out in training what its masks say: all of the hidden layer leaves the bias of the classes', async () => {
    const network = buildNetwork(config, SHAPE, 3, root);
    network.variables['classes/bias']!.assign(tf.tensor1d([1, 2, 3]));
    const noise = tf.tensor4d(root.of('noise').normals(2 * 256), [2, 16, 16, 1]);
    const drawn = network.drawMasks(2, root);
    expect(Object.entries(drawn).map(([name, { shape }]) => [name, shape])).toEqual([
      ['pooling', [2, 4]], // [12, 12] -> [6, 6] -> [2, 2] -> [1, 1], 4 filters
      ['dense', [2, 6]],
    ]);
    const ones: Masks = { pooling: tf.ones([2, 4]), dense: tf.ones([2, 6]) };
    const half: Masks = { pooling: tf.ones([2, 4]), dense: tf.tensor2d([0, 1], [2, 1]).mul(tf.ones([2, 6])) };
    const whole = await network.scores(noise).data();
    expect(await network.scoresUnder(noise, ones).data()).toEqual(whole);
    const halved = await network.scoresUnder(noise, half).data();
    expect([...halved]).toEqual([1, 2, 3, ...whole.slice(3)]);
    expect(() => network.scoresUnder(noise, { pooling: ones.pooling! })).toThrow(
      'Network.masks: expected one named dense, got none',
    );
    network.dispose();
  });

  test('is trained by other steps than one without, and the same steps again', async () => {
    const scores = await scoreImages(classifier, images);
    const again = await trainClassifier(config, digits.train, { ...options, shape: digits.shape });
    expect(await scoreImages(again, images)).toEqual(scores);
    const dry = await trainClassifier(plain, digits.train, { ...options, shape: digits.shape });
    expect(await scoreImages(dry, images)).not.toEqual(scores);
    again.dispose();
    dry.dispose();
  });
});

describe('scores by passes', () => {
  const passesOf = (bytes: Uint8Array, passes: number, block?: number) =>
    sampleScoresOfImages(classifier, bytes, draws, passes, block);

  test('are those of one network a pass, drawn as in training, for every image alike', async () => {
    const size = images.length / 10;
    const sampled = await passesOf(images, 4);
    const network = buildNetwork(config, digits.shape, 10, root);
    for (const [name, variable] of Object.entries(network.variables)) {
      variable.assign(classifier.weights().get(name)!);
    }
    const rows = tf.tensor4d(
      Float32Array.from(images, (byte) => byte / 127.5 - 1),
      [10, 28, 28, 1],
    );
    const masks = network.drawMasks(4, draws);
    for (let pass = 0; pass < 4; pass++) {
      // The mask of the pass for each of the ten images.
      const same = Object.fromEntries(
        Object.entries(masks).map(([name, mask]) => [
          name,
          tf.tile(tf.slice(mask, [pass, 0], [1, -1]), [10, 1]) as tf.Tensor2D,
        ]),
      );
      const scores = await network.scoresUnder(rows, same).data();
      scores.forEach((score, at) => {
        const [image, k] = [Math.floor(at / 10), at % 10];
        expect(sampled[(image * 4 + pass) * 10 + k]).toBeCloseTo(score, 4);
      });
    }
    expect(await passesOf(images.subarray(3 * size, 4 * size), 4)).toEqual(sampled.subarray(120, 160));
    network.dispose();
    tf.dispose([rows, masks]);
  });

  test('do not depend on the blocks, on how often they were asked for, or on the number of passes', async () => {
    const sampled = await passesOf(images, 5);
    expect(await passesOf(images, 5, 3)).toEqual(sampled);
    const two = await passesOf(images, 2);
    expect(two.subarray(0, 20)).toEqual(sampled.subarray(0, 20));
    expect(sampled.subarray(0, 10)).not.toEqual(sampled.subarray(10, 20));
  });

  test('have a mean near the scores without dropout, since what is left is scaled up', async () => {
    const scores = await scoreImages(classifier, images);
    const sampled = await passesOf(images, 800);
    let apart = 0;
    let size = 0;
    for (let at = 0; at < 100; at++) {
      const [image, k] = [Math.floor(at / 10), at % 10];
      let mean = 0;
      for (let pass = 0; pass < 800; pass++) mean += sampled[(image * 800 + pass) * 10 + k]! / 800;
      apart += Math.abs(mean - scores[at]!);
      size += Math.abs(scores[at]!);
    }
    expect(apart / size).toBeLessThan(0.25);
  });

  test('change no weight, leave no tensor, and are refused without dropout', async () => {
    const weights = async () =>
      Promise.all([...classifier.weights().values()].map((tensor) => tensor.data<'float32'>()));
    const before = (await weights()).map((values) => values.slice());
    const tensors = tf.memory().numTensors;
    await passesOf(images, 3);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(await weights()).toEqual(before);
    const { sampleScores: _, ...without } = classifier;
    await expect(sampleScoresOfImages(without, images, draws, 3)).rejects.toThrow(
      'sampleScoresOfImages.classifier: expected one trained with dropout, got one without',
    );
  });
});
