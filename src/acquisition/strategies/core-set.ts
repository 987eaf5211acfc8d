/**
 * Core-set: a batch that, with the labelled images, leaves no candidate far from all of them in the task model's features.
 *
 *     repeat batch times: take argmax_x min_{c labelled or taken} |h(x) - h(c)|^2
 *
 * The radius `max_x min_c |h(x) - h(c)|` it ends with is at most twice the smallest possible one.
 *
 * Source: Sener and Savarese 2018, "Active learning for convolutional neural networks: a core-set approach", Algorithm 1.
 * Differs: the mixed integer program of their section 4.2, which lowers the radius further, is left out, as it is in every
 * published comparison known to us.
 */
import { featuresOfImages } from '../../classifiers/predict.ts';
import type { Stream } from '../../random.ts';
import { candidateRow, checkInteger, toPoolIndex } from '../../shapes.ts';
import { ApproachingCentres } from '../approaching-centres.ts';
import { nearestSquared } from '../nearest-centre.ts';
import { poolFeatures } from '../score-pool.ts';
import type { Strategy } from '../strategy.ts';

/** What {@link greedyCentres} takes. */
export interface Centres {
  /** Rows taken, in order. */
  readonly rows: number[];
  /** Of each when it was taken, to the nearest centre; Infinity if there was none. */
  readonly distances: number[];
  /** The largest distance to the nearest centre before and after; null before if there was no centre. */
  readonly radiusBefore: number | null;
  readonly radiusAfter: number;
}

/**
 * The greedy k-centre solution: `count` rows, each the farthest from all centres so far; of equally far ones the first in an
 * order drawn from `stream`.
 *
 * Squared distances throughout, in float64 from differences, so none is negative: {@link ApproachingCentres} tells which
 * need not be looked at. Memory: 12 bytes a row, and a copy of the features on the backend.
 *
 * @param features `[n, size]`
 * @param nearest `[n]`: squared distance of each row to its nearest centre, Infinity if there is none. It is brought up to
 *   date, and minus Infinity where a row was taken.
 * @throws RangeError if there are fewer rows than asked for
 */
export async function greedyCentres(
  features: Float32Array,
  size: number,
  nearest: Float64Array,
  count: number,
  stream: Stream,
): Promise<Centres> {
  const n = nearest.length;
  checkInteger('greedyCentres.count', count, 1);
  if (count > n) throw new RangeError(`greedyCentres.count: expected at most ${n}, got ${count}`);
  const tieBreak = Uint32Array.from(stream.permutation(n));
  const rows: number[] = [];
  const distances: number[] = [];
  let farthest = argmax(nearest, tieBreak);
  const approaching = await ApproachingCentres.create(features, size);
  try {
    while (rows.length < count) {
      rows.push(farthest);
      distances.push(Math.sqrt(nearest[farthest] as number));
      nearest[farthest] = Number.NEGATIVE_INFINITY;
      await approaching.bringNearer(nearest, farthest);
      farthest = argmax(nearest, tieBreak);
    }
  } finally {
    approaching.dispose();
  }
  const [before] = distances as [number];
  return {
    rows,
    distances,
    radiusBefore: Number.isFinite(before) ? before : null,
    // With every row taken, none is left at any distance.
    radiusAfter: Math.sqrt(Math.max(0, nearest[farthest] as number)),
  };
}

/** A strategy that takes {@link greedyCentres}. Diagnostics: `coverRadiusBefore`, `coverRadiusAfter`. */
export function createCoreSet(): Strategy {
  return {
    select: async ({ pool, batch, classifier, labelled, stream }) => {
      const features = await poolFeatures(classifier, pool);
      const size = features.length / pool.candidates.length;
      const centres = await featuresOfImages(classifier, labelled.images);
      const nearest = await nearestSquared(features, centres, size);
      const { rows, radiusBefore, radiusAfter } = await greedyCentres(features, size, nearest, batch, stream);
      return {
        kind: 'pool',
        rows: rows.map((row) => toPoolIndex(pool.candidates, candidateRow(row))),
        diagnostics: { coverRadiusBefore: radiusBefore, coverRadiusAfter: radiusAfter },
      };
    },
  };
}

function argmax(values: Float64Array, tieBreak: Uint32Array): number {
  let best = 0;
  for (let row = 1; row < values.length; row++) {
    const lead = (values[row] as number) - (values[best] as number);
    // The difference of two infinities is NaN, and equal.
    const equal = values[row] === values[best];
    if (lead > 0 || (equal && (tieBreak[row] as number) < (tieBreak[best] as number))) best = row;
  }
  return best;
}
