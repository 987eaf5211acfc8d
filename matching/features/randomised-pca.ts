/**
 * The leading principal components of rows of bytes, by randomised subspace iteration.
 *
 * Source: Halko, Martinsson and Tropp 2011, "Finding structure with randomness", algorithm 4.4 on the covariance
 * C = X^T X of the centred rows: basis <- orthonormal(C basis), `passes` times, from a Gaussian start with some
 * spare directions (section 4.2). The components are then the Rayleigh-Ritz vectors of the basis: the eigenvectors of
 * basis C basis^T.
 * Differs: C is applied block by block, so that no product with all rows is kept; the paper orthonormalises between
 * its two halves, X basis^T and X^T of that, as well. Directions whose variance is less than some 1e-7 of the
 * largest are therefore lost in float32. X is centred by correcting the products, not the rows.
 *
 * Because an eigenvalue is measured on its own component, it is the variance of the rows along it, and but for rounding
 * at most the true eigenvalue.
 *
 * Memory, n rows of d bytes and k directions: 8 n for the list of rows, 4 block (d + k) twice (host and device), and
 * some 50 d k for the bases. Time: 4 n d k (passes + 1/2) operations on the device.
 */
import * as tf from '@tensorflow/tfjs';
import { Matrix } from 'ml-matrix';
import type { Stream } from '../../src/random.ts';
import { checkInteger } from '../../src/shapes.ts';
import { orthonormalRows, symmetricEigen } from './orthonormal-rows.ts';
import { checkPoolRows, fillBlock, type PoolMoments, type PoolRows, poolMoments } from './pool-rows.ts';

/** How many components to keep: a number, or the fewest that reach a share of the total variance. */
export type Keep =
  | { readonly components: number }
  | {
      /** In (0, 1). */
      readonly variance: number;
      /** The most to keep, whether the share is reached or not. */
      readonly atMost: number;
    };

export interface RandomisedPcaOptions {
  /** Default: 50 components, or fewer if the rows span fewer directions. */
  readonly keep?: Keep;
  /** Refinements of the basis, each a pass over the rows; one more pass measures the components. Default: 3. */
  readonly passes?: number;
  /** Directions carried along besides those kept. Default: 10, of the 5 to 10 that section 4.2 advises. */
  readonly spare?: number;
  /** Rows a block. Default: 2,500. */
  readonly block?: number;
}

/** Means and directions of largest variance, in bytes. */
export interface PrincipalComponents {
  /** Rows they were found from. */
  readonly n: number;
  /** `[size]` */
  readonly means: Float64Array;
  /** `[k, size]`, orthonormal rows; the largest loading of each (of equal ones the first) is positive. */
  readonly components: Matrix;
  /** `[k]`, variances of the rows along the components, divisor n - 1, from large to small. */
  readonly eigenvalues: readonly number[];
  /** Sum of the variances of all columns; exact. */
  readonly totalVariance: number;
  /** Why there are fewer components than asked for, or less variance; null if there are not. */
  readonly shortfall: string | null;
}

/** Directions the first basis of a search for a share of variance looks at; doubled until they suffice. */
const FIRST_COMPONENTS = 64;
/** A variance below this share of the total is the rounding of float32 products, squared, with room to spare. */
const RANK_TOLERANCE = 1e-10;
/** Loadings this close to the largest count as equal, so that rounding does not decide the sign. */
const SIGN_TOLERANCE = 1e-3;

/**
 * The leading principal components of the rows.
 *
 * Rows of one start give the same components to the bit on the same engine (a multi-threaded one may differ in the
 * last bits). The rows' order and `block` change rounding only.
 *
 * @param stream decides the start; each direction has a stream of its own below it
 * @throws RangeError if a row is not in the table or stands twice, or if more components are asked for than
 *   min(n - 1, size), which is all there can be
 * @throws Error if all rows are equal
 */
