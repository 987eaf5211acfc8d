/**
 * The greedy k-centre solution: the farthest row, time and again.
 *
 * Source: Gonzalez 1985; as a batch for labelling Sener and Savarese 2018, "Active learning for convolutional neural networks: a
 * core-set approach", Algorithm 1.
 */
import { gatherRows } from '../gather-rows.ts';
import type { Stream } from '../random.ts';
import { checkInteger } from '../shapes.ts';
import { type Distances, FarthestRows } from './farthest-rows.ts';
import { nearestBounds } from './nearest-centre.ts';

/** Centres that every row is compared with, as a share of all, and at least. */
const SHARE_FOR_BOUNDS = 1 / 4;
const LEAST_FOR_BOUNDS = 64;

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
 * Squared distances throughout, in float64 from differences, so none is negative. {@link FarthestRows} tells which
 * need not be looked at: most rows are never near to being the farthest.
 *
 * @param distances its `nearest` is lowered, to the distances themselves where they matter; minus Infinity where a row was taken
 * @throws RangeError if there are fewer rows than asked for
 */
export async function greedyCentres(distances: Distances, count: number, stream: Stream): Promise<Centres> {
  const { nearest } = distances;
  checkCount(count, nearest.length);
  const tieBreak = Uint32Array.from(stream.permutation(nearest.length));
  const rows: number[] = [];
  const found: number[] = [];
  const far = await FarthestRows.create(distances, tieBreak);
  let radiusAfter: number;
  try {
    while (rows.length < count) {
      const row = await far.farthest();
      rows.push(row);
      found.push(Math.sqrt(nearest[row] as number));
      await far.take(row);
    }
    // With every row taken, none is left at any distance.
    radiusAfter = Math.sqrt(Math.max(0, nearest[await far.farthest()] as number));
  } finally {
    far.dispose();
  }
  const [before] = found as [number];
  return { rows, distances: found, radiusBefore: Number.isFinite(before) ? before : null, radiusAfter };
}

/**
 * {@link greedyCentres} beside given centres.
 *
 * Cost: a product of all rows with a part of the centres, and of those that may be among the farthest, mostly few, with all.
 * Memory: some 20 bytes a row, blocks of 8 MB, and on the backend a copy of the features of the latter, at worst of all.
 *
 * @param features `[n, size]`
 * @param centres `[centres, size]`, or empty
 * @throws RangeError if there are fewer rows than asked for
 */
export async function greedyCentresBeside(
  features: Float32Array,
  centres: Float32Array,
  size: number,
  count: number,
  stream: Stream,
): Promise<Centres> {
  checkCount(count, features.length / size);
  const known = centres.length / size;
  const some = Math.min(known, Math.max(LEAST_FOR_BOUNDS, Math.ceil(SHARE_FOR_BOUNDS * known)));
  // From all of them, since centres that were bought one after the other may lie together.
  const spread = Array.from({ length: some }, (_, at) => Math.floor((at * known) / some));
  const nearest = await nearestBounds(features, gatherRows(centres, size, spread), size);
  return greedyCentres({ features, size, nearest, centres }, count, stream);
}

function checkCount(count: number, rows: number): void {
  checkInteger('greedyCentres.count', count, 1);
  if (count > rows) throw new RangeError(`greedyCentres.count: expected at most ${rows}, got ${count}`);
}
