/**
 * Robust k-centres: rows that bring the radius below the greedy solution's, where a few outliers may stay beyond it.
 *
 *     delta = radius of the greedy solution
 *     halve the interval for delta:  can `count` centres leave at most `outliers` rows farther than delta?
 *
 * Source: Sener and Savarese 2018, "Active learning for convolutional neural networks: a core-set approach", section 4.2 and
 * Algorithm 2.
 * Differs: the paper asks a commercial solver (Gurobi) for each delta. Here {@link Coverage} answers, exactly on small problems
 * and by greedy covering on large ones; centres are chosen among the greedy ones and a part of the rows drawn at random. A "no"
 * may therefore be wrong, a "yes" is checked in float64: the result is never worse than the greedy one.
 */
import * as tf from '@tensorflow/tfjs';
import { gatherRows } from '../gather-rows.ts';
import type { Stream } from '../random.ts';
import { centredRows, midst } from './centred-rows.ts';
import { Coverage } from './cover.ts';
import { greedyCentres } from './greedy-centres.ts';
import { nearestSquared } from './nearest-centre.ts';

/** The interval for the radius is halved until it is this part of it. */
const TOLERANCE = 1e-4;
/** Rows whose products with all possible centres are held at once. */
const BLOCK = 1024;

export interface RobustOptions {
  /** Rows that may stay farther than the radius, as a share of all. */
  readonly outliers: number;
  /** Rows drawn as possible centres, beside the greedy ones. */
  readonly subset: number;
}

/** What {@link robustCentres} takes. */
export interface RobustCentres {
  /** Rows taken: those that the cover chose, then the farthest left. */
  readonly rows: number[];
  /** Rows that may be left out. */
  readonly allowed: number;
  /** The largest distance to the nearest centre of all rows but those left out: of the greedy solution and of this one. */
  readonly radiusGreedy: number;
  readonly radius: number;
  /** The largest distance of all rows before, Infinity if there was no centre, and after. */
  readonly radiusBefore: number;
  readonly radiusAfter: number;
}

/**
 * `count` different rows, such that all but `outliers n` rows are within a radius of a centre that is at most the greedy solution's
 * at the same allowance.
 *
 * Cost: about 14 radii, of which each takes `n subset size` multiplications on the backend and `count n subset / 32` words of bits.
 * Memory: `subset / 8 + 40` bytes a row.
 *
 * @param features `[n, size]`
 * @param nearest `[n]`: squared distance of each row to its nearest centre before, Infinity if there is none. It is kept
 * @throws RangeError if there are fewer rows than asked for
 */
export async function robustCentres(
  features: Float32Array,
  size: number,
  nearest: Float64Array,
  count: number,
  { outliers, subset }: RobustOptions,
  stream: Stream,
): Promise<RobustCentres> {
  const n = nearest.length;
  const allowed = Math.floor(outliers * n);
  const greedy = await completed(features, size, nearest, [], count, stream);
  let { rows } = greedy;
  const radiusGreedy = radiusOf(greedy.nearest, allowed);
  let radius = radiusGreedy;
  let radiusAfter = radiusOf(greedy.nearest, 0);
  const possible = [...new Set([...rows, ...stream.of('subset').permutation(n).slice(0, subset)])];
  for (let least = 0; radius - least > TOLERANCE * radius; ) {
    const delta = (least + radius) / 2;
    const coverage = await coverageWithin(features, size, nearest, possible, delta);
    const chosen = coverage.choose(count, allowed)?.map((centre) => possible[centre] as number);
    const solution = chosen && (await completed(features, size, nearest, chosen, count, stream.of('rest')));
    const reached = solution === undefined ? Number.POSITIVE_INFINITY : radiusOf(solution.nearest, allowed);
    if (solution !== undefined && reached < radius) {
      rows = solution.rows;
      radius = reached;
      radiusAfter = radiusOf(solution.nearest, 0);
    } else {
      least = delta;
    }
  }
  return { rows, allowed, radiusGreedy, radius, radiusBefore: radiusOf(nearest, 0), radiusAfter };
}

/** The largest distance once the `allowed` largest are left out, at least 0. */
export function radiusOf(nearest: Float64Array, allowed: number): number {
  const sorted = Float64Array.from(nearest).sort();
  return Math.sqrt(Math.max(0, sorted[sorted.length - 1 - allowed] ?? 0));
}

/** The chosen rows and, if they are fewer than `count`, the farthest of the others; and how far all rows then are. */
async function completed(
  features: Float32Array,
  size: number,
  before: Float64Array,
  chosen: readonly number[],
  count: number,
  stream: Stream,
): Promise<{ rows: number[]; nearest: Float64Array }> {
  const nearest = await beside(features, size, before, chosen);
  if (chosen.length === count) return { rows: [...chosen], nearest };
  const distances = { features, size, nearest: Float64Array.from(nearest), centres: new Float32Array(0) };
  const { rows } = await greedyCentres(distances, count - chosen.length, stream);
  return { rows: [...chosen, ...rows], nearest: await beside(features, size, nearest, rows) };
}

/** How far all rows are once some of them are centres too, and minus Infinity for these. */
async function beside(
  features: Float32Array,
  size: number,
  before: Float64Array,
  taken: readonly number[],
): Promise<Float64Array> {
  const toTaken = await nearestSquared(features, gatherRows(features, size, taken), size);
  const nearest = before.map((squared, row) => Math.min(squared, toTaken[row] as number));
  for (const row of taken) nearest[row] = Number.NEGATIVE_INFINITY;
  return nearest;
}

/**
 * Which of the possible centres is within `delta` of each row that no centre before is, by float32 products. What rounding makes
 * of rows that lie at `delta` is settled when the solution is measured.
 */
async function coverageWithin(
  features: Float32Array,
  size: number,
  nearest: Float64Array,
  possible: readonly number[],
  delta: number,
): Promise<Coverage> {
  const open: number[] = [];
  nearest.forEach((squared, row) => {
    if (squared > delta * delta) open.push(row);
  });
  const coverage = new Coverage(open.length, possible.length);
  const values = gatherRows(features, size, possible);
  const origin = midst(values, size);
  const centres = await centredRows(values, origin);
  try {
    for (let first = 0; first < open.length; first += BLOCK) {
      const rows = gatherRows(features, size, open.slice(first, first + BLOCK));
      const block = await centredRows(rows, origin);
      const products = tf.matMul(block.values, centres.values, false, true);
      try {
        note(await products.data<'float32'>(), block.squaredLengths, first);
      } finally {
        tf.dispose([block.values, products]);
      }
    }
  } finally {
    centres.values.dispose();
  }
  return coverage;

  function note(products: Float32Array, squaredLengths: Float32Array, first: number): void {
    squaredLengths.forEach((length, at) => {
      const row = first + at;
      possible.forEach((own, centre) => {
        const squared =
          length +
          (centres.squaredLengths[centre] as number) -
          2 * (products[at * possible.length + centre] as number);
        // A centre covers itself, whatever rounding says.
        if (squared <= delta * delta || own === open[row]) coverage.add(centre, row);
      });
    });
  }
}
