/**
 * Expected gradient length: the candidates whose label, whatever it is, would change the last layer most.
 *
 *     score(x) = sum_k p_k |d(-ln p_k) / d (kernel, bias)| = sqrt(|h|^2 + 1) sum_k p_k |p - e_k|
 *
 * The gradient for label `k` is the outer product of `(h, 1)` and `p - e_k`, so its length is the product of theirs, and
 * `|p - e_k|^2 = |p|^2 - 2 p_k + 1`.
 *
 * Source: Settles, Craven and Ray 2008, "Multiple-instance active learning", section 4; Settles 2009, equation 7.
 * Differs: of the last layer alone, for which the sum over labels has this closed form.
 */
import { poolFeatures, poolProbabilities } from '../score-pool.ts';
import { createScored } from '../scored-strategy.ts';
import type { Strategy } from '../strategy.ts';

/**
 * Expected lengths `[n]`, in nats per unit of the weights, at least 0.
 *
 * Memory: 8 bytes a row. Cost: `size + 2 classes` multiplications a row.
 *
 * @param probs `[n, classes]`, rows that sum to 1
 * @param features `[n, size]`, inputs of the last layer
 */
export function expectedGradientLengths(
  probs: Float32Array,
  classes: number,
  features: Float32Array,
  size: number,
): Float64Array {
  const lengths = new Float64Array(probs.length / classes);
  for (let row = 0; row < lengths.length; row++) {
    const p = probs.subarray(row * classes, (row + 1) * classes);
    const squared = p.reduce((sum, value) => sum + value * value, 0);
    const expected = p.reduce((sum, value) => {
      // Where p is nearly e_k, this is a difference of nearly equal numbers.
      const residual = Math.max(0, squared - 2 * value + 1);
      return sum + value * Math.sqrt(residual);
    }, 0);
    const h = features.subarray(row * size, (row + 1) * size);
    lengths[row] = expected * Math.sqrt(h.reduce((sum, value) => sum + value * value, 1));
  }
  return lengths;
}

/** A strategy that takes the candidates of highest {@link expectedGradientLengths}; diagnostics of its scores. */
export function createExpectedGradientLength(): Strategy {
  return createScored({
    measure: 'ExpectedGradient',
    take: 'highest',
    score: async ({ classifier, pool }) => {
      const probs = await poolProbabilities(classifier, pool);
      const features = await poolFeatures(classifier, pool);
      const size = features.length / pool.candidates.length;
      return expectedGradientLengths(probs, classifier.classes, features, size);
    },
  });
}
