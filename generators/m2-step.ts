/**
 * One training step of the semi-supervised model M2.
 *
 * Source: Kingma et al. 2014, "Semi-supervised Learning with Deep Generative Models", equations 6 to 9. In nats, with
 * one sample of `z` a pair and classes equally likely:
 *
 * ```
 * L(x, y) = -log p(x|y, z) + KL(q(z|x, y) || p(z)) + ln classes
 * U(x)    = sum_y q(y|x) (L(x, y) + log q(y|x))
 * ```
 *
 * `L` and `U` bound `-log p(x, y)` and `-log p(x)` from above; the sum over `y` is exact. Training minimises both and
 * the classification loss `-log q(y|x)` of the labelled images, weighted as `m2-config.ts` says.
 */
import * as tf from '@tensorflow/tfjs';
import { Adam } from '../src/backend/adam.ts';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { checkShape } from '../src/shapes.ts';
import { type MomentRecord, moveStatistics } from './batch-norm.ts';
import type { M2Config, M2Weighting } from './m2-config.ts';
import { type M2Architecture, type M2Layers, type M2Name, m2Layers } from './m2-networks.ts';
import { encodeEvery, encodePairs, everyClass, oneHotClasses, pairClasses, pairPixels } from './m2-pairs.ts';
import { bernoulliLoss, bernoulliPixels, divergenceFromPrior, sampleGaussians } from './mlp-terms.ts';
import { createNetwork, disposeNetwork, type Network, variablesOf } from './network.ts';
import type { Variables } from './variables.ts';

/** What the three means are multiplied by. */
export interface M2Weights {
  readonly labelled: number;
  readonly unlabelled: number;
  readonly classification: number;
}

/** Everything a step changes, and what it needs to know. */
export interface M2Training {
  readonly architecture: M2Architecture;
  readonly layers: M2Layers;
  readonly weights: M2Weights;
  readonly classifier: Network;
  readonly encoder: Network;
  readonly decoder: Network;
  /** Of all three networks. */
  readonly adam: Adam;
}

/** Images of one step, in [-1, 1], and the labels of the first. */
export interface M2Batch {
  /** `[labelled, height, width, channels]` */
  readonly labelled: tf.Tensor4D;
  /** int32 `[labelled]`, each in `[0, classes)` */
  readonly labels: tf.Tensor1D;
  /** `[unlabelled, height, width, channels]` */
  readonly unlabelled: tf.Tensor4D;
}

/** Noise of one step. */
export interface M2Noise {
  /** `[labelled, latentSize]` from N(0, I). */
  readonly labelledLatents: tf.Tensor2D;
  /** `[classes, unlabelled, latentSize]` from N(0, I): every class its own. */
  readonly unlabelledLatents: tf.Tensor3D;
  /**
   * Uniform in [-1, 1), as the labelled and the unlabelled images: pixels are binarised by it, once for all classes.
   * Absent for real-valued pixels.
   */
  readonly pixels?: { readonly labelled: tf.Tensor4D; readonly unlabelled: tf.Tensor4D };
  /**
   * `[labelled + unlabelled, units]` as {@link dropoutMask} draws: what the classifier's last hidden layer is multiplied
   * by. Absent: by nothing.
   */
  readonly kept?: tf.Tensor2D;
}

/** Scalars on the device, in nats an image. */
export interface M2Losses {
  /** The weighted sum of the three below, and what a caller of the step may have added. */
  readonly loss: tf.Scalar;
  /** Mean `L(x, y)` of the labelled images. */
  readonly labelledBound: tf.Scalar;
  /** Mean `U(x)` of the unlabelled images. */
  readonly unlabelledBound: tf.Scalar;
  /** Mean `-log q(y|x)` of the labelled images. */
  readonly classification: tf.Scalar;
}

/**
 * Weights of the three means, for a training set of so many labelled and unlabelled images.
 */
export function m2Weights(
  weighting: M2Weighting,
  { labelled, unlabelled }: { readonly labelled: number; readonly unlabelled: number },
): M2Weights {
  if (weighting !== 'official') return { labelled: 1, unlabelled: 1, classification: weighting.alpha };
  const all = labelled + unlabelled;
  return { labelled: labelled / all, unlabelled: unlabelled / all, classification: 0.1 };
}

/**
 * Fresh networks and their optimiser; all weights come from streams below `stream`. The caller frees them with
 * {@link disposeM2Training}.
 *
 * @param images of the whole training set; only the official weighting asks
 */
