/**
 * What a decoder's outputs say of pixels: the targets of a likelihood, its loss, and the images it means.
 */
import type * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import {
  bernoulliLoss,
  bernoulliPixels,
  flatImages,
  gaussianLoss,
  imagesOfLogits,
  imagesOfMeans,
} from './mlp-terms.ts';
import { pixelNoise } from './pixel-noise.ts';
import type { VaeConfig } from './vae-config.ts';

/** A distribution of pixels, independent of each other given the decoder's outputs. */
export interface Likelihood {
  /**
   * What {@link pixels} draws by, or nothing where pixels are taken as they are. The caller disposes it.
   *
   * @param shape of the images, their number first
   */
  noise(shape: [number, number, number, number], stream: Stream): tf.Tensor4D | undefined;
  /**
   * What the encoder sees and the decoder is to explain, `[n, height width channels]`. The caller disposes it.
   *
   * @param images `[n, height, width, channels]` in [-1, 1]
   * @param noise of {@link noise}; without it, pixels are taken as they are
   */
  pixels(images: tf.Tensor4D, noise?: tf.Tensor4D): tf.Tensor2D;
  /** `-log p(pixels)` in nats, `[n]`, under outputs of the pixels' shape. The caller disposes it. */
  loss(outputs: tf.Tensor2D, pixels: tf.Tensor2D): tf.Tensor1D;
  /** Mean images in [-1, 1] of outputs. The caller disposes them. */
  images(outputs: tf.Tensor2D, shape: ImageShape): tf.Tensor4D;
}

/**
 * The likelihood of that name: Bernoulli, with logits for outputs and pixels in [0, 1], or Gaussian, with means for outputs
 * and pixels in [-1, 1].
 */
export function likelihoodOf({
  likelihood,
  deviation,
}: Pick<VaeConfig, 'likelihood' | 'deviation'>): Likelihood {
  if (likelihood === 'gaussian') {
    return {
      noise: () => undefined,
      pixels: (images) => flatImages(images),
      loss: (means, pixels) => gaussianLoss(means, pixels, deviation),
      images: imagesOfMeans,
    };
  }
  return {
    noise: (shape, stream) => pixelNoise(likelihood, shape, stream),
    pixels: bernoulliPixels,
    loss: bernoulliLoss,
    images: imagesOfLogits,
  };
}
