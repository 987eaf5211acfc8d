/**
 * Least confidence: the candidates whose most probable class is least probable, `argmax_x 1 - max_k p_k(x)`.
 *
 * Source: Lewis and Gale 1994, "A sequential algorithm for training text classifiers"; Settles 2009, "Active learning
 * literature survey", equation 1.
 */
import { poolProbabilities } from '../score-pool.ts';
import { createScored } from '../scored-strategy.ts';
import type { Strategy } from '../strategy.ts';

/**
 * `1 - max_k p_k` of each row, `[n]` in `[0, 1 - 1 / classes]`.
 *
 * @param probs `[n, classes]`, rows that sum to 1
 */
export function leastConfidences(probs: Float32Array, classes: number): Float64Array {
  const doubts = new Float64Array(probs.length / classes);
  for (let row = 0; row < doubts.length; row++) {
    let top = 0;
    for (let k = 0; k < classes; k++) top = Math.max(top, probs[row * classes + k] as number);
    doubts[row] = 1 - top;
  }
  return doubts;
}

/** A strategy that takes the candidates of highest {@link leastConfidences}; diagnostics of its scores. */
export function createLeastConfidence(): Strategy {
  return createScored({
    measure: 'LeastConfidence',
    take: 'highest',
    score: async ({ classifier, pool }) =>
      leastConfidences(await poolProbabilities(classifier, pool), classifier.classes),
  });
}
