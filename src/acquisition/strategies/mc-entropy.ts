/**
 * Entropy under Monte Carlo dropout: the candidates whose mean class probabilities are spread widest, `argmax_x H[mean_t p_t(x)]`.
 *
 * Source: Gal, Islam and Ghahramani 2017, section 4, equation 2 ("max entropy").
 */
import { entropyOfRows, type MemberProbabilities, meanOfMembers } from '../member-probabilities.ts';
import { createMonteCarlo } from '../monte-carlo.ts';
import type { MonteCarloConfig } from '../monte-carlo-config.ts';
import type { Strategy } from '../strategy.ts';

/** Entropy of the mean of the members, `[n]` in nats, in `[0, ln classes]`. */
export function consensusEntropies(given: MemberProbabilities): Float64Array {
  return entropyOfRows(meanOfMembers(given), given.classes);
}

/** A strategy that takes the candidates of highest {@link consensusEntropies}; diagnostics of them. */
export function createMcEntropy({ passes }: MonteCarloConfig): Strategy {
  return createMonteCarlo({ measure: 'ConsensusEntropy', passes, score: consensusEntropies });
}
