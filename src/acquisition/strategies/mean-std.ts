/**
 * Mean standard deviation: the candidates whose class probabilities vary most between networks drawn by dropout.
 *
 *     score(x) = 1/C sum_k sqrt(mean_t p_tk(x)^2 - (mean_t p_tk(x))^2)
 *
 * Source: Kampffmeyer, Salberg and Jenssen 2016, "Semantic segmentation of small objects and modeling of uncertainty"; Gal,
 * Islam and Ghahramani 2017, section 4.
 */
import { type MemberProbabilities, meanOfMembers } from '../member-probabilities.ts';
import { createMonteCarlo } from '../monte-carlo.ts';
import type { MonteCarloConfig } from '../monte-carlo-config.ts';
import type { Strategy } from '../strategy.ts';

/** Mean over the classes of the standard deviation over the members, divided by their number, `[n]` in [0, 0.5]. */
export function meanDeviations(given: MemberProbabilities): Float64Array {
  const { probs, members, classes } = given;
  const means = meanOfMembers(given);
  const scores = new Float64Array(means.length / classes);
  means.forEach((mean, at) => {
    const [row, k] = [Math.floor(at / classes), at % classes];
    let squares = 0;
    for (let member = 0; member < members; member++) {
      squares += ((probs[(row * members + member) * classes + k] as number) - mean) ** 2;
    }
    scores[row] = (scores[row] as number) + Math.sqrt(squares / members) / classes;
  });
  return scores;
}

/** A strategy that takes the candidates of highest {@link meanDeviations}; diagnostics of them. */
export function createMeanStd({ passes }: MonteCarloConfig): Strategy {
  return createMonteCarlo({ measure: 'Deviation', passes, score: meanDeviations });
}