export async function randomisedPca(
  pool: PoolRows,
  stream: Stream,
  { keep = { components: 50 }, passes = 3, spare = 10, block = 2500 }: RandomisedPcaOptions = {},
): Promise<PrincipalComponents> {
  checkPoolRows('randomisedPca.pool', pool);
  checkInteger('randomisedPca.passes', passes, 1);
  checkInteger('randomisedPca.spare', spare, 0);
  checkInteger('randomisedPca.block', block, 1);
  const limit = Math.min(pool.rows.length - 1, pool.size);
  const most = checkKeep(keep, limit);
  const moments = poolMoments(pool);
  if (moments.totalVariance === 0) {
    throw new Error(`randomisedPca.pool: expected rows that differ, got ${pool.rows.length} equal ones`);
  }

  let basis = new Matrix(0, pool.size);
  let count = 'components' in keep ? most : Math.min(FIRST_COMPONENTS, most);
  for (;;) {
    basis = orthonormalRows(withRandomRows(basis, Math.min(count + spare, limit), stream));
    for (let pass = 0; pass < passes; pass++) {
      basis = orthonormalRows(await covarianceTimes({ pool, moments, block }, basis));
    }
    const found = await rayleighRitz({ pool, moments, block }, basis);
    const needed = 'variance' in keep ? shareReached(found.eigenvalues, keep.variance, moments) : count;
    const isRankReached = found.eigenvalues.length < basis.rows;
    if (needed <= count || count === most || isRankReached) {
      return result(pool, moments, found, Math.min(needed, most), keep);
    }
    // The directions found so far are kept; only new ones start from chance.
    basis = found.components;
    count = Math.min(2 * count, most);
  }
}

/** The most components there may be. */
function checkKeep(keep: Keep, limit: number): number {
  if ('components' in keep) {
    checkInteger('randomisedPca.keep.components', keep.components, 1);
    if (keep.components > limit) {
      throw new RangeError(
        `randomisedPca.keep.components: expected at most ${limit}, the smaller of rows - 1 and values a row, ` +
          `got ${keep.components}`,
      );
    }
    return keep.components;
  }
  if (!(keep.variance > 0 && keep.variance < 1)) {
    throw new RangeError(`randomisedPca.keep.variance: expected a share in (0, 1), got ${keep.variance}`);
  }
  checkInteger('randomisedPca.keep.atMost', keep.atMost, 1);
  return Math.min(keep.atMost, limit);
}

/** What every pass over the rows reads. */
interface Pass {
  readonly pool: PoolRows;
  readonly moments: PoolMoments;
  readonly block: number;
}

/** The basis, filled up to `count` rows with standard normals. */
function withRandomRows(basis: Matrix, count: number, stream: Stream): Matrix {
  const rows = basis.to2DArray();
  for (let row = rows.length; row < count; row++) {
    rows.push([...stream.of('direction', row).normals(basis.columns)]);
  }
  return new Matrix(rows);
}

interface RitzPairs {
  readonly components: Matrix;
  readonly eigenvalues: readonly number[];
}

/** Eigenvectors and eigenvalues of the covariance as the basis sees it, those of no variance left out. */
async function rayleighRitz(pass: Pass, basis: Matrix): Promise<RitzPairs> {
  const n = pass.pool.rows.length;
  const { products, scoreSums } = await sumOverBlocks(pass, basis, basis.rows, (scores) =>
    tf.matMul(tf.transpose(scores), scores),
  );
  const small = products.sub(scoreSums.mmul(scoreSums.transpose()).div(n)).div(n - 1);
  const { values, vectors } = symmetricEigen(small);
  const eigenvalues = values.filter((value) => value > pass.moments.totalVariance * RANK_TOLERANCE);
  const leading = vectors.subMatrix(0, eigenvalues.length - 1, 0, basis.rows - 1);
  return { components: leading.mmul(basis), eigenvalues };
}

/** `basis X^T X` of the centred rows X: `[k, size]`. */
async function covarianceTimes(pass: Pass, basis: Matrix): Promise<Matrix> {
  const { products, scoreSums } = await sumOverBlocks(pass, basis, pass.pool.size, (scores, rows) =>
    tf.matMul(tf.transpose(scores), rows),
  );
  // The rows in the product are not centred: sum s (x - m) = sum s x - (sum s) m.
  return products.sub(scoreSums.mmul(Matrix.rowVector(pass.moments.means)));
}

