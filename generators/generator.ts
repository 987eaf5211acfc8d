/**
 * What a trained generative model offers, whichever model it is. Queries, matching and evaluation ask for what they
 * need and never for the model's name.
 */
import type * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';

export interface Generator {
  /** The model's name in the zoo, such as `dcgan`. */
  readonly kind: string;
  readonly latentSize: number;
  readonly shape: ImageShape;
  /**
   * Where latents are drawn from: `normal` is N(0, I), `none` means that the model has codes of images but no
   * distribution of them, so it can decode and search but not sample.
   */
  readonly prior: 'normal' | 'none';
  /** Number of classes of a model that generates and classifies by class; absent otherwise. */
  readonly classes?: number;
  /** Names that {@link features} takes, from the image on; absent where there are no features. */
  readonly featureLayers?: readonly string[];

  /**
   * Images `[n, height, width, channels]` in [-1, 1] of latents `[n, latentSize]`, in inference mode (fixed
   * batch-norm statistics, so that no latent depends on its neighbours). Differentiable with respect to the latents.
   * The caller disposes the result.
   *
   * @param labels int32 `[n]`, the class of each image, of a model with classes; without them row `i` is of class
   *   `i mod classes`, so that each occurs equally often. Other models take none.
   */
  generate(latents: tf.Tensor2D, labels?: tf.Tensor1D): tf.Tensor4D;
  /**
   * Codes `[n, latentSize]` of images in [-1, 1], which {@link generate} turns back: of a variational model the mean of
   * the posterior. The caller disposes them.
   *
   * @param labels int32 `[n]`, of a model with classes; without them each image's own likeliest class
   */
  encode?(images: tf.Tensor4D, labels?: tf.Tensor1D): tf.Tensor2D;
  /** Realness scores `[n]` of images, the higher the more real, in inference mode; of models with a discriminator. */
  discriminate?(images: tf.Tensor4D): tf.Tensor1D;
  /**
   * Activations of a layer of {@link featureLayers}, `[n, size]` or `[n, height, width, size]`, in inference mode. The
   * caller disposes them. RangeError if there is no such layer.
   */
  features?(images: tf.Tensor4D, layer: string): tf.Tensor2D | tf.Tensor4D;
  /** Logits `[n, classes]` of the classes of images; of models that classify. The caller disposes them. */
  classify?(images: tf.Tensor4D): tf.Tensor2D;
  /**
   * An upper bound of `-log p(image)` in nats, `[n]`, with one draw of the latents an image (and of the pixels, where
   * the likelihood is of binary ones), all from `stream`. The caller disposes it.
   */
  negativeElbo?(images: tf.Tensor4D, stream: Stream): tf.Tensor1D;
  dispose(): void;
}
