/**
 * Diverse mini-batch active learning: of the least certain candidates, those nearest to the centres of a k-means in which
 * uncertain candidates weigh more.
 *
 *     w(x) = 1 - (p_(1)(x) - p_(2)(x))
 *     F = the beta x batch candidates of largest w;  batch clusters of h(x), x in F, weighted by w
 *     of each cluster take the candidate nearest to its centre
 *
 * Source: Zhdanov 2019, "Diverse mini-batch active learning", arXiv:1901.05954, Algorithm 1 with weighted k-means.
 * Differs: `h` are the inputs of the task model's last layer.
 */
import { margins } from '../../classifiers/predict.ts';
import type { Stream } from '../../random.ts';
import { type CandidateRow, toPoolIndex } from '../../shapes.ts';
import { kMeans, ownDistances, type WeightedRows } from '../k-means.ts';
import { highest, lowest } from '../ranking.ts';
import { poolFeatures, poolProbabilities } from '../score-pool.ts';
import type { Strategy } from '../strategy.ts';
import type { DbalConfig } from './dbal-config.ts';

/**
 * `count` different rows: of each of `count` clusters the row nearest to the centre, of equally near ones the first in an
 * order drawn from `stream`. Where clusters are empty, because rows repeat, the rest are the rows of largest weight.
 *
 * @throws RangeError if there are fewer rows than asked for
 */
export async function nearestToCentres(
  rows: WeightedRows & { readonly weights: Float64Array },
  count: number,
  stream: Stream,
): Promise<number[]> {
  const clusters = await kMeans(rows, count, stream.of('clusters'));
  const distances = ownDistances(rows, clusters);
  const order = lowest(distances, distances.length, stream.of('nearest'));
  const taken = new Map<number, number>(); // by cluster
  for (const row of order) {
    const cluster = clusters.assigned[row] as number;
    if (!taken.has(cluster)) taken.set(cluster, row);
  }
  const picked = new Set(taken.values());
  for (const row of highest(rows.weights, rows.weights.length, stream.of('rest'))) {
    if (picked.size < count) picked.add(row);
  }
  return [...picked];
}

/**
 * The whole choice: `count` of the `beta x count` candidates of smallest margin, by {@link nearestToCentres} with weights
 * `1 - margin`.
 *
 * @param margin `[n]`, of the two largest probabilities
 * @param featuresOf features `[rows, size]` of some candidates
 * @returns the candidates picked, and how many were clustered
 */
export async function pickDiverse(
  margin: ArrayLike<number>,
  count: number,
  beta: number,
  featuresOf: (rows: readonly CandidateRow[]) => Promise<Float32Array>,
  stream: Stream,
): Promise<{ readonly picked: CandidateRow[]; readonly clustered: number }> {
  const kept = lowest(margin, Math.min(margin.length, Math.ceil(beta * count)), stream.of('filter'));
  const values = await featuresOf(kept);
  // A margin of 1 would be a weight of 0, and a cluster of such rows without a mean.
  const weights = Float64Array.from(kept, (row) => Math.max(1 - (margin[row] as number), Number.EPSILON));
  const rows = { values, size: values.length / kept.length, weights };
  const picked = (await nearestToCentres(rows, count, stream)).map((row) => kept[row] as CandidateRow);
  return { picked, clustered: kept.length };
}

/**
 * A strategy that takes {@link pickDiverse}. Diagnostics: `candidatesClustered`, and `meanProbabilityMarginPool`,
 * `meanProbabilityMarginSelected`, the mean margin of all candidates and of those taken.
 */
export function createDbal({ beta }: DbalConfig): Strategy {
  return {
    select: async ({ pool, batch, classifier, stream }) => {
      const rowsOf = (picked: readonly CandidateRow[]) =>
        picked.map((row) => toPoolIndex(pool.candidates, row));
      const margin = margins(await poolProbabilities(classifier, pool), classifier.classes);
      const featuresOf = (rows: readonly CandidateRow[]) =>
        poolFeatures(classifier, { ...pool, candidates: rowsOf(rows) });
      const { picked, clustered } = await pickDiverse(margin, batch, beta, featuresOf, stream);
      return {
        kind: 'pool',
        rows: rowsOf(picked),
        diagnostics: {
          candidatesClustered: clustered,
          meanProbabilityMarginPool: margin.reduce((sum, value) => sum + value, 0) / margin.length,
          meanProbabilityMarginSelected:
            picked.reduce((sum, row) => sum + (margin[row] as number), 0) / picked.length,
        },
      };
    },
  };
}
