/**
 * Variation ratios: the candidates on whose class the networks drawn by dropout agree least.
 *
 *     score(x) = 1 - max_k votes_k(x) / T
 *
 * Source: Freeman 1965, "Elementary applied statistics"; by dropout Gal, Islam and Ghahramani 2017, section 4.
 * Differs: Gal et al. write `1 - max_k p_k` of the mean and count votes in their code; votes are counted here.
 */
import { type MemberProbabilities, votesOfMembers } from '../member-probabilities.ts';
import { createMonteCarlo } from '../monte-carlo.ts';
import type { MonteCarloConfig } from '../monte-carlo-config.ts';
import type { Strategy } from '../strategy.ts';

/** Share of members that do not vote for the class most vote for, `[n]` in `[0, 1 - 1 / classes]`. */
export function variationRatios(given: MemberProbabilities): Float64Array {
  const { members, classes } = given;
  const votes = votesOfMembers(given);
  return Float64Array.from(
    { length: votes.length / classes },
    (_, row) => 1 - Math.max(...votes.subarray(row * classes, (row + 1) * classes)) / members,
  );
}

/** A strategy that takes the candidates of highest {@link variationRatios}; diagnostics of them. */
export function createVariationRatios({ passes }: MonteCarloConfig): Strategy {
  return createMonteCarlo({ measure: 'VariationRatio', passes, score: variationRatios });
}
