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
import { denseValues } from './mlp-layers.ts';
import { bernoulliLoss, bernoulliPixels, divergenceFromPrior, sampleGaussians } from './mlp-terms.ts';
import { createNetwork, disposeNetwork, type Network, variablesOf } from './network.ts';
import type { VaeConfig } from './vae-config.ts';
import { decodeLogits, encodePixels, type VaeArchitecture, vaeShapes } from './vae-networks.ts';
import type { Variables } from './variables.ts';

/** Everything a step changes, and what it needs to know. */
export interface VaeTraining {
  readonly architecture: VaeArchitecture;
  readonly beta: number;
  readonly encoder: Network;
  readonly decoder: Network;
  /** Of both networks. */
  readonly adam: Adam;
}

/** Noise of one step. */
export interface VaeNoise {
  /** `[n, latentSize]` from N(0, I). */
  readonly latents: tf.Tensor2D;
  /** As the images, uniform in [-1, 1): pixels are binarised by it. Absent for real-valued pixels. */
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
  const { latentSize, network, beta, learningRate, beta1 } = config;
  const architecture = { latentSize, hidden: network.hidden, shape };
  const shapes = vaeShapes(architecture);
  const encoder = createNetwork(shapes.encoder, stream.of('encoder'), denseValues);
  const decoder = createNetwork(shapes.decoder, stream.of('decoder'), denseValues);
  const adam = new Adam(vaeVariables({ encoder, decoder }), {
    learningRate,
    beta1,
    beta2: 0.999,
    epsilon: 1e-8,
  });
  return { architecture, beta, encoder, decoder, adam };
}

/** All variables of both networks, under `encoder/<name>` and `decoder/<name>`. */
export function vaeVariables({ encoder, decoder }: Pick<VaeTraining, 'encoder' | 'decoder'>): Variables {
  return { ...variablesOf('encoder', encoder), ...variablesOf('decoder', decoder) };
}

/** Frees the variables of both networks and of the optimiser. */
export function disposeVaeTraining({ encoder, decoder, adam }: VaeTraining): void {
  disposeNetwork(encoder);
  disposeNetwork(decoder);
  adam.dispose();
}

/**
 * Updates both networks on a batch. Queues work only: nothing is read back from the device.
 *
 * @param images `[n, height, width, channels]` in [-1, 1]
 * @returns losses before the update; the caller disposes all three
 */
export function vaeStep(training: VaeTraining, images: tf.Tensor4D, noise: VaeNoise): VaeLosses {
  const { architecture, beta, encoder, decoder, adam } = training;
  const [n] = images.shape;
  checkShape('vaeStep.images', images, [null, ...architecture.shape]);
  checkShape('vaeStep.noise.latents', noise.latents, [n, architecture.latentSize]);
  if (noise.pixels) checkShape('vaeStep.noise.pixels', noise.pixels, images.shape);
  return tf.tidy(() => {
    const pixels = bernoulliPixels(images, noise.pixels);
    const kept: tf.Scalar[] = [];
    const { value: loss, grads } = tf.variableGrads(
      () => {
        const terms = vaeBound(architecture, { encoder, decoder }, pixels, noise.latents);
        const reconstruction = tf.mean(terms.reconstruction) as tf.Scalar;
        const divergence = tf.mean(terms.divergence) as tf.Scalar;
        // Kept, because the gradient's scope frees all but its value.
        kept.push(tf.keep(reconstruction), tf.keep(divergence));
        return tf.add(reconstruction, tf.mul(divergence, beta)) as tf.Scalar;
      },
      Object.values(vaeVariables(training)),
    );
    adam.apply(grads);
    const [reconstruction, divergence] = kept as [tf.Scalar, tf.Scalar];
    return { loss, reconstruction, divergence };
  });
}

/**
 * Both terms of the negative evidence bound, `[n]` each, in nats. The caller disposes them.
 *
 * @param pixels `[n, height width channels]` in [0, 1]
 * @param latents `[n, latentSize]` from N(0, I)
 */
export function vaeBound(
  architecture: VaeArchitecture,
  { encoder, decoder }: Readonly<Record<'encoder' | 'decoder', Network>>,
  pixels: tf.Tensor2D,
  latents: tf.Tensor2D,
): { readonly reconstruction: tf.Tensor1D; readonly divergence: tf.Tensor1D } {
  return tf.tidy(() => {
    const posteriors = encodePixels(architecture, encoder, pixels);
    const logits = decodeLogits(architecture, decoder, sampleGaussians(posteriors, latents));
    return {
      reconstruction: bernoulliLoss(logits, pixels),
      divergence: divergenceFromPrior(posteriors),
    };
  });
}
