/**
 * How far rows of features are from the nearest of some centres, in float64 to the last bit: float32 products on the backend
 * say which centres can be the nearest, and only those are compared by differences in float64.
 */
import * as tf from '@tensorflow/tfjs';
import { meanRow } from '../../matching/indexes/mean-row.ts';
import { factorError } from '../../matching/indexes/product-precision.ts';
import { squaredDistance } from '../../matching/indexes/vector-index.ts';
import { centredRows, squaredDistanceError } from './centred-rows.ts';

/** Numbers of a block of products, so that memory does not grow with rows times centres. */
const PRODUCTS = 1e6;
/** Rows of a block at most. */
const MOST_ROWS = 4096;

/**
 * Squared distance of each feature row to the nearest of `centres`, `[n]`; Infinity if there are none.
 *
 * `n centres size` multiplications in float32 on the backend, `n size` in float64. Memory: 8 bytes a row, a copy of the centres,
 * and one block of at most 4 MB of products.
 *
 * @param features `[n, size]`, row by row
 * @param centres `[centres, size]`
 */
export async function nearestSquared(
  features: Float32Array,
  centres: Float32Array,
  size: number,
): Promise<Float64Array> {
  const n = features.length / size;
  const nearest = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  if (centres.length === 0) return nearest;
  const origin = meanRow({ values: centres, size });
  const near = centredRows(centres, origin);
  const count = near.squaredLengths.length;
  const halves = near.squaredLengths.map((squared) => squared / 2);
  const precision = await factorError();
  const rowsAtOnce = Math.max(1, Math.min(MOST_ROWS, Math.floor(PRODUCTS / count)));
  const factor = tf.tensor2d(near.values, [count, size]);
  try {
    for (let first = 0; first < n; first += rowsAtOnce) {
      const rows = centredRows(features.subarray(first * size, (first + rowsAtOnce) * size), origin);
      const products = await multiplied(rows.values, factor);
      for (let at = 0; at < rows.squaredLengths.length; at++) {
        const length = Math.sqrt(rows.squaredLengths[at] as number);
        const error = squaredDistanceError(size, length, near.longest, precision);
        const row = first + at;
        const distanceTo = (centre: number) =>
          squaredDistance(features, row * size, centres, centre * size, size);
        nearest[row] = leastOf(products.subarray(at * count, (at + 1) * count), halves, error, distanceTo);
      }
    }
  } finally {
    factor.dispose();
  }
  return nearest;
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

/** `[rows, centres]` inner products. */
async function multiplied(rows: Float32Array, centres: tf.Tensor2D): Promise<Float32Array> {
  const size = centres.shape[1];
  const products = tf.tidy(() =>
    tf.matMul(tf.tensor2d(rows, [rows.length / size, size]), centres, false, true),
  );
  try {
    return await products.data<'float32'>();
  } finally {
    products.dispose();
  }
}

/** The least distance, from the products of one row with all centres and half the squared lengths of these. */
function leastOf(
  products: Float32Array,
  halves: Float64Array,
  error: number,
  distanceTo: (centre: number) => number,
): number {
  // |x - c|^2 = |x|^2 - 2 (x.c - |c|^2 / 2): the largest of these is nearest.
  let best = 0;
  let top = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  let isSound = true;
  for (let centre = 0; centre < halves.length; centre++) {
    const score = (products[centre] as number) - (halves[centre] as number);
    // Written so that NaN, of a product that overflowed, is noticed.
    if (!(score <= second)) {
      if (score > top) {
        second = top;
        top = score;
        best = centre;
      } else if (score > second) second = score;
      else isSound = false;
    }
  }
  const within = top - error;
  if (isSound && second < within) return distanceTo(best);
  let least = Number.POSITIVE_INFINITY;
  for (let centre = 0; centre < halves.length; centre++) {
    const score = (products[centre] as number) - (halves[centre] as number);
    if (!isSound || !(score < within)) least = Math.min(least, distanceTo(centre));
  }
  return least;
}
