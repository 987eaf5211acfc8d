/**
 * The three networks of the semi-supervised model M2: `q(y|x)`, `q(z|x, y)` and `p(x|y, z)`, as its step and its use see
 * them, whatever their layers are.
 *
 * Source: Kingma et al. 2014, "Semi-supervised Learning with Deep Generative Models", section 2.1.
 */
import type * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { NormMode } from './batch-norm.ts';
import type { M2Config } from './m2-config.ts';
import { m2Conv } from './m2-conv.ts';
import { m2Mlp } from './m2-mlp.ts';
import type { Gaussians } from './mlp-terms.ts';
import type { InitialValues, Network, NetworkShapes } from './network.ts';

/** Names of the networks. */
export type M2Name = 'classifier' | 'encoder' | 'decoder';

/** What is the same for networks of any layers. */
export interface M2Sizes {
  readonly classes: number;
  readonly latentSize: number;
  /** Of the images. */
  readonly shape: ImageShape;
}

/** What fixes the sizes of all three networks. */
export interface M2Architecture extends M2Sizes {
  readonly network: M2Config['network'];
}

/** How a batch passes through the classifier; it matters only where that has batch norms or dropout. */
export interface ClassifierPass {
  readonly norm: NormMode;
  /** `[n, dropout.units]`: 0 where a unit is dropped, else 1 / (1 - rate). Absent: no unit is. */
  readonly kept?: tf.Tensor2D | undefined;
}

/** What comes out of the classifier. */
export type ClassifierOutputs = {
  /** Activations of its hidden layers, from the image on. */
  readonly layers: (tf.Tensor2D | tf.Tensor4D)[];
  /** `[n, classes]` of `q(y|x)` */
  readonly logits: tf.Tensor2D;
};

/** Layers of all three networks. Pixels are `[n, height width channels]` in [0, 1]; the caller disposes what comes out. */
export interface M2Layers {
  readonly shapes: Readonly<Record<M2Name, NetworkShapes>>;
  readonly initial: InitialValues;
  /** Share of the classifier's units in its last hidden layer that a training step drops, and how many there are. */
  readonly dropout: { readonly rate: number; readonly units: number };
  /** Names of the classifier's hidden layers, from the image on. */
  readonly classifierLayers: readonly string[];
  classify(classifier: Network, pixels: tf.Tensor2D, pass: ClassifierPass): ClassifierOutputs;
  /** What the layer that meets the class gets of the image, bias included, `[n, units]`. */
  encodeImages(encoder: Network, pixels: tf.Tensor2D): tf.Tensor2D;
  /**
   * `q(z|x, y)`, `[pairs, latentSize]` each.
   *
   * @param sums `[pairs, units]`: {@link encodeImages} of the image plus the row of `hidden0/classes` of the class
   */
  posteriors(encoder: Network, sums: tf.Tensor2D): Gaussians;
  /**
   * Logits `[n, height width channels]` of the pixels of `p(x|y, z)`.
   *
   * @param latents `[n, latentSize]`
   * @param classes `[n, classes]`, one-hot
   */
  decode(decoder: Network, latents: tf.Tensor2D, classes: tf.Tensor2D): tf.Tensor2D;
}

/**
 * The layers that an architecture names.
 *
 * @throws RangeError if they cannot make images of its shape
 */
export function m2Layers({ network, ...sizes }: M2Architecture): M2Layers {
  switch (network.kind) {
    case 'mlp':
      return m2Mlp(sizes, network);
    case 'conv':
      return m2Conv(sizes, network);
  }
}
