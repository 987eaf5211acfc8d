/**
 * Mini-batch training of a network: a fixed number of steps on mean cross-entropy.
 */
import * as tf from '@tensorflow/tfjs';
import { Adam } from '../backend/adam.ts';
import { moveRunning } from '../backend/batch-norm.ts';
import { type GraphStep, graphStep } from '../backend/graph-step.ts';
import { Sgd } from '../backend/sgd.ts';
import { gatherImages, type ImageShape, imageTensor, type Split } from '../datasets/dataset.ts';
import type { Stream } from '../random.ts';
import type { FloatTensor } from '../safetensors.ts';
import { augmented } from './augment.ts';
import type { TrainedClassifier, TrainingReport } from './classifier.ts';
import type { LenetConfig, MlpConfig } from './config.ts';
import { buildConv13 } from './conv13.ts';
import type { Conv13Config, Resnet18Config, VggConfig } from './deep-config.ts';
import { buildLenet } from './lenet.ts';
import { buildMlp } from './mlp.ts';
import { type Masks, Network, type NetworkLayers } from './network.ts';
import { buildResnet18 } from './resnet18.ts';
import { rateFactor } from './schedule.ts';
import type { MomentRecord } from './stage.ts';
import type { TrainOptions } from './train.ts';
import type { AugmentConfig } from './training-config.ts';
import { buildVgg } from './vgg.ts';

export type NetworkConfig = MlpConfig | LenetConfig | Conv13Config | VggConfig | Resnet18Config;

/** What moves the weights of a network in training. */
export type Optimiser = Pick<Adam | Sgd, 'apply' | 'dispose' | 'learningRate'>;

/** Progress is told about this many times a training. */
const reports = 50;
/** Tensors that one operation adds up; WebGPU takes 11 at most. */
const MOST_ADDED = 8;
/** Steps between two turns of the event loop, for timers and signals. */
const stepsATurn = 8;

/** An untrained network of a configuration, its weights drawn from streams named below `weights`. */
export function buildNetwork(
  config: NetworkConfig,
  shape: ImageShape,
  classes: number,
  weights: Stream,
): Network {
  return new Network(layersOf(config, shape, classes, weights), shape, classes);
}

function layersOf(config: NetworkConfig, shape: ImageShape, classes: number, weights: Stream): NetworkLayers {
  switch (config.kind) {
    case 'mlp':
      return buildMlp(config, shape, classes, weights);
    case 'lenet':
      return buildLenet(config, shape, classes, weights);
    case 'conv13':
      return buildConv13(config, shape, classes, weights);
    case 'vgg':
      return buildVgg(config, shape, classes, weights);
    case 'resnet18':
      return buildResnet18(config, shape, classes, weights);
  }
}

/** A fresh optimiser of a configuration for a network's weights. The caller disposes it. */
export function optimiserOf(config: NetworkConfig, { weights }: Network): Optimiser {
  if (!('optimiser' in config)) return new Adam(weights, { learningRate: config.learningRate });
  const { optimiser } = config;
  return optimiser.kind === 'sgd' ? new Sgd(weights, optimiser) : new Adam(weights, optimiser);
}

/** Builds and trains a network; see `trainClassifier`, which has checked its arguments. */
export async function trainNetwork(
  config: NetworkConfig,
  labelled: Split,
  { shape, classes, weights, start, order, batches, onProgress, signal }: TrainOptions,
): Promise<TrainedClassifier> {
  const network = buildNetwork(config, shape, classes, weights);
  if (start !== undefined) startFrom(network, start);
  const optimiser = optimiserOf(config, network);
  const firstRate = optimiser.learningRate;
  const step = trainingStep(network, optimiser, config.weightDecay);
  try {
    const { updates } = config;
    const reportEvery = Math.max(1, Math.floor(updates / reports));
    const nextRows = batches ?? miniBatches(labelled.n, config.batch, order);
    let objective = Number.NaN;
    for (let update = 1; update <= updates; update++) {
      signal?.throwIfAborted();
      if ('schedule' in config) {
        optimiser.learningRate = firstRate * rateFactor(config.schedule, update, updates);
      }
      const rows = nextRows.next().value;
      const draws = { dropout: order.of('dropout', update), augment: order.of('augment', update) };
      const { loss } = tf.tidy(() => step(labelledRows(network, labelled, rows, draws, config.augment)));
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
        `trainClassifier.config.learningRate: expected one that keeps the loss finite, got ${firstRate} ` +
          `with a loss of ${objective} after ${updates} updates`,
      );
    }
    return trained(config, network, { labels: labelled.n, updates, objective, dualityGap: null });
  } catch (error) {
    network.dispose();
    throw error;
  } finally {
    step.dispose();
    optimiser.dispose();
  }
}