export function createM2Training(
  config: M2Config,
  shape: ImageShape,
  images: { readonly labelled: number; readonly unlabelled: number },
  stream: Stream,
): M2Training {
  const { classes, latentSize, network, weighting, learningRate, beta1 } = config;
  const architecture = { classes, latentSize, network, shape };
  const layers = m2Layers(architecture);
  const create = (name: M2Name) => createNetwork(layers.shapes[name], stream.of(name), layers.initial);
  const networks = {
    classifier: create('classifier'),
    encoder: create('encoder'),
    decoder: create('decoder'),
  };
  const adam = new Adam(trainedVariables(networks), { learningRate, beta1, beta2: 0.999, epsilon: 1e-8 });
  return { architecture, layers, weights: m2Weights(weighting, images), ...networks, adam };
}

/** What a gradient moves, by the names of {@link m2Variables}. */
function trainedVariables(networks: Readonly<Record<M2Name, Network>>): Variables {
  const weightsOf = ({ weights }: Network): Network => ({ weights, statistics: {} });
  return m2Variables({
    classifier: weightsOf(networks.classifier),
    encoder: weightsOf(networks.encoder),
    decoder: weightsOf(networks.decoder),
  });
}

/** All variables, under `classifier/<name>`, `encoder/<name>` and `decoder/<name>`. */
export function m2Variables({ classifier, encoder, decoder }: Readonly<Record<M2Name, Network>>): Variables {
  return {
    ...variablesOf('classifier', classifier),
    ...variablesOf('encoder', encoder),
    ...variablesOf('decoder', decoder),
  };
}

/** Frees the variables of all networks and of the optimiser. */
export function disposeM2Training({ classifier, encoder, decoder, adam }: M2Training): void {
  for (const network of [classifier, encoder, decoder]) disposeNetwork(network);
  adam.dispose();
}

/**
 * Updates all three networks on a batch. Queues work only: nothing is read back from the device.
 *
 * Labelled and unlabelled images pass the classifier as one batch. Its batch norms then see one population, of which
 * both are draws, take their moments over more images, and hold no hint of which images are labelled.
 *
 * @param beside a further loss of the same networks, added to the others before the update
 * @returns losses before the update; the caller disposes all four
 */
export function m2Step(
  training: M2Training,
  batch: M2Batch,
  noise: M2Noise,
  beside?: () => tf.Scalar,
): M2Losses {
  checkStep(training, batch, noise);
  const { weights, adam, classifier } = training;
  return tf.tidy(() => {
    const record: MomentRecord = new Map();
    const known = bernoulliPixels(batch.labelled, noise.pixels?.labelled);
    const unknown = bernoulliPixels(batch.unlabelled, noise.pixels?.unlabelled);
    const terms: tf.Scalar[] = [];
    const { value: loss, grads } = tf.variableGrads(
      () => {
        const means = m2Bounds(training, { known, unknown, labels: batch.labels }, noise, record);
        const { labelledBound, unlabelledBound, classification } = means;
        // Kept, because the gradient's scope frees all but its value.
        for (const mean of [labelledBound, unlabelledBound, classification]) terms.push(tf.keep(mean));
        const bounds = tf.add(
          tf.mul(labelledBound, weights.labelled),
          tf.mul(unlabelledBound, weights.unlabelled),
        );
        const total: tf.Scalar = tf.add(bounds, tf.mul(classification, weights.classification));
        return beside === undefined ? total : tf.add(total, beside());
      },
      Object.values(trainedVariables(training)),
    );
    adam.apply(grads);
    moveStatistics(classifier, record);
    const [labelledBound, unlabelledBound, classification] = terms as [tf.Scalar, tf.Scalar, tf.Scalar];
    return { loss, labelledBound, unlabelledBound, classification };
  });
}

/**
 * `U(x) = sum_y q(y|x) (L(x, y) + log q(y|x))`, in nats.
 *
 * @param bounds `L(x, y)`, `[classes, n]`
 * @param logProbs `log q(y|x)`, `[classes, n]`
 * @returns `[n]`; the caller disposes it
 */
export function marginalBound(bounds: tf.Tensor2D, logProbs: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => tf.sum(tf.mul(tf.exp(logProbs), tf.add(bounds, logProbs)), 0) as tf.Tensor1D);
}

interface M2Pixels {
  /** `[labelled, pixels]` in [0, 1] */
  readonly known: tf.Tensor2D;
  /** `[unlabelled, pixels]` in [0, 1] */
  readonly unknown: tf.Tensor2D;
  readonly labels: tf.Tensor1D;
}

