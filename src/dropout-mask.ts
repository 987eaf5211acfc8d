/**
 * Masks of dropout, drawn from a stream, so that a step that uses one is a function of its inputs.
 *
 * Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from overfitting"; scaled in training, so
 * that nothing is done at inference.
 */
import * as tf from '@tensorflow/tfjs';
import type { Stream } from './random.ts';

/**
 * A mask, `[n, units]`: 0 with probability `rate`, else `1 / (1 - rate)`, so that a unit keeps its mean. Row
 * `i` does not depend on how many rows follow it. The caller disposes it.
 *
 * @param rate in [0, 1)
 */
export function dropoutMask(
  rate: number,
  [n, units]: readonly [number, number],
  stream: Stream,
): tf.Tensor2D {
  const draws = stream.uniforms(n * units);
  return tf.tensor2d(
    draws.map((draw) => (draw < rate ? 0 : 1 / (1 - rate))),
    [n, units],
  );
}