/** Puts values into some of a network's variables; RangeError, the network disposed, if one does not fit. */
function startFrom(network: Network, start: ReadonlyMap<string, FloatTensor>): void {
  for (const [name, { shape, values }] of start) {
    const variable = network.variables[name];
    if (variable === undefined || variable.shape.join() !== shape.join()) {
      network.dispose();
      const expected =
        variable === undefined ? 'a variable of the network' : `[${variable.shape.join(', ')}]`;
      throw new RangeError(
        `trainClassifier.start: expected ${expected}, got ${name} of shape [${shape.join(', ')}]`,
      );
    }
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
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

/** What chance decides about a mini-batch: masks of dropout, changes of images. Not moved. */
export interface BatchDraws {
  readonly dropout: Stream;
  readonly augment: Stream;
}

/** The rows of a mini-batch, changed at random if `augment` says how, as tensors the caller disposes. */
export function labelledRows(
  network: Network,
  labelled: { readonly images: Uint8Array; readonly labels: ArrayLike<number> },
  rows: readonly number[],
  draws: BatchDraws,
  augment?: AugmentConfig,
): LabelledBatch {
  const labels = Int32Array.from(rows, (row) => labelled.labels[row] as number);
  const bytes = gatherImages(labelled.images, network.shape, rows);
  const seen = augment === undefined ? bytes : augmented(bytes, network.shape, augment, draws.augment);
  return {
    images: imageTensor(seen, network.shape),
    labels: tf.tensor1d(labels, 'int32'),
    masks: network.drawMasks(rows.length, draws.dropout),
  };
}

/**
 * Steps of an optimiser on mini-batches, each followed by one of the running statistics of batch norms.
 *
 * Loss: `mean_i -log softmax(scores_i)[label_i] + weightDecay / 2 sum |kernel|^2`.
 *
 * @returns a step that returns the loss before it, a scalar the caller disposes
 */
export function trainingStep(
  network: Network,
  optimiser: Pick<Optimiser, 'apply'>,
  weightDecay: number,
): GraphStep<LabelledBatch, { loss: tf.Scalar }> {
  return graphStep((batch: LabelledBatch) => ({ loss: updateOn(network, optimiser, batch, weightDecay) }));
}

function updateOn(
  network: Network,
  optimiser: Pick<Optimiser, 'apply'>,
  { images, labels, masks }: LabelledBatch,
  weightDecay: number,
): tf.Scalar {
  return tf.tidy(() => {
    const truths = tf.oneHot(labels, network.classes); // [batch, classes]
    const weights = Object.values(network.weights);
    const record: MomentRecord = new Map();
    const { value, grads } = tf.variableGrads(() => {
      const crossEntropy: tf.Scalar = tf.losses.softmaxCrossEntropy(
        truths,
        network.scoresUnder(images, masks, record),
      );
      return weightDecay === 0 ? crossEntropy : tf.add(crossEntropy, penalty(weights, weightDecay));
    }, weights);
    optimiser.apply(grads);
    moveRunning(network.statistics, [record]);
    return value;
  });
}

/** `weightDecay / 2` times the sum of squares of all weights that are no biases. */
function penalty(variables: readonly tf.Variable[], weightDecay: number): tf.Scalar {
  const squares = variables
    .filter(({ rank }) => rank > 1)
    .map((kernel) => tf.sum(tf.square(kernel)) as tf.Scalar);
  return tf.mul(sumOf(squares), weightDecay / 2);
}

function sumOf(terms: readonly tf.Scalar[]): tf.Scalar {
  if (terms.length <= MOST_ADDED) return tf.addN([...terms]);
  return sumOf([tf.addN(terms.slice(0, MOST_ADDED)), ...terms.slice(MOST_ADDED)]);
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
