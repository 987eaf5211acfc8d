/**
 * Dense layers and the terms of a variational bound, shared by the models made of them.
 *
 * Source of the terms: Kingma and Welling 2014, "Auto-Encoding Variational Bayes", section 3 and appendices B, C.
 */
import * as tf from '@tensorflow/tfjs';
import { softplus } from '../src/backend/softplus.ts';
import type { Stream } from '../src/random.ts';
import { dense, normalValues } from './layers.ts';
import { type NetworkShapes, variableOf } from './network.ts';
import type { Variables } from './variables.ts';

/** A diagonal Gaussian a row, `[n, latentSize]` each. */
export type Gaussians = {
  readonly means: tf.Tensor2D;
  /** Natural logarithms of the variances. */
  readonly logVariances: tf.Tensor2D;
  /** `exp(logVariances / 2)` */
  readonly deviations: tf.Tensor2D;
};

/**
 * Shapes of a stack of dense layers between `sizes`: layer `i` has `<prefix><i>/weights`, `[sizes[i], sizes[i + 1]]`,
 * and `<prefix><i>/bias`.
 */
export function stackShapes(prefix: string, sizes: readonly number[]): NetworkShapes['weights'] {
  const layers = sizes
    .slice(1)
    .map((outputs, i) => denseShapes(`${prefix}${i}`, sizes[i] as number, outputs));
  return Object.assign({}, ...layers);
}

/** Shapes of one dense layer, `<layer>/weights` and `<layer>/bias`. */
export function denseShapes(layer: string, inputs: number, outputs: number): NetworkShapes['weights'] {
  return { [`${layer}/weights`]: [inputs, outputs], [`${layer}/bias`]: [outputs] };
}

/**
 * First values of dense layers: biases 0, weights from N(0, 2 / (inputs + outputs)), of Glorot and Bengio 2010,
 * "Understanding the difficulty of training deep feedforward neural networks".
 */
export function denseValues(
  name: string,
  size: number,
  stream: Stream,
  shape: readonly number[],
): Float32Array {
  if (name.endsWith('bias')) return new Float32Array(size);
  const [inputs = 0, outputs = 0] = shape;
  return normalValues(stream, size, { deviation: Math.sqrt(2 / (inputs + outputs)) });
}

/**
 * `inputs weights + bias` of the layer of that name, `[n, outputs]`. The caller disposes it.
 *
 * @param inputs `[n, inputs]`
 */
export function affine(weights: Variables, layer: string, inputs: tf.Tensor2D): tf.Tensor2D {
  const products = dense(inputs, variableOf<tf.Tensor2D>(weights, `${layer}/weights`));
  return tf.add(products, variableOf<tf.Tensor1D>(weights, `${layer}/bias`));
}

/**
 * Softplus layers `first`, `first + 1`, ... up to `count` of a stack of {@link stackShapes}, one after another. The
 * caller disposes what comes out; inputs are `[n, sizes[first]]`.
 */
export function softplusStack(
  weights: Variables,
  prefix: string,
  inputs: tf.Tensor2D,
  { first = 0, count }: { readonly first?: number; readonly count: number },
): tf.Tensor2D {
  return tf.tidy(() => {
    let units = inputs;
    for (let i = first; i < count; i++) units = softplus(affine(weights, `${prefix}${i}`, units));
    return units === inputs ? tf.clone(inputs) : units;
  });
}

/**
 * Splits a layer's outputs into the means and log-variances of Gaussians. The caller disposes all three tensors.
 *
 * @param moments `[n, 2 latentSize]`, the means first
 */
export function gaussians(moments: tf.Tensor2D): Gaussians {
  return tf.tidy(() => {
    const [means, logVariances] = tf.split(moments, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
    return { means, logVariances, deviations: tf.exp(tf.mul(logVariances, 0.5)) };
  });
}

/**
 * Latents by reparametrisation, `means + deviations noise`, `[n, latentSize]`. The caller disposes them.
 *
 * @param noise `[n, latentSize]` from N(0, I)
 */
export function sampleGaussians({ means, deviations }: Gaussians, noise: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => tf.add(means, tf.mul(deviations, noise)));
}

/**
 * `KL(N(means, deviations^2) || N(0, I))` in nats, summed over dimensions:
 * `-1/2 sum(1 + logVariances - means^2 - deviations^2)`.
 *
 * @returns `[n]`; the caller disposes it
 */
export function divergenceFromPrior({ means, logVariances, deviations }: Gaussians): tf.Tensor1D {
  return tf.tidy(() => {
    const squares = tf.add(tf.square(means), tf.square(deviations));
    const sums = tf.sum(tf.sub(squares, logVariances), 1);
    return tf.mul(tf.sub(sums, means.shape[1]), 0.5) as tf.Tensor1D;
  });
}

/**
 * `-log p(pixels)` in nats under independent Bernoullis, summed over pixels:
 * `sum(softplus(logits) - pixels logits)`. Differentiable once, with respect to the logits: the gradient's
 * `sigmoid(logits) - pixels` is formed in the one pass that also needs the logits.
 *
 * @param logits `[n, pixels]`
 * @param pixels `[n, pixels]` in [0, 1]; no gradient flows to it
 * @returns `[n]`; the caller disposes it
 */
export function bernoulliLoss(logits: tf.Tensor2D, pixels: tf.Tensor2D): tf.Tensor1D {
  const loss = tf.customGrad((input, save) => {
    const l = input as tf.Tensor2D;
    const value = tf.sum(tf.sub(tf.softplus(l), tf.mul(l, pixels)), 1);
    (save as unknown as (tensors: tf.Tensor[]) => void)([l, pixels]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [savedLogits, savedPixels] = saved as [tf.Tensor, tf.Tensor];
        const residuals = tf.sub(tf.sigmoid(savedLogits), savedPixels);
        return tf.mul(tf.expandDims(dy, 1), residuals);
      },
    };
  });
  return loss(logits) as tf.Tensor1D;
}

/**
 * Pixels in [0, 1] as targets of {@link bernoulliLoss} and as inputs, `[n, height width channels]`.
 *
 * @param images `[n, height, width, channels]` in [-1, 1]
 * @param noise of the same shape, uniform in [-1, 1): then pixels are drawn with their brightness as probability, 1
 *   where the image is above the noise, which black never is and white always. Else they are the brightness itself
 * @returns the caller disposes it
 */
export function bernoulliPixels(images: tf.Tensor4D, noise?: tf.Tensor4D): tf.Tensor2D {
  return tf.tidy(() => {
    const [n, ...shape] = images.shape;
    const pixels = noise ? tf.cast(tf.greater(images, noise), 'float32') : tf.add(tf.mul(images, 0.5), 0.5);
    return tf.reshape(pixels, [n, tf.util.sizeFromShape(shape)]);
  });
}
