import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { Adam } from '../../src/backend/adam.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { ClassifierConfig, MlpConfig } from '../../src/classifiers/config.ts';
import { scoreImages } from '../../src/classifiers/predict.ts';
import { type TrainOptions, type TrainProgress, trainClassifier } from '../../src/classifiers/train.ts';
import { buildNetwork, labelledRows, trainingStep } from '../../src/classifiers/train-network.ts';
import type { Split } from '../../src/datasets/dataset.ts';
import { rootStream } from '../../src/random.ts';

const root = rootStream(11);
const options: TrainOptions = {
  shape: [16, 16, 1],
  classes: 3,
  weights: root.of('weights'),
  order: root.of('order'),
};

/** Noise, brighter in the third of the rows of pixels that belongs to the class. */
function stripes(n: number, name = 'stripes'): Split {
  const stream = root.of(name);
  const labels = Uint8Array.from({ length: n }, (_, row) => row % 3);
  const images = Uint8Array.from({ length: n * 256 }, (_, i) => {
    const third = Math.floor((3 * (i % 256)) / 256);
    return stream.integer(100) + (third === labels[Math.floor(i / 256)] ? 100 : 0);
  });
  return { images, labels, n };
}

const configs = [
  { kind: 'linear-svm', updates: 300 },
  { kind: 'mlp', hidden: [6], updates: 12, batch: 8 },
  { kind: 'lenet', widths: [3, 4, 6], updates: 12, batch: 8 },
  { kind: 'lenet', widths: [3, 4, 6], dropout: {}, updates: 12, batch: 8 },
].map((config) => ClassifierConfig.parse(config));

beforeAll(() => selectBackend('wasm'));

describe.each(configs)('$kind', (config) => {
  const labelled = stripes(30);
  const train = async (override: Partial<TrainOptions> = {}) => {
    const classifier = await trainClassifier(config, labelled, { ...options, ...override });
    const scores = await scoreImages(classifier, labelled.images);
    classifier.dispose();
    return scores;
  };

  test('the same inputs give the same scores to the bit, whatever else the process holds', async () => {
    const scores = await train();
    // Another model, its optimiser, a used stream and a watched training: none of them may matter.
    const bystander = buildNetwork(
      MlpConfig.parse({ kind: 'mlp', hidden: [6] }),
      [16, 16, 1],
      3,
      options.weights,
    );
    const adam = new Adam(bystander.variables);
    const step = trainingStep(bystander, adam, 0);
    tf.tidy(() => step(labelledRows(bystander, labelled, [1, 2, 3], { dropout: root, augment: root })));
    options.weights.normal();
    options.order.bits();
    expect(await train({ onProgress: () => {} })).toEqual(scores);
    adam.dispose();
    bystander.dispose();
  });

  test('another data order gives other scores', async () => {
    expect(await train({ order: root.of('another order') })).not.toEqual(await train());
  });

  test('trains as many steps on 2 images as on 30', async () => {
    const updates: number[] = [];
    for (const n of [2, 30]) {
      let last: TrainProgress | undefined;
      const onProgress = (progress: TrainProgress) => {
        last = progress;
      };
      const classifier = await trainClassifier(config, stripes(n), { ...options, onProgress });
      expect(classifier.training).toMatchObject({ labels: n, updates: config.updates });
      classifier.dispose();
      updates.push(last?.updates ?? 0);
      expect(last?.update).toBe(last?.updates);
    }
    expect(updates).toEqual(config.kind === 'linear-svm' ? [3, 3] : [12, 12]);
  });

  test('takes a single label', async () => {
    const classifier = await trainClassifier(config, stripes(1), options);
    const scores = await scoreImages(classifier, labelled.images);
    expect(scores.every((score) => Number.isFinite(score))).toBe(true);
    classifier.dispose();
  });

  test('leaves only its weights, and nothing once disposed', async () => {
    const before = tf.memory().numTensors;
    const classifier = await trainClassifier(config, labelled, options);
    expect(tf.memory().numTensors).toBe(before + classifier.weights().size);
    await scoreImages(classifier, labelled.images);
    classifier.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('an abort is thrown as it is and leaves nothing', async () => {
    const before = tf.memory().numTensors;
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('enough'));
    await expect(
      trainClassifier(config, labelled, { ...options, onProgress, signal: controller.signal }),
    ).rejects.toThrow('enough');
    expect(tf.memory().numTensors).toBe(before);
  });

  test('does not start under an aborted signal', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(trainClassifier(config, labelled, { ...options, signal })).rejects.toThrow('too late');
  });
});

