/**
 * What a trained generative model offers, whichever model it is.
 */
import type * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../src/datasets/dataset.ts';

export interface Generator {
  /** The model's name in the zoo, such as `dcgan`. */
  readonly kind: string;
  readonly latentSize: number;
  readonly shape: ImageShape;
  /**
   * Images `[n, height, width, channels]` in [-1, 1] of latents `[n, latentSize]` drawn from N(0, I), in
   * inference mode (fixed batch-norm statistics, so that no latent depends on its neighbours). Differentiable
   * with respect to the latents. The caller disposes the result.
   */
  generate(latents: tf.Tensor2D): tf.Tensor4D;
  /** Realness logits `[n]` of images, in inference mode; only models with a discriminator have it. */
  discriminate?(images: tf.Tensor4D): tf.Tensor1D;
  dispose(): void;
}
