/**
 * Keeping latents where the generator was trained.
 *
 * The norm of a draw from N(0, I_d) has a mean of about `sqrt(d)` and a standard deviation of about
 * `1 / sqrt(2)` whatever d is, so nearly all latents a generator ever saw lie in a thin shell. Optimised freely
 * they may leave it, for where no image taught the generator anything. White 2016, "Sampling generative
 * networks", makes the same point for interpolation.
 */
import * as tf from '@tensorflow/tfjs';

// Below any norm that matters, above where float32 divides to infinity.
const SMALLEST = 1e-30;

export const PRIORS = ['shell', 'ball', 'none'] as const;

/** `shell`: norms within `sqrt(d) -+ width`. `ball`: at most `sqrt(d) + width`. `none`: any. */
export type Prior = (typeof PRIORS)[number];

/** Smallest and largest norm allowed of latents of size `latentSize`. */
export function normBand(
  prior: Prior,
  latentSize: number,
  width: number,
): readonly [low: number, high: number] {
  const radius = Math.sqrt(latentSize);
  if (prior === 'none') return [0, Number.POSITIVE_INFINITY];
  return [prior === 'shell' ? Math.max(0, radius - width) : 0, radius + width];
}

/**
 * Latents `[n, latentSize]` with every row whose norm leaves the band rescaled to its nearest edge; the others
 * unchanged to the bit. A row of zeros has no direction and stays. The caller disposes the result.
 */
export function constrainNorms(latents: tf.Tensor2D, [low, high]: readonly [number, number]): tf.Tensor2D {
  if (low === 0 && high === Number.POSITIVE_INFINITY) return tf.clone(latents);
  return tf.tidy(() => {
    const norms = tf.sqrt(tf.sum(tf.square(latents), 1, true)); // [n, 1]
    const scale = tf.div(tf.clipByValue(norms, low, high), tf.maximum(norms, SMALLEST));
    return tf.mul(latents, scale) as tf.Tensor2D;
  });
}
