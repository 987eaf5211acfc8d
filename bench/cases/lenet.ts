/** The task model: a LeNet's training step, and its scores of a whole pool. */
import * as tf from '@tensorflow/tfjs';
import { Adam } from '../../src/backend/adam.ts';
import { LenetConfig } from '../../src/classifiers/config.ts';
import { scoreImages } from '../../src/classifiers/predict.ts';
import { buildNetwork, labelledRows, trainingStep } from '../../src/classifiers/train-network.ts';
import type { ImageShape, Split } from '../../src/datasets/dataset.ts';
import { imageSize } from '../../src/datasets/dataset.ts';
import type { Stream } from '../../src/random.ts';
import type { CaseSize, StepCase } from './case.ts';
import { readAll } from './read.ts';

const CLASSES = 10;

/** Images of 28 x 28 and the default widths, or the smallest that a LeNet takes. */
function sizes(size: CaseSize): { shape: ImageShape; widths: [number, number, number]; pool: number } {
  return size === 'full'
    ? { shape: [28, 28, 1], widths: [20, 50, 128], pool: 60_000 }
    : { shape: [16, 16, 1], widths: [3, 4, 5], pool: 130 };
}

/** One step of the classifier's training, at the default batch. */
export const classifierStep: StepCase = {
  name: 'classifier',
  describe: (size) =>
    `LeNet ${sizes(size).shape.join(' x ')}, batch ${config(size).batch}: one training step`,
  create: (size, stream) => {
    const { shape } = sizes(size);
    const { batch, learningRate, weightDecay } = config(size);
    const network = buildNetwork(config(size), shape, CLASSES, stream.of('weights'));
    const adam = new Adam(network.variables, { learningRate });
    const labelled = noise(batch, shape, stream);
    const update = trainingStep(network, adam, weightDecay);
    const rows = Array.from({ length: batch }, (_, row) => row);
    const { first, rest } = lenetFlop(size);
    return {
      // Three passes, but for the gradient by the images.
      gflop: (batch * (2 * first + 3 * rest)) / 1e9,
      step: () =>
        readAll(
          tf.tidy(() => update(labelledRows(network, labelled, rows, { dropout: stream, augment: stream }))),
        ),
      variables: network.variables,
      optimisers: { adam },
      dispose: () => {
        update.dispose();
        network.dispose();
        adam.dispose();
      },
    };
  },
};

/** Class scores of a pool held as bytes: what uncertainty sampling pays each round. */
export const poolScoring: StepCase = {
  name: 'pool-scoring',
  describe: (size) => `LeNet ${sizes(size).shape.join(' x ')}: scores of ${sizes(size).pool} images`,
  create: (size, stream) => {
    const { shape, pool } = sizes(size);
    const network = buildNetwork(config(size), shape, CLASSES, stream.of('weights'));
    const { images } = noise(pool, shape, stream);
    const { first, rest } = lenetFlop(size);
    return {
      gflop: (pool * (first + rest)) / 1e9,
      step: async () => ({ scores: await scoreImages(network, images) }),
      variables: {},
      optimisers: {},
      dispose: () => network.dispose(),
    };
  },
};

function config(size: CaseSize): LenetConfig {
  return LenetConfig.parse({ kind: 'lenet', widths: sizes(size).widths });
}

function noise(n: number, shape: ImageShape, stream: Stream): Split {
  const values = stream.of('images').uniforms(n * imageSize(shape));
  return {
    images: Uint8Array.from(values, (value) => 256 * value),
    labels: Uint8Array.from({ length: n }, (_, row) => row % CLASSES),
    n,
  };
}

/** Operations of one image's pass: of the first convolution, and of all other layers. */
function lenetFlop(size: CaseSize): { first: number; rest: number } {
  const {
    shape: [side, , channels],
    widths: [one, two, hidden],
  } = sizes(size);
  const after = side - 4;
  const last = after / 2 - 4;
  const first = 2 * after ** 2 * 25 * channels * one;
  const second = 2 * last ** 2 * 25 * one * two;
  const dense = 2 * (Math.floor(last / 2) ** 2 * two * hidden + hidden * CLASSES);
  return { first, rest: second + dense };
}
