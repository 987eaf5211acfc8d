/**
 * CEAL: buys the images of which the task model is least sure, and trains for one round on those of which it is most sure,
 * under the labels that it gives them itself.
 *
 *     buy            the `batch` of most uncertain images
 *     pseudo-label   x not bought with -sum_k p_k(x) ln p_k(x) < threshold - decay (round - 1): argmax_k p_k(x)
 *
 * Source: Wang, Zhang, Li, Zhang and Lin 2017, "Cost-effective active learning for deep image classification".
 * Differs: the threshold falls by `decay` a round from its first value and stops at 0; the task model is trained anew, where
 * the paper fine-tunes one. Public code takes decay times the round from what was already lowered (DeepAL+), gives rows each
 * other's labels (osimeoni/RethinkingDeepActiveLearning), or does not put the images back.
 */
import { entropies, margins, predictedClasses, probabilities } from '../../classifiers/predict.ts';
import { toPoolIndex } from '../../shapes.ts';
import type { ExtraTraining } from '../extra-training.ts';
import { highest } from '../ranking.ts';
import { scorePool } from '../score-pool.ts';
import type { Strategy } from '../strategy.ts';
import type { CealConfig } from './ceal-config.ts';
import { leastConfidences } from './least-confidence.ts';

/** How uncertain rows `[n, classes]` of probabilities are, `[n]`, the higher the more. */
const MEASURES: Readonly<
  Record<CealConfig['measure'], (probs: Float32Array, classes: number) => ArrayLike<number>>
> = {
  entropy: entropies,
  margin: (probs, classes) => margins(probs, classes).map((margin) => -margin),
  'least-confidence': leastConfidences,
};

/** Entropy in nats below which a round's images are given labels, counted from round 1. */
export function cealThreshold(
  { threshold, decay }: Pick<CealConfig, 'threshold' | 'decay'>,
  round: number,
): number {
  return Math.max(0, threshold - decay * (round - 1));
}

/**
 * A strategy that buys the `batch` most uncertain candidates, ties broken at random, and adds those below the threshold to
 * the round's training. Diagnostics: `pseudoLabelThreshold` in nats, `meanEntropyPool` and `meanEntropySelected`;
 * `pseudoLabelsPerClass`, `[classes]`.
 */
export function createCeal(config: CealConfig): Strategy {
  return {
    select: async ({ round, batch, classifier, pool, stream }) => {
      const { classes } = classifier;
      const { candidates } = pool;
      const scores = await scorePool(classifier, pool);
      const probs = probabilities(scores, classes);
      const entropy = entropies(probs, classes);
      const picked = highest(MEASURES[config.measure](probs, classes), batch, stream);
      const bought = new Set<number>(picked);
      const threshold = cealThreshold(config, round);
      const sure = candidates
        .map((_, row) => row)
        .filter((row) => (entropy[row] as number) < threshold && !bought.has(row));
      const predicted = predictedClasses(scores, classes);
      const labels = sure.map((row) => predicted[row] as number);
      const mean = (rows: readonly number[]) =>
        rows.reduce((sum, row) => sum + (entropy[row] as number), 0) / rows.length;
      return {
        kind: 'pool',
        rows: picked.map((row) => toPoolIndex(candidates, row)),
        diagnostics: {
          meanEntropyPool: mean(candidates.map((_, row) => row)),
          meanEntropySelected: mean(picked),
        },
        extraTraining: async (): Promise<ExtraTraining> => ({
          from: { kind: 'pool', rows: sure.map((row) => candidates[row] as (typeof candidates)[number]) },
          labels,
          kept: false,
          diagnostics: {
            pseudoLabelThreshold: threshold,
            pseudoLabelsPerClass: Array.from(
              { length: classes },
              (_, k) => labels.filter((label) => label === k).length,
            ),
          },
        }),
      };
    },
  };
}
