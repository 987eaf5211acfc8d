/**
 * One training step of a variational autoencoder.
 *
 * Source: Kingma and Welling 2014, "Auto-Encoding Variational Bayes", equation 10 with one sample an image; the
 * weight beta of Higgins et al. 2017, "beta-VAE: Learning Basic Visual Concepts with a Constrained Variational
 * Framework", equation 4.
 */
import * as tf from '@tensorflow/tfjs';
import { Adam } from '../src/backend/adam.ts';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { checkShape } from '../src/shapes.ts';
import type { NormMode } from './batch-norm.ts';
import { type MomentRecord, moveStatistics } from './batch-norm.ts';
import { codecWeights } from './conv-networks.ts';
import { divergenceFromPrior, sampleGaussians } from './mlp-terms.ts';
import { createNetwork, disposeNetwork, type Network } from './network.ts';
import type { VaeConfig } from './vae-config.ts';
import { type Likelihood, likelihoodOf } from './vae-likelihood.ts';
import { type VaeNetworks, vaeNetworks } from './vae-networks.ts';
import type { Variables } from './variables.ts';

/** What a bound is computed with: the layers, their variables, and what the decoder's outputs say of pixels. */
export interface VaeParts {
  readonly networks: VaeNetworks;
  readonly likelihood: Likelihood;
  readonly encoder: Network;
  readonly decoder: Network;
}

/** Everything a step changes, and what it needs to know. */
export interface VaeTraining extends VaeParts {
  readonly beta: number;
  /** Of both networks. */
  readonly adam: Adam;
}

/** Noise of one step. */
export interface VaeNoise {
  /** `[n, latentSize]` from N(0, I). */
  readonly latents: tf.Tensor2D;
  /** As the images, uniform in [-1, 1): pixels are binarised by it. Absent where they are not. */
  readonly pixels?: tf.Tensor4D;
}

/** Scalars on the device, in nats an image. */
export interface VaeLosses {
  /** `reconstruction + beta divergence`; with beta 1 the negative evidence bound. */
  readonly loss: tf.Scalar;
  /** `-log p(x|z)`, summed over pixels, mean over images. */
  readonly reconstruction: tf.Scalar;
  /** `KL(q(z|x) || p(z))`, summed over dimensions, mean over images. */
  readonly divergence: tf.Scalar;
}

/**
 * Fresh networks and their optimiser; all weights come from streams below `stream`. The caller frees them with
 * {@link disposeVaeTraining}.
 */
export function createVaeTraining(config: VaeConfig, shape: ImageShape, stream: Stream): VaeTraining {
  const { beta, learningRate, beta1 } = config;
  const networks = vaeNetworks(config, shape);
  const encoder = createNetwork(networks.shapes.encoder, stream.of('encoder'), networks.initialValues);
  const decoder = createNetwork(networks.shapes.decoder, stream.of('decoder'), networks.initialValues);
  const adam = new Adam(vaeVariables({ encoder, decoder }), {
    learningRate,
    beta1,
    beta2: 0.999,
    epsilon: 1e-8,
  });
  return { networks, likelihood: likelihoodOf(config), beta, encoder, decoder, adam };
}

/** What a gradient moves in both networks, under `encoder/<name>` and `decoder/<name>`. */
export function vaeVariables({ encoder, decoder }: Pick<VaeParts, 'encoder' | 'decoder'>): Variables {
  return codecWeights({ encoder, decoder });
}

/** Frees the variables of both networks and of the optimiser. */
export function disposeVaeTraining({ encoder, decoder, adam }: VaeTraining): void {
  disposeNetwork(encoder);
  disposeNetwork(decoder);
  adam.dispose();
}

/**
 * Updates both networks on a batch, then the running statistics of their batch norms. Queues work only: nothing is read
 * back from the device.
 *
 * @param images `[n, height, width, channels]` in [-1, 1]
 * @returns losses before the update; the caller disposes all three
 */
export function vaeStep(training: VaeTraining, images: tf.Tensor4D, noise: VaeNoise): VaeLosses {
  const { networks, likelihood, beta, encoder, decoder, adam } = training;
  const [n] = images.shape;
  checkShape('vaeStep.images', images, [null, ...networks.shape]);
  checkShape('vaeStep.noise.latents', noise.latents, [n, networks.latentSize]);
  if (noise.pixels) checkShape('vaeStep.noise.pixels', noise.pixels, images.shape);
  const records: Record<'encoder' | 'decoder', MomentRecord> = { encoder: new Map(), decoder: new Map() };
  return tf.tidy(() => {
    const pixels = likelihood.pixels(images, noise.pixels);
    const kept: tf.Scalar[] = [];
    const { value: loss, grads } = tf.variableGrads(
      () => {
        const terms = vaeBound(training, pixels, noise.latents, {
          encoder: { by: 'batch', record: records.encoder },
          decoder: { by: 'batch', record: records.decoder },
        });
        const reconstruction = tf.mean(terms.reconstruction) as tf.Scalar;
        const divergence = tf.mean(terms.divergence) as tf.Scalar;
        // Kept, because the gradient's scope frees all but its value.
        kept.push(tf.keep(reconstruction), tf.keep(divergence));
        return tf.add(reconstruction, tf.mul(divergence, beta)) as tf.Scalar;
      },
      Object.values(vaeVariables(training)),
    );
    adam.apply(grads);
    moveStatistics(encoder, records.encoder);
    moveStatistics(decoder, records.decoder);
    const [reconstruction, divergence] = kept as [tf.Scalar, tf.Scalar];
    return { loss, reconstruction, divergence };
  });
}

/**
 * Both terms of the negative evidence bound, `[n]` each, in nats, and the means of the posteriors, `[n, latentSize]`. The
 * caller disposes them.
 *
 * @param pixels `[n, height width channels]` of the likelihood
 * @param latents `[n, latentSize]` from N(0, I)
 * @param modes of each network's batch norms
 */
export function vaeBound(
  { networks, likelihood, encoder, decoder }: VaeParts,
  pixels: tf.Tensor2D,
  latents: tf.Tensor2D,
  modes: Readonly<Record<'encoder' | 'decoder', NormMode>>,
): { readonly reconstruction: tf.Tensor1D; readonly divergence: tf.Tensor1D; readonly means: tf.Tensor2D } {
  return tf.tidy(() => {
    const posteriors = networks.encode(encoder, pixels, modes.encoder);
    const outputs = networks.decode(decoder, sampleGaussians(posteriors, latents), modes.decoder);
    return {
      reconstruction: likelihood.loss(outputs, pixels),
      divergence: divergenceFromPrior(posteriors),
      means: posteriors.means,
    };
  });
}
