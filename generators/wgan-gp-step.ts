/**
 * The two training steps of a WGAN-GP: a critic update and a generator update.
 *
 * Source: Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", Algorithm 1 and equation 3.
 * Reference code: igul222/improved_wgan_training@fa66c57 gan_mnist.py.
 * Differs: real and generated images pass the critic in one batch, which is the same since it couples no images;
 * 1e-12 under the root of the gradient's norm, so that its derivative exists at 0.
 */
import * as tf from '@tensorflow/tfjs';
import { Adam } from '../src/backend/adam.ts';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { checkShape } from '../src/shapes.ts';
import { type MomentRecord, moveStatistics } from './batch-norm.ts';
import { disposeNetwork, type Network } from './network.ts';
import type { WganGpConfig } from './wgan-gp-config.ts';
import {
  createWganGpNetwork,
  criticScores,
  generateWganGpImages,
  type WganGpArchitecture,
  wganGpShapes,
} from './wgan-gp-networks.ts';

/** Under the root of the gradient's norm. */
const NORM_FLOOR = 1e-12;

/** Everything a step changes, and what it needs to know. */
export interface WganGpTraining {
  readonly architecture: WganGpArchitecture;
  /** Weight of the gradient penalty. */
  readonly lambda: number;
  readonly generator: Network;
  readonly critic: Network;
  readonly generatorAdam: Adam;
  readonly criticAdam: Adam;
}

/** Losses of one critic step, on the device. */
export type CriticLosses = {
  /** `penalty - wasserstein`, what the critic minimises. */
  readonly criticLoss: tf.Scalar;
  /** Estimate of the Wasserstein distance, `mean D(real) - mean D(generated)`. */
  readonly wasserstein: tf.Scalar;
  /** The gradient penalty, `lambda` included. */
  readonly penalty: tf.Scalar;
};

/**
 * Fresh networks and optimisers; all weights come from streams below `stream`. The caller frees them with
 * {@link disposeWganGpTraining}.
 */
export function createWganGpTraining(
  config: WganGpConfig,
  shape: ImageShape,
  stream: Stream,
): WganGpTraining {
  const { latentSize, width, generatorNorm, criticNorm, learningRate, beta1, beta2, lambda } = config;
  const architecture = { latentSize, width, generatorNorm, criticNorm, shape };
  const shapes = wganGpShapes(architecture);
  const generator = createWganGpNetwork(shapes.generator, stream.of('generator'));
  const critic = createWganGpNetwork(shapes.critic, stream.of('critic'));
  const adam = { learningRate, beta1, beta2, epsilon: 1e-8 };
  return {
    architecture,
    lambda,
    generator,
    critic,
    generatorAdam: new Adam(generator.weights, adam),
    criticAdam: new Adam(critic.weights, adam),
  };
}

/** Frees the variables of both networks and of the optimisers. */
export function disposeWganGpTraining(training: WganGpTraining): void {
  disposeNetwork(training.generator);
  disposeNetwork(training.critic);
  training.generatorAdam.dispose();
  training.criticAdam.dispose();
}

/**
 * Updates the critic on `reals` and on images of `latents`, with the penalty at points between them. Queues work
 * only: nothing is read back from the device.
 *
 * @param reals `[n, height, width, channels]` in [-1, 1]
 * @param latents `[n, latentSize]` from N(0, I)
 * @param mixing `[n]` in [0, 1]: share of the generated image at each point of the penalty
 * @returns before the update; the caller disposes them
 */
export function criticStep(
  training: WganGpTraining,
  reals: tf.Tensor4D,
  latents: tf.Tensor2D,
  mixing: tf.Tensor1D,
): CriticLosses {
  const { architecture, generator, critic, criticAdam, lambda } = training;
  const [n] = reals.shape;
  checkShape('criticStep.reals', reals, [null, ...architecture.shape]);
  checkShape('criticStep.latents', latents, [n, architecture.latentSize]);
  checkShape('criticStep.mixing', mixing, [n]);
  return tf.tidy(() => {
    // Outside of any gradient, so that the generator's maps are freed at once.
    const fakes = generateWganGpImages(architecture, generator, latents, { by: 'batch' });
    const mixed = mixImages(reals, fakes, mixing);
    const both = tf.concat([reals, fakes]); // [2 n, height, width, channels]
    const signs = tf.tensor1d(Float32Array.from({ length: 2 * n }, (_, row) => (row < n ? 1 : -1) / n));
    const parts: tf.Scalar[] = [];
    const { value, grads } = tf.variableGrads(() => {
      const wasserstein = tf.sum(tf.mul(criticScores(architecture, critic, both), signs)) as tf.Scalar;
      const penalty = tf.mul(gradientPenalty(architecture, critic, mixed), lambda) as tf.Scalar;
      parts.push(tf.keep(wasserstein), tf.keep(penalty));
      return tf.sub(penalty, wasserstein) as tf.Scalar;
    }, Object.values(critic.weights));
    criticAdam.apply(grads);
    // Copies, which a scope around this one may free; what is kept no scope frees.
    const [wasserstein, penalty] = parts.map((part) => tf.clone(part)) as [tf.Scalar, tf.Scalar];
    tf.dispose(parts);
    return { criticLoss: value, wasserstein, penalty };
  });
}

/**
 * Updates the generator against the critic as it stands: descends `-mean D(generated)`. Queues work only.
 *
 * @param latents `[n, latentSize]` from N(0, I)
 * @returns that loss before the update; the caller disposes it
 */
export function generatorStep(training: WganGpTraining, latents: tf.Tensor2D): tf.Scalar {
  const { architecture, generator, critic, generatorAdam } = training;
  checkShape('generatorStep.latents', latents, [null, architecture.latentSize]);
  const record: MomentRecord = new Map();
  return tf.tidy(() => {
    const { value, grads } = tf.variableGrads(() => {
      const fakes = generateWganGpImages(architecture, generator, latents, { by: 'batch', record });
      return tf.neg(tf.mean(criticScores(architecture, critic, fakes))) as tf.Scalar;
    }, Object.values(generator.weights));
    generatorAdam.apply(grads);
    moveStatistics(generator, record);
    return value;
  });
}

/**
 * `mean((||dD/dimage||_2 - 1)^2)` over images, with `sqrt(sum g^2 + 1e-12)` for the norm. Differentiable by the
 * critic's weights.
 *
 * @param images `[n, height, width, channels]`
 * @returns a scalar; the caller disposes it
 */
export function gradientPenalty(
  architecture: WganGpArchitecture,
  critic: Network,
  images: tf.Tensor4D,
): tf.Scalar {
  return tf.tidy(() => {
    // Of the scores' sum, which is each score's own gradient, since the critic couples no images.
    const slopes = tf.grad((points) => criticScores(architecture, critic, points as tf.Tensor4D))(images);
    const squares = tf.sum(tf.square(tf.reshape(slopes, [images.shape[0], -1])), 1);
    return tf.mean(tf.square(tf.sub(tf.sqrt(tf.add(squares, NORM_FLOOR)), 1))) as tf.Scalar;
  });
}

/**
 * A point on the line from each real image to a generated one: `real + mixing (generated - real)`.
 *
 * @param reals `[n, height, width, channels]`
 * @param fakes of the same shape
 * @param mixing `[n]`
 * @returns the images' shape; the caller disposes it
 */
export function mixImages(reals: tf.Tensor4D, fakes: tf.Tensor4D, mixing: tf.Tensor1D): tf.Tensor4D {
  return tf.tidy(() => tf.add(reals, tf.mul(tf.reshape(mixing, [-1, 1, 1, 1]), tf.sub(fakes, reals))));
}