interface BlockSums {
  /** `[k, width]` */
  readonly products: Matrix;
  /** `[k, 1]`, 0 but for rounding. */
  readonly scoreSums: Matrix;
}

/**
 * Sums over the blocks of a product `[k, width]` of centred scores `[count, k]` and of rows `[count, size]` that are
 * not centred. Products are float32, sums of blocks float64.
 *
 * Scores are centred as `row basis^T - means basis^T`: these few columns are changed, not the rows.
 */
async function sumOverBlocks(
  { pool, moments, block }: Pass,
  basis: Matrix,
  width: number,
  product: (scores: tf.Tensor2D, rows: tf.Tensor2D) => tf.Tensor2D,
): Promise<BlockSums> {
  const n = pool.rows.length;
  const { size } = pool;
  const filled = new Float32Array(Math.min(block, n) * size);
  const rounded = Float32Array.from(basis.to1DArray());
  const columns = tf.tidy(() => tf.transpose(tf.tensor2d(rounded, [basis.rows, size]))); // [size, k]
  // Of the rounded basis, as the scores are.
  const centre = Matrix.from1DArray(basis.rows, size, rounded).mmul(Matrix.columnVector(moments.means));
  const offsets = tf.tensor2d(centre.to1DArray(), [1, basis.rows]);
  const products = new Float64Array(basis.rows * width);
  const scoreSums = new Float64Array(basis.rows);
  try {
    for (let start = 0; start < n; start += block) {
      const count = Math.min(block, n - start);
      fillBlock(filled, pool, start, count);
      const parts = tf.tidy(() => {
        const rows = tf.tensor2d(filled.subarray(0, count * size), [count, size]);
        const scores = tf.sub(tf.matMul(rows, columns), offsets) as tf.Tensor2D;
        return { products: product(scores, rows), scoreSums: tf.sum(scores, 0) };
      });
      try {
        // Waited for before the block is filled again: until then the engine may still read it.
        accumulate(products, await parts.products.data<'float32'>());
        accumulate(scoreSums, await parts.scoreSums.data<'float32'>());
      } finally {
        tf.dispose(parts);
      }
    }
  } finally {
    columns.dispose();
    offsets.dispose();
  }
  return {
    products: Matrix.from1DArray(basis.rows, width, products),
    scoreSums: Matrix.columnVector(scoreSums),
  };
}

function accumulate(sum: Float64Array, values: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (values[i] as number);
}

/** The fewest leading components that reach a share of the total variance; infinite if all of them do not. */
function shareReached(eigenvalues: readonly number[], share: number, { totalVariance }: PoolMoments): number {
  let captured = 0;
  const last = eigenvalues.findIndex((value) => {
    captured += value;
    return captured >= share * totalVariance;
  });
  return last < 0 ? Number.POSITIVE_INFINITY : last + 1;
}

function result(
  pool: PoolRows,
  { means, totalVariance }: PoolMoments,
  found: RitzPairs,
  wanted: number,
  keep: Keep,
): PrincipalComponents {
  const k = Math.min(wanted, found.eigenvalues.length);
  const components = found.components.subMatrix(0, k - 1, 0, pool.size - 1);
  for (let i = 0; i < k; i++) if (isTurned(components.getRow(i))) components.mulRow(i, -1);
  const eigenvalues = found.eigenvalues.slice(0, k);
  const share = eigenvalues.reduce((sum, value) => sum + value, 0) / totalVariance;
  let shortfall: string | null = null;
  if ('components' in keep) {
    if (k < wanted) shortfall = `kept ${k} of ${wanted} components: the rows vary in no other direction`;
  } else if (share < keep.variance) {
    shortfall = `kept ${k} components with ${share} of the variance, less than ${keep.variance}`;
  }
  return { n: pool.rows.length, means, components, eigenvalues, totalVariance, shortfall };
}

/** Whether the largest loading, of nearly equal ones the first, is negative. */
function isTurned(loadings: readonly number[]): boolean {
  const largest = loadings.reduce((most, loading) => Math.max(most, Math.abs(loading)), 0);
  const decisive = loadings.find((loading) => Math.abs(loading) >= largest * (1 - SIGN_TOLERANCE));
  return decisive !== undefined && decisive < 0;
}
