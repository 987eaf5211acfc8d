/**
 * The two networks of a variational autoencoder of dense layers.
 *
 * Source: Kingma and Welling 2014, "Auto-Encoding Variational Bayes", appendix C, with softplus for tanh, as in
 * Kingma et al. 2014, "Semi-supervised Learning with Deep Generative Models".
 * Differs: weights start as Glorot and Bengio's, not from N(0, 0.001).
 *
 * With the default sizes and images `[28, 28, 1]`:
 *
 * ```
 * encoder  [784] -> dense 500 softplus -> dense 100: 50 means, 50 log-variances
 * decoder  latent 50 -> dense 500 softplus -> dense 784: logits of pixels
 * ```
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../src/datasets/dataset.ts';
import { affine, denseShapes, softplusStack, stackShapes } from './mlp-layers.ts';
import { type Gaussians, gaussians } from './mlp-terms.ts';
import type { Network, NetworkShapes } from './network.ts';

/** What fixes the sizes of both networks. */
export interface VaeArchitecture {
  readonly latentSize: number;
  /** Units of the encoder's hidden layers, from the image on; the decoder's in reverse. */
  readonly hidden: readonly number[];
  /** Of the images. */
  readonly shape: ImageShape;
}

/** Shapes of all variables of both networks. */
export function vaeShapes({ latentSize, hidden, shape }: VaeArchitecture): {
  readonly encoder: NetworkShapes;
  readonly decoder: NetworkShapes;
} {
  const pixels = tf.util.sizeFromShape([...shape]);
  const [first = 0, last = 0] = [hidden[0], hidden.at(-1)];
  const encoder = {
    ...stackShapes('hidden', [pixels, ...hidden]),
    ...denseShapes('moments', last, 2 * latentSize),
  };
  const decoder = {
    ...stackShapes('hidden', [latentSize, ...[...hidden].reverse()]),
    ...denseShapes('logits', first, pixels),
  };
  return { encoder: { weights: encoder, statistics: {} }, decoder: { weights: decoder, statistics: {} } };
}

/**
 * The approximate posterior `q(z|x)`. The caller disposes both tensors.
 *
 * @param pixels `[n, height width channels]` in [0, 1]
 */
export function encodePixels({ hidden }: VaeArchitecture, encoder: Network, pixels: tf.Tensor2D): Gaussians {
  return tf.tidy(() => {
    const units = softplusStack(encoder.weights, 'hidden', pixels, { count: hidden.length });
    return gaussians(affine(encoder.weights, 'moments', units));
  });
}

/**
 * Logits `[n, height width channels]` of the pixels of latents `[n, latentSize]`. The caller disposes them.
 */
export function decodeLogits(
  { hidden }: VaeArchitecture,
  decoder: Network,
  latents: tf.Tensor2D,
): tf.Tensor2D {
  return tf.tidy(() => {
    const units = softplusStack(decoder.weights, 'hidden', latents, { count: hidden.length });
    return affine(decoder.weights, 'logits', units);
  });
}