test('a network starts from the weights stream alone', async () => {
  const config = ClassifierConfig.parse({ kind: 'mlp', hidden: [6], updates: 1, learningRate: 1e-9 });
  const scoresOf = async (override: Partial<TrainOptions>) => {
    const classifier = await trainClassifier(config, stripes(6), { ...options, ...override });
    const scores = await scoreImages(classifier, stripes(6).images);
    classifier.dispose();
    return scores;
  };
  const scores = await scoresOf({});
  const reordered = await scoresOf({ order: root.of('another order') });
  reordered.forEach((score, i) => {
    expect(score).toBeCloseTo(scores[i]!, 5);
  });
  expect(await scoresOf({ weights: root.of('other weights') })).not.toEqual(scores);
});

test('minimises mean cross-entropy plus weightDecay / 2 times the squared kernels', async () => {
  const config = MlpConfig.parse({ kind: 'mlp', hidden: [4] });
  const network = buildNetwork(config, [16, 16, 1], 3, options.weights);
  const labelled = stripes(4);
  tf.tidy(() => {
    // Biases start at 0, where nobody could tell whether they are penalised.
    for (const variable of Object.values(network.variables)) variable.assign(tf.add(variable, 0.1));
  });
  // Learning rate 0: the network stays as it is, and only the losses are looked at.
  const adam = new Adam(network.variables, { learningRate: 0 });
  const lossAt = async (weightDecay: number) => {
    const step = trainingStep(network, adam, weightDecay);
    const { loss } = tf.tidy(() =>
      step(labelledRows(network, labelled, [0, 3, 1], { dropout: root, augment: root })),
    );
    const [value] = await loss.data();
    loss.dispose();
    step.dispose();
    return value as number;
  };
  const table = await scoreImages(network, labelled.images);
  const surprise = (row: number) => {
    const scores = [...table.slice(row * 3, row * 3 + 3)];
    const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
    return Math.log(sum) - scores[labelled.labels[row]!]!;
  };
  let squares = 0;
  for (const [name, variable] of Object.entries(network.variables)) {
    if (!name.endsWith('kernel')) continue;
    for (const value of await variable.data<'float32'>()) squares += value ** 2;
  }
  const crossEntropy = (surprise(0) + surprise(3) + surprise(1)) / 3;
  expect(await lossAt(0)).toBeCloseTo(crossEntropy, 5);
  expect(await lossAt(0.1)).toBeCloseTo(crossEntropy + 0.05 * squares, 5);
  adam.dispose();
  network.dispose();
});

test('a loss that explodes is an error that leaves nothing', async () => {
  const before = tf.memory().numTensors;
  const config = ClassifierConfig.parse({ kind: 'mlp', updates: 30, learningRate: 1e30 });
  await expect(trainClassifier(config, stripes(30), options)).rejects.toThrow(
    /^trainClassifier\.config\.learningRate: expected one that keeps the loss finite, got 1e\+30 with a loss of/,
  );
  expect(tf.memory().numTensors).toBe(before);
});

test.each([
  [
    { n: 0, images: new Uint8Array(0), labels: new Uint8Array(0) },
    'labelled.n: expected an integer of at least 1, got 0',
  ],
  [{ n: 1 }, 'labelled.labels: expected 1 labels, got 2'],
  [{ images: new Uint8Array(500) }, 'labelled.images: expected 2 images of [16, 16, 1], got 500 bytes'],
  [{ labels: Uint8Array.from([0, 3]) }, 'labelled.labels: expected classes in [0, 3), got 3'],
])('refuses labelled data that disagree: %#', async (wrong, message) => {
  const labelled = { ...stripes(2), ...wrong };
  for (const config of configs) {
    await expect(trainClassifier(config, labelled, options)).rejects.toThrow(`trainClassifier.${message}`);
  }
});
