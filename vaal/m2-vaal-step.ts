/**
 * The two updates of M2-VAAL: one of the semi-supervised model M2, one of a discriminator of its codes.
 *
 * Source: Kingma et al. 2014, "Semi-supervised Learning with Deep Generative Models" (M2); Sinha et al. 2019, "Variational
 * Adversarial Active Learning" (the discriminator). The combination is ours: where VAAL's codes know nothing of the task,
 * these hold what the classifier `q(y|x)` thinks.
 *
 *     y'   = q(y|x), as probabilities, of labelled images too: a label would give them away
 *     code = [mean of q(z|x, y'), y']
 */
import * as tf from '@tensorflow/tfjs';
import type { NormMode } from '../generators/batch-norm.ts';
import type { M2Config } from '../generators/m2-config.ts';
import { encodeMixed } from '../generators/m2-pairs.ts';
import {
  createM2Training,
  disposeM2Training,
  type M2Batch,
  type M2Losses,
  type M2Noise,
  type M2Training,
  m2Step,
} from '../generators/m2-step.ts';
import { bernoulliPixels, type Gaussians } from '../generators/mlp-terms.ts';
import { createNetwork, disposeNetwork, type Network } from '../generators/network.ts';
import { Adam } from '../src/backend/adam.ts';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import {
  adversarialLoss,
  discriminateCodes,
  discriminatorLoss,
  discriminatorShapes,
  discriminatorValues,
} from './discriminator.ts';
import type { M2VaalConfig } from './m2-vaal-config.ts';

/** The networks of an M2, in training or trained. */
export type M2Networks = Pick<M2Training, 'layers' | 'classifier' | 'encoder' | 'decoder'>;

/** A discriminator of the codes of an M2. */
export interface CodeDiscriminator {
  readonly m2: M2Networks;
  readonly discriminator: Network;
  readonly discriminatorAdam: Adam;
}

/** Everything the two updates change, and what they need to know. */
export interface M2VaalTraining extends CodeDiscriminator {
  readonly m2: M2Training;
  /** Weight of the adversarial term in M2's update; 0 leaves it out. */
  readonly adversary: number;
}

/**
 * Fresh networks and optimisers; all weights come from streams below `stream`. The caller frees them with
 * {@link disposeM2VaalTraining}.
 *
 * @param config of M2
 * @param images of the whole training set; only M2's official weighting asks
 */
export function createM2VaalTraining(
  config: M2Config,
  options: M2VaalConfig,
  shape: ImageShape,
  images: { readonly labelled: number; readonly unlabelled: number },
  stream: Stream,
): M2VaalTraining {
  const m2 = createM2Training(config, shape, images, stream.of('m2'));
  return { ...createCodeDiscriminator(m2, config, options, stream), m2, adversary: options.adversary };
}

/**
 * A fresh discriminator of an M2's codes; its weights come from a stream below `stream`. The caller frees it, not M2, with
 * {@link disposeCodeDiscriminator}.
 */
export function createCodeDiscriminator(
  m2: M2Networks,
  { latentSize, classes }: { readonly latentSize: number; readonly classes: number },
  { discriminator: hidden, discriminatorLearningRate }: M2VaalConfig,
  stream: Stream,
): CodeDiscriminator {
  const discriminator = createNetwork(
    discriminatorShapes(latentSize + classes, hidden),
    stream.of('discriminator'),
    discriminatorValues,
  );
  const discriminatorAdam = new Adam(discriminator.weights, { learningRate: discriminatorLearningRate });
  return { m2, discriminator, discriminatorAdam };
}

/** Frees the variables of the discriminator and of its optimiser. */
export function disposeCodeDiscriminator({ discriminator, discriminatorAdam }: CodeDiscriminator): void {
  disposeNetwork(discriminator);
  discriminatorAdam.dispose();
}

/** Frees the variables of all networks and of the optimisers. */
export function disposeM2VaalTraining(training: M2VaalTraining): void {
  disposeM2Training(training.m2);
  disposeCodeDiscriminator(training);
}

/** What M2 makes of images. The caller disposes all of it. */
export type MixedCodes = {
  readonly posteriors: Gaussians;
  /** `q(y|x)`, `[n, classes]` */
  readonly probs: tf.Tensor2D;
  /** `[n, latentSize + classes]`: what the discriminator sees. */
  readonly codes: tf.Tensor2D;
};

/**
 * Codes of pixels `[n, height width channels]` in [0, 1], without dropout.
 */
export function mixedCodes(
  { layers, classifier, encoder }: M2Networks,
  pixels: tf.Tensor2D,
  norm: NormMode,
): MixedCodes {
  return tf.tidy(() => {
    const probs = tf.exp(tf.logSoftmax(layers.classify(classifier, pixels, { norm }).logits)) as tf.Tensor2D;
    const posteriors = encodeMixed(layers, encoder, pixels, probs);
    return { posteriors, probs, codes: tf.concat2d([posteriors.means, probs], 1) };
  });
}

/**
 * {@link m2Step}, to whose loss is added `adversary` times {@link adversarialLoss}: both pools are to look labelled to the
 * discriminator, which stays as it is.
 *
 * @returns losses before the update; the caller disposes all four
 */
export function m2VaalUpdate(training: M2VaalTraining, batch: M2Batch, noise: M2Noise): M2Losses {
  const { m2, discriminator, adversary } = training;
  if (adversary === 0) return m2Step(m2, batch, noise);
  return m2Step(m2, batch, noise, () => {
    const [known, unknown] = codesOfBoth(m2, batch, { by: 'batch' });
    return tf.mul(
      adversarialLoss(discriminateCodes(discriminator, known), discriminateCodes(discriminator, unknown)),
      adversary,
    );
  });
}

/**
 * Updates the discriminator on codes, labelled ones as 1 and unlabelled ones as 0. M2 stays as it is.
 *
 * @param norm how M2's batch norms normalise: by the batch while it is trained, by the running statistics afterwards
 * @returns {@link discriminatorLoss} before the update; the caller disposes it
 */
export function codeDiscriminatorUpdate(
  { m2, discriminator, discriminatorAdam }: CodeDiscriminator,
  batch: Pick<M2Batch, 'labelled' | 'unlabelled'>,
  norm: NormMode,
): tf.Scalar {
  return tf.tidy(() => {
    // Outside the gradient, so that nothing is differentiated but the discriminator.
    const [known, unknown] = codesOfBoth(m2, batch, norm);
    const { value, grads } = tf.variableGrads(
      () =>
        discriminatorLoss(discriminateCodes(discriminator, known), discriminateCodes(discriminator, unknown)),
      Object.values(discriminator.weights),
    );
    discriminatorAdam.apply(grads);
    return value;
  });
}

/** Codes of labelled and of unlabelled images, which pass M2 as one batch; pixels go in as they are, not binarised. */
function codesOfBoth(
  m2: M2Networks,
  { labelled, unlabelled }: Pick<M2Batch, 'labelled' | 'unlabelled'>,
  norm: NormMode,
): [tf.Tensor2D, tf.Tensor2D] {
  const pixels = tf.concat2d([bernoulliPixels(labelled), bernoulliPixels(unlabelled)], 0);
  const counts = [labelled.shape[0], unlabelled.shape[0]];
  return tf.split(mixedCodes(m2, pixels, norm).codes, counts) as [tf.Tensor2D, tf.Tensor2D];
}
