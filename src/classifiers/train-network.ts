/**
 * Mini-batch training of a network: a fixed number of Adam steps on mean cross-entropy.
 */
import * as tf from '@tensorflow/tfjs';
import { Adam } from '../backend/adam.ts';
import { type GraphStep, graphStep } from '../backend/graph-step.ts';
import { batchOf, type ImageShape, type Split } from '../datasets/dataset.ts';
import type { Stream } from '../random.ts';
import type { TrainedClassifier, TrainingReport } from './classifier.ts';
import type { LenetConfig, MlpConfig } from './config.ts';
import { buildLenet } from './lenet.ts';
import { buildMlp } from './mlp.ts';
import { type Masks, Network } from './network.ts';
import type { TrainOptions } from './train.ts';

export type NetworkConfig = MlpConfig | LenetConfig;

/** Progress is told about this many times a training. */
const reports = 50;
/** Steps between two turns of the event loop, for timers and signals. */
const stepsATurn = 8;

/** An untrained network of a configuration, its weights drawn from streams named below `weights`. */
export function buildNetwork(
  config: NetworkConfig,
  shape: ImageShape,
  classes: number,
  weights: Stream,
): Network {
  const layers =
    config.kind === 'mlp'
      ? buildMlp(config, shape, classes, weights)
      : buildLenet(config, shape, classes, weights);
  return new Network(layers, shape, classes);
}

/** Builds and trains a network; see `trainClassifier`, which has checked its arguments. */
export async function trainNetwork(
  config: NetworkConfig,
  labelled: Split,
  { shape, classes, weights, order, onProgress, signal }: TrainOptions,
): Promise<TrainedClassifier> {
  const network = buildNetwork(config, shape, classes, weights);
  const adam = new Adam(network.variables, { learningRate: config.learningRate });
  const step = trainingStep(network, adam, config.weightDecay);
  try {
    const { updates } = config;
    const reportEvery = Math.max(1, Math.floor(updates / reports));
    const batches = miniBatches(labelled.n, config.batch, order);
    let objective = Number.NaN;
    for (let update = 1; update <= updates; update++) {
      signal?.throwIfAborted();
      const { loss } = tf.tidy(() =>
        step(labelledRows(network, labelled, batches.next().value, order.of('dropout', update))),
      );
      try {
        const reporting = onProgress !== undefined && update % reportEvery === 0;
        if (reporting || update === updates) objective = (await loss.data())[0] as number;
        if (reporting) onProgress({ update, updates, objective });
      } finally {
        loss.dispose();
      }
      if (update % stepsATurn === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    if (!Number.isFinite(objective)) {
      throw new Error(
        `trainClassifier.config.learningRate: expected one that keeps the loss finite, got ${config.learningRate} ` +
          `with a loss of ${objective} after ${updates} updates`,
      );
    }
    return trained(config, network, { labels: labelled.n, updates, objective, dualityGap: null });
  } catch (error) {
    network.dispose();
    throw error;
  } finally {
    step.dispose();
    adam.dispose();
  }
}

/** A network as a classifier that can be saved. Disposing it disposes the network. */
export function trained(
  config: NetworkConfig,
  network: Network,
  training: TrainingReport,
): TrainedClassifier {
  return {
    config,
    training,
    classes: network.classes,
    shape: network.shape,
    scores: (images) => network.scores(images),
    features: (images) => network.features(images),
    ...(network.hasDropout && {
      sampleScores: (images: tf.Tensor4D, stream: Stream, passes: number) =>
        network.sampleScores(images, stream, passes),
    }),
    weights: () => new Map(Object.entries(network.variables)),
    dispose: () => network.dispose(),
  };
}

/** A mini-batch. */
export interface LabelledBatch {
  /** `[batch, height, width, channels]` in [-1, 1] */
  readonly images: tf.Tensor4D;
  /** int32 `[batch]` */
  readonly labels: tf.Tensor1D;
  /** What dropout leaves out of each image's pass; empty for a network without. */
  readonly masks: Masks;
}

/**
 * The rows of a mini-batch, as tensors the caller disposes.
 *
 * @param dropout draws the masks of a network that has dropout; not moved
 */
export function labelledRows(
  network: Network,
  labelled: Split,
  rows: readonly number[],
  dropout: Stream,
): LabelledBatch {
  const labels = Int32Array.from(rows, (row) => labelled.labels[row] as number);
  return {
    images: batchOf(labelled, network.shape, rows),
    labels: tf.tensor1d(labels, 'int32'),
    masks: network.drawMasks(rows.length, dropout),
  };
}

/**
 * Adam steps on mini-batches.
 *
 * Loss: `mean_i -log softmax(scores_i)[label_i] + weightDecay / 2 sum |kernel|^2`.
 *
 * @returns a step that returns the loss before it, a scalar the caller disposes
 */
export function trainingStep(
  network: Network,
  adam: Adam,
  weightDecay: number,
): GraphStep<LabelledBatch, { loss: tf.Scalar }> {
  return graphStep((batch: LabelledBatch) => ({ loss: updateOn(network, adam, batch, weightDecay) }));
}

function updateOn(
  network: Network,
  adam: Adam,
  { images, labels, masks }: LabelledBatch,
  weightDecay: number,
): tf.Scalar {
  return tf.tidy(() => {
    const truths = tf.oneHot(labels, network.classes); // [batch, classes]
    const variables = Object.values(network.variables);
    const { value, grads } = tf.variableGrads(() => {
      const crossEntropy: tf.Scalar = tf.losses.softmaxCrossEntropy(
        truths,
        network.scoresUnder(images, masks),
      );
      return weightDecay === 0 ? crossEntropy : tf.add(crossEntropy, penalty(variables, weightDecay));
    }, variables);
    adam.apply(grads);
    return value;
  });
}

/** `weightDecay / 2` times the sum of squares of all weights that are no biases. */
function penalty(variables: readonly tf.Variable[], weightDecay: number): tf.Scalar {
  const squares = variables
    .filter(({ rank }) => rank > 1)
    .map((kernel) => tf.sum(tf.square(kernel)) as tf.Scalar);
  return tf.mul(tf.addN(squares), weightDecay / 2);
}

/**
 * Rows of one mini-batch after the other, without end: a shuffle of all rows, then another, cut into batches
 * regardless of where one shuffle ends. Each row is thus visited equally often to within one, whatever `n`.
 * Pass `k` is shuffled by `order.of(k)`.
 */
export function* miniBatches(n: number, batch: number, order: Stream): Generator<number[], never> {
  let rows: number[] = [];
  for (let pass = 0, next = 0; ; ) {
    const chosen: number[] = [];
    while (chosen.length < batch) {
      if (next === rows.length) {
        rows = order.of(pass++).permutation(n);
        next = 0;
      }
      chosen.push(rows[next++] as number);
    }
    yield chosen;
  }
}
