/**
 * Entropy sampling: the candidates whose class probabilities are spread widest, `argmax_x -sum_k p_k(x) ln p_k(x)`.
 *
 * Source: Shannon 1948; as a query strategy Settles 2009, equation 3.
 */
import { entropies } from '../../classifiers/predict.ts';
import { poolProbabilities } from '../score-pool.ts';
import { createScored } from '../scored-strategy.ts';
import type { Strategy } from '../strategy.ts';

/** A strategy that takes the candidates of highest entropy, in nats; diagnostics of it. */
export function createEntropy(): Strategy {
  return createScored({
    measure: 'Entropy',
    take: 'highest',
    score: async ({ classifier, pool }) =>
      entropies(await poolProbabilities(classifier, pool), classifier.classes),
  });
}
