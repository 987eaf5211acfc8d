/**
 * Least confidence of M2's classifier, weighted by how far an image is from what is known of its class.
 *
 *     score(x) = (1 - max_y q(y|x)) d(x) / max d
 *     d(x)     = mean over the anchors a of x's likeliest class of |z(x) - z(a)|
 *
 * Anchors and `z` are those of `m2-farthest.ts`. An image whose likeliest class has no anchor is as far as can be: weight 1.
 */

import { highest } from '../src/acquisition/ranking.ts';
import { leastConfidences } from '../src/acquisition/strategies/least-confidence.ts';
import type { Strategy } from '../src/acquisition/strategy.ts';
import { anchorFigures } from './anchor-figures.ts';
import { anchorsByClass, meanDistances, summedDistances } from './anchors.ts';
import { createFromM2, meanOf } from './from-m2.ts';
import type { M2WeightedConfidenceConfig } from './m2-weighted-confidence-config.ts';

/**
 * Distances divided by the largest of their group, `[n]` in [0, 1]; 1 where there is none, and where all of a group are 0.
 *
 * @param groups `[n]`
 */
export function normalisedDistances(
  distances: readonly (number | null)[],
  groups: ArrayLike<number>,
): Float64Array {
  const largest = new Map<number, number>();
  distances.forEach((distance, row) => {
    const group = groups[row] as number;
    largest.set(group, Math.max(largest.get(group) ?? 0, distance ?? 0));
  });
  return Float64Array.from(distances, (distance, row) => {
    const most = largest.get(groups[row] as number) ?? 0;
    return distance === null || most === 0 ? 1 : distance / most;
  });
}

/**
 * A strategy that takes the `batch` candidates of highest score, ties broken at random. Diagnostics: of
 * {@link anchorFigures}, and the means `meanWeightedConfidencePool` and `meanWeightedConfidenceSelected`.
 */
export function createM2WeightedConfidence(options: M2WeightedConfidenceConfig): Strategy {
  return createFromM2(options, async ({ labelled, batch, stream }, tables) => {
    const { pool } = tables;
    const anchors = anchorsByClass(tables.labelled, labelled.labels);
    const sums = summedDistances(pool, tables.labelled, anchors);
    const groups = options.normalise === 'class' ? pool.predicted : new Uint8Array(pool.n);
    const weights = normalisedDistances(meanDistances(sums, pool, anchors), groups);
    const doubts = leastConfidences(pool.probs, pool.classes);
    const scores = doubts.map((doubt, row) => doubt * (weights[row] as number));
    const rows = highest(scores, batch, stream);
    return {
      rows,
      diagnostics: {
        ...anchorFigures(pool, sums, anchors, rows),
        meanWeightedConfidencePool: meanOf(scores),
        meanWeightedConfidenceSelected: meanOf(rows.map((row) => scores[row] as number)),
      },
    };
  });
}
