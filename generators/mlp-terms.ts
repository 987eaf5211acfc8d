/**
 * The terms of a variational bound of Gaussian latents and Bernoulli or Gaussian pixels.
 *
 * Source: Kingma and Welling 2014, "Auto-Encoding Variational Bayes", section 3 and appendices B, C.
 *
 * Gradients are written by hand, from the inputs alone, so that they take few passes and can be differentiated again.
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../src/datasets/dataset.ts';

/** A diagonal Gaussian a row, `[n, latentSize]` each. */
export type Gaussians = {
  readonly means: tf.Tensor2D;
  /** Natural logarithms of the variances. */
  readonly logVariances: tf.Tensor2D;
};

type Save = (tensors: tf.Tensor[]) => void;

/**
 * Splits a layer's outputs into the means and log-variances of Gaussians. The caller disposes both.
 *
 * @param moments `[n, 2 latentSize]`, the means first
 */
export function gaussians(moments: tf.Tensor2D): Gaussians {
  const [means, logVariances] = tf.split(moments, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
  return { means, logVariances };
}

/**
 * Latents by reparametrisation, `means + exp(logVariances / 2) noise`, `[n, latentSize]`. The caller disposes them.
 *
 * @param noise `[n, latentSize]` from N(0, I); no gradient flows to it
 */
export function sampleGaussians({ means, logVariances }: Gaussians, noise: tf.Tensor2D): tf.Tensor2D {
  const spread = (logs: tf.Tensor, draws: tf.Tensor) => tf.mul(tf.exp(tf.mul(logs, 0.5)), draws);
  const sample = tf.customGrad((centres, logs, save) => {
    (save as unknown as Save)([logs as tf.Tensor, noise]);
    return {
      value: tf.add(centres as tf.Tensor, spread(logs as tf.Tensor, noise)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [savedLogs, savedNoise] = saved as [tf.Tensor, tf.Tensor];
        return [dy, tf.mul(tf.mul(dy, spread(savedLogs, savedNoise)), 0.5)];
      },
    };
  });
  return sample(means, logVariances) as tf.Tensor2D;
}

/**
 * `KL(N(means, exp(logVariances)) || N(0, I))` in nats, summed over dimensions:
 * `-1/2 sum(1 + logVariances - means^2 - exp(logVariances))`.
 *
 * @returns `[n]`; the caller disposes it
 */
export function divergenceFromPrior({ means, logVariances }: Gaussians): tf.Tensor1D {
  const [, latentSize] = means.shape;
  const divergence = tf.customGrad((centres, logs, save) => {
    (save as unknown as Save)([centres as tf.Tensor, logs as tf.Tensor]);
    const squares = tf.add(tf.square(centres as tf.Tensor), tf.exp(logs as tf.Tensor));
    const sums = tf.sum(tf.sub(squares, logs as tf.Tensor), 1);
    return {
      value: tf.mul(tf.sub(sums, latentSize), 0.5),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [savedCentres, savedLogs] = saved as [tf.Tensor, tf.Tensor];
        const column = tf.expandDims(dy, 1);
        const ofLogs = tf.mul(tf.sub(tf.exp(savedLogs), 1), tf.mul(column, 0.5));
        return [tf.mul(savedCentres, column), ofLogs];
      },
    };
  });
  return divergence(means, logVariances) as tf.Tensor1D;
}

/**
 * `-log p(pixels)` in nats under independent Bernoullis, summed over pixels:
 * `sum(softplus(logits) - pixels logits)`.
 *
 * @param logits `[n, pixels]`
 * @param pixels `[n, pixels]` in [0, 1]; no gradient flows to it
 * @returns `[n]`; the caller disposes it
 */
export function bernoulliLoss(logits: tf.Tensor2D, pixels: tf.Tensor2D): tf.Tensor1D {
  const loss = tf.customGrad((input, save) => {
    const l = input as tf.Tensor2D;
    const value = tf.sum(tf.sub(tf.softplus(l), tf.mul(l, pixels)), 1);
    (save as unknown as Save)([l, pixels]);
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

/**
 * Mean images `[n, height, width, channels]` in [-1, 1] of logits of pixels: `2 sigmoid(l) - 1 = tanh(l / 2)`. The caller
 * disposes them.
 *
 * @param logits `[n, height width channels]`
 */
export function imagesOfLogits(logits: tf.Tensor2D, shape: ImageShape): tf.Tensor4D {
  return tf.tidy(() => tf.reshape(tf.tanh(tf.mul(logits, 0.5)), [logits.shape[0], ...shape]) as tf.Tensor4D);
}

/**
 * `sum((pixels - means)^2)` of each image.
 *
 * @param means `[n, pixels]`
 * @param pixels `[n, pixels]`; no gradient flows to it
 * @returns `[n]`; the caller disposes it
 */
export function squaredErrors(means: tf.Tensor2D, pixels: tf.Tensor2D): tf.Tensor1D {
  const loss = tf.customGrad((input, save) => {
    const m = input as tf.Tensor2D;
    (save as unknown as Save)([m, pixels]);
    return {
      value: tf.sum(tf.squaredDifference(m, pixels), 1),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [savedMeans, savedPixels] = saved as [tf.Tensor, tf.Tensor];
        return tf.mul(tf.sub(savedMeans, savedPixels), tf.expandDims(tf.mul(dy, 2), 1));
      },
    };
  });
  return loss(means) as tf.Tensor1D;
}

/**
 * `-log p(pixels)` in nats under independent N(means, deviation^2), summed over pixels:
 * `sum((pixels - means)^2) / (2 deviation^2) + size log(2 pi deviation^2) / 2`. A density's, so it may be negative.
 *
 * @param means `[n, size]`
 * @param pixels `[n, size]`; no gradient flows to it
 * @returns `[n]`; the caller disposes it
 */
export function gaussianLoss(means: tf.Tensor2D, pixels: tf.Tensor2D, deviation: number): tf.Tensor1D {
  const [, size] = means.shape;
  const normaliser = (size * Math.log(2 * Math.PI * deviation ** 2)) / 2;
  return tf.tidy(() => {
    const errors = tf.mul(squaredErrors(means, pixels), 1 / (2 * deviation ** 2));
    return tf.add(errors, normaliser) as tf.Tensor1D;
  });
}

/**
 * Images as vectors, `[n, height width channels]`, in the range they have. The caller disposes them.
 *
 * @param images `[n, height, width, channels]`
 */
export function flatImages(images: tf.Tensor4D): tf.Tensor2D {
  const [n, ...shape] = images.shape;
  return tf.reshape(images, [n, tf.util.sizeFromShape(shape)]);
}

/**
 * Images `[n, height, width, channels]` of means of pixels without bounds, cut off at -1 and 1. Where they are cut off no
 * gradient flows, since no small step changes what is seen. The caller disposes them.
 *
 * @param means `[n, height width channels]`
 */
export function imagesOfMeans(means: tf.Tensor2D, shape: ImageShape): tf.Tensor4D {
  return tf.tidy(() => tf.reshape(tf.clipByValue(means, -1, 1), [means.shape[0], ...shape]) as tf.Tensor4D);
}
