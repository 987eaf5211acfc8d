/**
 * BADGE: a batch of candidates whose gradients would be large and different, by k-means++ seeding on the gradients of the
 * last layer for the label the model itself would give.
 *
 * Source: Ash, Zhang, Krishnamurthy, Langford and Agarwal 2020, "Deep batch active learning by diverse, uncertain gradient
 * lower bounds", Algorithm 1; Arthur and Vassilvitskii 2007 for k-means++.
 * Reference code: JordanAsh/badge a2d18ac `query_strategies/badge_sampling.py`, whose first pick, the longest gradient, is
 * ours too: the paper's seeding would draw it uniformly.
 * Differs: none in the embedding; gradients of length 0 and equal ones give no duplicate (see {@link seedGradients}).
 */
import type { Stream } from '../../random.ts';
import { candidateRow, checkInteger, toPoolIndex } from '../../shapes.ts';
import { GradientEmbeddings } from '../gradient-embeddings.ts';
import { highest } from '../ranking.ts';
import { poolFeatures, poolProbabilities } from '../score-pool.ts';
import type { Strategy } from '../strategy.ts';
import { drawWeighted } from '../weighted-draw.ts';

/**
 * `count` different rows: first the longest gradient, then each with probability proportional to the squared distance to the
 * nearest of those taken. Where all distances are 0, of the rows left each is as likely.
 *
 * Cost: `count n (size + classes)` multiplications at most, without the `size` for rows that a pick cannot come nearer to; 8 bytes a candidate beside the embeddings.
 *
 * @throws RangeError if there are fewer rows than asked for
 */
export function seedGradients(gradients: GradientEmbeddings, count: number, stream: Stream): number[] {
  const { n, squaredNorms } = gradients;
  checkInteger('seedGradients.count', count, 1);
  if (count > n) throw new RangeError(`seedGradients.count: expected at most ${n}, got ${count}`);
  const rows: number[] = highest(squaredNorms, 1, stream);
  const nearest = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  const taken = new Set(rows);
  while (rows.length < count) {
    approach(gradients, nearest, rows.at(-1) as number);
    const row = drawWeighted(nearest, stream) ?? drawOther(n, taken, stream);
    rows.push(row);
    taken.add(row);
  }
  return rows;
}

/** Lowers the squared distance of each row to its nearest pick to that from a new one, which itself gets 0. */
export function approach(gradients: GradientEmbeddings, nearest: Float64Array, pick: number): void {
  for (let row = 0; row < nearest.length; row++) {
    if (nearest[row] === 0) continue;
    nearest[row] = gradients.squaredDistanceBelow(row, pick, nearest[row] as number);
  }
  nearest[pick] = 0;
}

/**
 * A strategy that takes {@link seedGradients}. Diagnostics: `meanGradientPool` and `meanGradientSelected`, the mean length of
 * the gradient of all candidates and of those taken.
 */
export function createBadge(): Strategy {
  return {
    select: async ({ pool, batch, classifier, stream }) => {
      const probs = await poolProbabilities(classifier, pool);
      const features = await poolFeatures(classifier, pool);
      const size = features.length / pool.candidates.length;
      const gradients = new GradientEmbeddings(probs, classifier.classes, features, size);
      const rows = seedGradients(gradients, batch, stream);
      const lengths = gradients.squaredNorms.map((squared) => Math.sqrt(squared));
      return {
        kind: 'pool',
        rows: rows.map((row) => toPoolIndex(pool.candidates, candidateRow(row))),
        diagnostics: {
          meanGradientPool: lengths.reduce((sum, length) => sum + length, 0) / lengths.length,
          meanGradientSelected: rows.reduce((sum, row) => sum + (lengths[row] as number), 0) / batch,
        },
      };
    },
  };
}

function drawOther(n: number, taken: ReadonlySet<number>, stream: Stream): number {
  const others = Array.from({ length: n }, (_, row) => row).filter((row) => !taken.has(row));
  return others[stream.integer(others.length)] as number;
}
