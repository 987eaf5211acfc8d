/**
 * Margin sampling: the candidates whose two most probable classes are nearest, `argmin_x p_(1)(x) - p_(2)(x)`.
 *
 * Source: Scheffer, Decomain and Wrobel 2001, "Active hidden Markov models for information extraction"; Settles 2009,
 * equation 2.
 * The strategy `uncertainty` is the same difference of scores before the softmax. With two classes both have the same
 * order; with more, a third class that is nearly as probable makes this margin small and leaves the other as it is.
 */
import { margins } from '../../classifiers/predict.ts';
import { poolProbabilities } from '../score-pool.ts';
import { createScored } from '../scored-strategy.ts';
import type { Strategy } from '../strategy.ts';

/** A strategy that takes the candidates of lowest `margins` of their softmax probabilities; diagnostics of them. */
export function createMargin(): Strategy {
  return createScored({
    measure: 'ProbabilityMargin',
    take: 'lowest',
    score: async ({ classifier, pool }) =>
      margins(await poolProbabilities(classifier, pool), classifier.classes),
  });
}
