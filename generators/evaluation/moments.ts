/**
 * Mean and covariance of feature vectors, in float64.
 */
import { checkFeatures, type Features } from './features.ts';

/** The first two moments of a set of feature vectors. */
export interface Moments {
  /** `[size]` */
  readonly mean: Float64Array;
  /** `[size, size]`, row-major, symmetric. */
  readonly covariance: Float64Array;
  readonly size: number;
}

/** Rows taken at a time: 256 rows of 128 features are 256 KiB, which stays in a processor's cache. */
const BLOCK = 256;

/**
 * Mean and unbiased covariance of the rows:
 *
 * ```
 * mean = 1/n sum_i x_i        covariance = 1/(n - 1) sum_i (x_i - mean)(x_i - mean)^T
 * ```
 *
 * The same as `numpy.mean` and `numpy.cov` (ddof 1) of the rows. With fewer rows than features the covariance
 * has no full rank, which is no error.
 *
 * @throws RangeError if there are fewer than two rows or a value is not finite
 */
export function moments(features: Features): Moments {
  checkFeatures('moments.features', features, 2);
  const { n, size } = features;
  const mean = meanOf(features);
  const covariance = new Float64Array(size * size);
  const block = new Float64Array(size * BLOCK);
  for (let start = 0; start < n; start += BLOCK) {
    const rows = Math.min(BLOCK, n - start);
    centredColumns(features, mean, start, rows, block);
    addProducts(block, rows, size, covariance);
  }
  for (let i = 0; i < size; i++) {
    for (let j = i; j < size; j++) {
      const value = (covariance[i * size + j] as number) / (n - 1);
      covariance[i * size + j] = value;
      covariance[j * size + i] = value;
    }
  }
  return { mean, covariance, size };
}

function meanOf({ values, n, size }: Features): Float64Array {
  const mean = new Float64Array(size);
  for (let row = 0; row < n; row++) {
    for (let i = 0; i < size; i++) mean[i] = (mean[i] as number) + (values[row * size + i] as number);
  }
  return mean.map((sum) => sum / n);
}

/** Fills `block` with `[size, rows]`: feature by feature, so that the sums below run along memory. */
function centredColumns(
  { values, size }: Features,
  mean: Float64Array,
  start: number,
  rows: number,
  block: Float64Array,
): void {
  for (let row = 0; row < rows; row++) {
    const from = (start + row) * size;
    for (let i = 0; i < size; i++) {
      block[i * rows + row] = (values[from + i] as number) - (mean[i] as number);
    }
  }
}

/** Adds the inner products of the block's features to the upper triangle of `sums`. */
function addProducts(block: Float64Array, rows: number, size: number, sums: Float64Array): void {
  for (let i = 0; i < size; i++) {
    for (let j = i; j < size; j++) {
      let product = 0;
      const a = i * rows;
      const b = j * rows;
      for (let row = 0; row < rows; row++) {
        product += (block[a + row] as number) * (block[b + row] as number);
      }
      sums[i * size + j] = (sums[i * size + j] as number) + product;
    }
  }
}
