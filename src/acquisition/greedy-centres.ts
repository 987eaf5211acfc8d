/**
 * The greedy k-centre solution: the farthest row, time and again.
 *
 * Source: Gonzalez 1985; as a batch for labelling Sener and Savarese 2018, "Active learning for convolutional neural networks: a
 * core-set approach", Algorithm 1.
 */
import type { Stream } from '../random.ts';
import { checkInteger } from '../shapes.ts';
import { ApproachingCentres } from './approaching-centres.ts';

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