function m2Bounds(
  { architecture, layers, classifier, encoder, decoder }: M2Training,
  { known, unknown, labels }: M2Pixels,
  { labelledLatents, unlabelledLatents, kept }: M2Noise,
  record: MomentRecord,
): Omit<M2Losses, 'loss'> {
  const { classes, latentSize } = architecture;
  const [labelled, unlabelled] = [known.shape[0], unknown.shape[0]];
  const images = tf.concat2d([known, unknown], 0);
  const noise = tf.concat2d([labelledLatents, tf.reshape(unlabelledLatents, [-1, latentSize])], 0);

  const posteriors = encodePairs(layers, encoder, images, labels);
  const ofPairs = pairClasses(labels, unlabelled, classes);
  const logits = layers.decode(decoder, sampleGaussians(posteriors, noise), ofPairs);
  const reconstruction = bernoulliLoss(logits, pairPixels(known, unknown, classes));
  const bounds = tf.add(tf.add(reconstruction, divergenceFromPrior(posteriors)), Math.log(classes));
  const [ofLabelled, ofUnlabelled] = tf.split(bounds, [labelled, classes * unlabelled]) as [
    tf.Tensor1D,
    tf.Tensor1D,
  ];

  const ofImages = layers.classify(classifier, images, { norm: { by: 'batch', record }, kept });
  const logProbs = tf.logSoftmax(ofImages.logits);
  const [logKnown, logUnknown] = tf.split(logProbs, [labelled, unlabelled]) as [tf.Tensor2D, tf.Tensor2D];
  const ofLabels = tf.slice(ofPairs, [0, 0], [labelled, classes]);
  const perClass = tf.reshape(ofUnlabelled, [classes, unlabelled]) as tf.Tensor2D;
  return {
    labelledBound: tf.mean(ofLabelled),
    unlabelledBound: tf.mean(marginalBound(perClass, tf.transpose(logUnknown))),
    classification: tf.div(tf.sum(tf.mul(ofLabels, logKnown)), -labelled),
  };
}

function checkStep({ architecture, layers }: M2Training, batch: M2Batch, noise: M2Noise): void {
  const { shape, classes, latentSize } = architecture;
  checkShape('m2Step.batch.labelled', batch.labelled, [null, ...shape]);
  checkShape('m2Step.batch.unlabelled', batch.unlabelled, [null, ...shape]);
  const [labelled, unlabelled] = [batch.labelled.shape[0], batch.unlabelled.shape[0]];
  checkShape('m2Step.batch.labels', batch.labels, [labelled]);
  if (batch.labels.dtype !== 'int32') {
    throw new TypeError(`m2Step.batch.labels: expected int32, got ${batch.labels.dtype}`);
  }
  checkShape('m2Step.noise.labelledLatents', noise.labelledLatents, [labelled, latentSize]);
  checkShape('m2Step.noise.unlabelledLatents', noise.unlabelledLatents, [classes, unlabelled, latentSize]);
  if (noise.pixels) {
    checkShape('m2Step.noise.pixels.labelled', noise.pixels.labelled, batch.labelled.shape);
    checkShape('m2Step.noise.pixels.unlabelled', noise.pixels.unlabelled, batch.unlabelled.shape);
  }
  if (noise.kept) {
    checkShape('m2Step.noise.kept', noise.kept, [labelled + unlabelled, layers.dropout.units]);
  }
}

/**
 * `U(x)` of images, `[n]` in nats, with the networks as they are in use. The caller disposes it.
 *
 * @param pixels `[n, height width channels]` in [0, 1]
 * @param latents `[classes, n, latentSize]` from N(0, I)
 */
export function unlabelledBounds(
  layers: M2Layers,
  { classifier, encoder, decoder }: Readonly<Record<M2Name, Network>>,
  pixels: tf.Tensor2D,
  latents: tf.Tensor3D,
): tf.Tensor1D {
  const [classes, n, latentSize] = latents.shape;
  return tf.tidy(() => {
    // Pairs as in training: all images with class 0, then all with class 1, and so on.
    const posteriors = encodeEvery(layers, encoder, pixels);
    const codes = sampleGaussians(posteriors, tf.reshape(latents, [-1, latentSize]) as tf.Tensor2D);
    const logits = layers.decode(decoder, codes, oneHotClasses(everyClass(n, classes), classes));
    const reconstruction = bernoulliLoss(logits, tf.tile(pixels, [classes, 1]));
    const terms = tf.add(reconstruction, divergenceFromPrior(posteriors));
    const bounds = tf.reshape(tf.add(terms, Math.log(classes)), [classes, n]) as tf.Tensor2D;
    const ofImages = layers.classify(classifier, pixels, { norm: { by: 'running' } });
    return marginalBound(bounds, tf.transpose(tf.logSoftmax(ofImages.logits)));
  });
}
