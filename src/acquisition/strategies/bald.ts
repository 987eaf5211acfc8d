/**
 * BALD: the candidates whose label would say most about the network, the mutual information of label and weights.
 *
 *     score(x) = H[mean_t p_t(x)] - mean_t H[p_t(x)]      over networks t drawn by dropout
 *
 * Source: Houlsby, Huszar, Ghahramani and Lengyel 2011, "Bayesian active learning for classification and preference learning",
 * equation 2; by dropout Gal, Islam and Ghahramani 2017, equation 3.
 */
import { entropyOfRows, type MemberProbabilities, meanOfMembers } from '../member-probabilities.ts';
import { createMonteCarlo } from '../monte-carlo.ts';
import type { MonteCarloConfig } from '../monte-carlo-config.ts';
import type { Strategy } from '../strategy.ts';

/**
 * Entropy of the mean less the mean entropy, `[n]` in nats, in `[0, ln classes]`: 0 where all members agree. It is also the mean
 * Kullback-Leibler divergence of the members from their mean.
 */
export function mutualInformation(given: MemberProbabilities): Float64Array {
  const { probs, members, classes } = given;
  const ofMembers = entropyOfRows(probs, classes); // [n * members]
  return entropyOfRows(meanOfMembers(given), classes).map((ofMean, row) => {
    const own = ofMembers.subarray(row * members, (row + 1) * members);
    // Not below 0, where rounding would put members that agree.
    return Math.max(0, ofMean - own.reduce((sum, entropy) => sum + entropy, 0) / members);
  });
}

/** A strategy that takes the candidates of highest {@link mutualInformation}; diagnostics of it. */
export function createBald({ passes }: MonteCarloConfig): Strategy {
  return createMonteCarlo({ measure: 'MutualInformation', passes, score: mutualInformation });
}
