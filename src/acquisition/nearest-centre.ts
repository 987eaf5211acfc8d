/**
 * How far rows of features are from the nearest of some centres, in float64 to the last bit: float32 products on the backend
 * say which centres can be the nearest, and only those are compared by differences in float64.
 */
import * as tf from '@tensorflow/tfjs';
import { factorError } from '../../matching/indexes/product-precision.ts';
import { squaredDistance } from '../../matching/indexes/vector-index.ts';
import { type CentredRows, centredRows, midst, squaredDistanceError } from './centred-rows.ts';

/** Numbers of a block of products, so that memory does not grow with rows times centres. */
const PRODUCTS = 2e6;
/** Rows of a block at most. */
const MOST_ROWS = 4096;
/** Unit roundoff of float32. */
const ROUNDOFF = 2 ** -24;

/**
 * Squared distance of each feature row to the nearest of `centres`, `[n]`; Infinity if there are none.
 *
 * `n centres size` multiplications in float32 on the backend, `n size` in float64. Memory: 8 bytes a row, a copy of the centres,
 * and a few blocks of at most 8 MB of products.
 *
 * @param features `[n, size]`, row by row
 * @param centres `[centres, size]`
 */
export async function nearestSquared(
  features: Float32Array,
  centres: Float32Array,
  size: number,
): Promise<Float64Array> {
  const nearest = new Float64Array(features.length / size).fill(Number.POSITIVE_INFINITY);
  await inBlocks(features, centres, size, async ({ first, rows, near, halves, slack }) => {
    const found = await contenders(rows.values, near.values, halves, slack);
    found.forEach((some, at) => {
      const row = first + at;
      for (const centre of some) {
        const squared = squaredDistance(features, row * size, centres, centre * size, size);
        nearest[row] = Math.min(nearest[row] as number, squared);
      }
    });
  });
  return nearest;
}

/**
 * No less than the squared distance of each feature row to the nearest of `centres`, `[n]`, and no more by far than float32
 * products let it be known; Infinity if there are none.
 *
 * `n centres size` multiplications in float32 on the backend. Memory: as {@link nearestSquared}.
 *
 * @param features `[n, size]`, row by row
 * @param centres `[centres, size]`
 */
export async function nearestBounds(
  features: Float32Array,
  centres: Float32Array,
  size: number,
): Promise<Float64Array> {
  const bounds = new Float64Array(features.length / size).fill(Number.POSITIVE_INFINITY);
  await inBlocks(features, centres, size, async ({ first, rows, near, halves, slack }) => {
    const scores = tf.tidy(() =>
      tf.max<tf.Tensor1D>(tf.sub(tf.matMul(rows.values, near.values, false, true), halves), 1),
    );
    const best = await scores.data();
    scores.dispose();
    rows.squaredLengths.forEach((squared, at) => {
      const bound = squared - 2 * (best[at] as number) + slack;
      // NaN where something overflowed.
      if (bound < Number.POSITIVE_INFINITY) bounds[first + at] = bound;
    });
  });
  return bounds;
}

/** Some rows beside all centres, relative to the same point. */
interface Block {
  /** Number of the first row. */
  readonly first: number;
  readonly rows: CentredRows;
  readonly near: CentredRows;
  /** `[centres]`: half the squared lengths of the centres. */
  readonly halves: tf.Tensor1D;
  /** The most by which `|x|^2 - 2 (x.c - |c|^2 / 2)` is off, its product and the brackets in float32; Infinity if it may overflow. */
  readonly slack: number;
}

/** Does something with all rows, a block at a time; nothing if there are no centres. */
async function inBlocks(
  features: Float32Array,
  centres: Float32Array,
  size: number,
  work: (block: Block) => Promise<void>,
): Promise<void> {
  if (centres.length === 0) return;
  const origin = midst(centres, size);
  const near = await centredRows(centres, origin);
  const halves = tf.tidy(() => tf.mul<tf.Tensor1D>(tf.tensor1d(near.squaredLengths), 0.5));
  const precision = await factorError();
  const n = features.length / size;
  const rowsAtOnce = Math.max(1, Math.min(MOST_ROWS, Math.floor(PRODUCTS / near.squaredLengths.length)));
  try {
    for (let first = 0; first < n; first += rowsAtOnce) {
      const rows = await centredRows(features.subarray(first * size, (first + rowsAtOnce) * size), origin);
      const [length, longest] = [rows.longest, near.longest];
      const slack = squaredDistanceError(size, length, longest, precision) + scoreRounding(length, longest);
      await work({ first, rows, near, halves, slack }).finally(() => rows.values.dispose());
    }
  } finally {
    tf.dispose([near.values, halves]);
  }
}

/** What float32 adds to the error of `x.c - |c|^2 / 2` and of its comparison, for vectors of at most these lengths. */
function scoreRounding(length: number, longest: number): number {
  return 8 * ROUNDOFF * (length * longest + longest ** 2);
}

/**
 * Of each row the centres that can be the nearest: `|x - c|^2 = |x|^2 - 2 (x.c - |c|^2 / 2)`, so those whose score in the
 * brackets is within `slack` of the largest. All of them where a product may overflow, and `slack` is infinite.
 *
 * @param halves `[centres]`: half the squared lengths of the centres
 */
async function contenders(
  rows: tf.Tensor2D,
  centres: tf.Tensor2D,
  halves: tf.Tensor1D,
  slack: number,
): Promise<(readonly number[])[]> {
  const [scores, best, within, counts] = tf.tidy(() => {
    const each = tf.sub(tf.matMul(rows, centres, false, true), halves) as tf.Tensor2D;
    const least = tf.sub(tf.max(each, 1, true), slack);
    const isClose = tf.cast(tf.greaterEqual(each, least), 'float32');
    return [each, tf.argMax(each, 1), tf.squeeze(least, [1]), tf.sum(isClose, 1)];
  }) as [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
  try {
    const [bests, leasts, alone] = await Promise.all([best.data(), within.data(), counts.data()]);
    const found: (readonly number[])[] = Array.from(bests, (centre) => [centre]);
    // A comparison with NaN counts nothing, so that what overflowed is looked at too.
    const unclear = found.flatMap((_, row) => (alone[row] === 1 && Number.isFinite(slack) ? [] : [row]));
    if (unclear.length === 0) return found;
    const some = tf.tidy(() => tf.gather(scores, tf.tensor1d(unclear, 'int32')));
    const table = await some.data();
    some.dispose();
    const width = centres.shape[0];
    unclear.forEach((row, at) => {
      const least = leasts[row] as number;
      const close: number[] = [];
      for (let centre = 0; centre < width; centre++) {
        if (!((table[at * width + centre] as number) < least)) close.push(centre);
      }
      found[row] = close;
    });
    return found;
  } finally {
    tf.dispose([scores, best, within, counts]);
  }
}

/**
 * Lowers the squared distances to the nearest centre, `[n]`, by a new centre: the row of this number. In float64, from
 * differences; a distance of minus Infinity stays.
 *
 * @param features `[n, size]`
 */
export function bringNearer(
  features: Float32Array,
  size: number,
  nearest: Float64Array,
  centre: number,
): void {
  for (let row = 0; row < nearest.length; row++) bringRowNearer(features, size, nearest, row, centre);
}

/** {@link bringNearer} of one row. */
export function bringRowNearer(
  features: Float32Array,
  size: number,
  nearest: Float64Array,
  row: number,
  centre: number,
): void {
  const limit = nearest[row] as number;
  let squared = 0;
  const end = (row + 1) * size;
  // The sum only grows: beyond the limit the rest does not matter.
  for (let at = row * size, other = centre * size; at < end && squared < limit; at++, other++) {
    const difference = (features[at] as number) - (features[other] as number);
    squared += difference * difference;
  }
  if (squared < limit) nearest[row] = squared;
}
