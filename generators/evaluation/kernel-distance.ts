/**
 * Kernel distance: squared maximum mean discrepancy between two sets of feature vectors.
 *
 * Source: Binkowski et al. 2018, "Demystifying MMD GANs", the kernel inception distance: the unbiased estimator, as a
 *   mean over subsets. The cubic kernel, 100 subsets and 1,000 rows in each are those of the authors' code.
 * Differs: the features are those of whatever classifier the caller has, not of Inception, so it is no KID.
 */
import type { Stream } from '../../src/random.ts';
import { checkInteger } from '../../src/shapes.ts';
import { checkFeatures, checkSameSize, type Features, gatherFeatures } from './features.ts';
import { productBlocks } from './product-blocks.ts';

export interface KernelDistanceOptions {
  /** Pairs of subsets, two or more. Default 100. */
  readonly subsets?: number;
  /** Rows of either set in a subset, without replacement; at least 2. Default 1,000. */
  readonly subsetSize?: number;
}

export interface KernelDistance {
  /** Mean of the subsets' estimates. Unbiased, so of two samples of one distribution it may be below 0. */
  readonly distance: number;
  /**
   * Standard deviation of the estimates (ddof 1) over the square root of their number: how far `distance` may be off
   * from {@link exactKernelDistance} of the same sets, because it saw subsets. It does not hold what another draw of
   * the sets themselves would change, and is 0 if a subset is the whole set.
   */
  readonly standardError: number;
}

/**
 * Mean over random subsets of {@link exactKernelDistance}. Its expectation is that of the whole sets, whatever the
 * size of the subsets.
 *
 * @param stream every subset takes a stream of its own below it
 * @throws RangeError if a set has fewer rows than `subsetSize`, the sizes differ or a value is not finite
 */
export async function kernelDistance(
  a: Features,
  b: Features,
  stream: Stream,
  { subsets = 100, subsetSize = 1000 }: KernelDistanceOptions = {},
): Promise<KernelDistance> {
  checkInteger('kernelDistance.subsets', subsets, 2);
  checkInteger('kernelDistance.subsetSize', subsetSize, 2);
  checkFeatures('kernelDistance.a', a, subsetSize);
  checkFeatures('kernelDistance.b', b, subsetSize);
  checkSameSize('kernelDistance.b', a, b);
  const estimates: number[] = [];
  for (let subset = 0; subset < subsets; subset++) {
    const draws = stream.of('kernel distance', subset);
    const rowsOfA = draws.of('a').permutation(a.n).slice(0, subsetSize);
    const rowsOfB = draws.of('b').permutation(b.n).slice(0, subsetSize);
    estimates.push(await unbiasedEstimate(gatherFeatures(a, rowsOfA), gatherFeatures(b, rowsOfB)));
  }
  const distance = estimates.reduce((sum, value) => sum + value, 0) / subsets;
  const squares = estimates.reduce((sum, value) => sum + (value - distance) ** 2, 0);
  return { distance, standardError: Math.sqrt(squares / (subsets - 1) / subsets) };
}

/**
 * Unbiased estimate of the squared maximum mean discrepancy of two sets of n and m rows:
 *
 * ```
 * 1/(n (n - 1)) sum_{i != j} k(a_i, a_j) + 1/(m (m - 1)) sum_{i != j} k(b_i, b_j) - 2/(n m) sum_{i, j} k(a_i, b_j)
 * k(x, y) = (x . y / size + 1)^3
 * ```
 *
 * Products are float32 of the backend, kernels and sums float64. Does not depend on the order of the rows.
 *
 * @throws RangeError if a set has fewer than two rows, the sizes differ or a value is not finite
 */
export async function exactKernelDistance(a: Features, b: Features): Promise<number> {
  checkFeatures('exactKernelDistance.a', a, 2);
  checkFeatures('exactKernelDistance.b', b, 2);
  checkSameSize('exactKernelDistance.b', a, b);
  return unbiasedEstimate(a, b);
}

async function unbiasedEstimate(a: Features, b: Features): Promise<number> {
  const withinA = (await kernelSum(a, a, true)) / (a.n * (a.n - 1));
  const withinB = (await kernelSum(b, b, true)) / (b.n * (b.n - 1));
  const across = (await kernelSum(a, b, false)) / (a.n * b.n);
  return withinA + withinB - 2 * across;
}

/** Sum of the kernel over all pairs of rows; `othersOnly` leaves out those of a row with itself. */
async function kernelSum(a: Features, b: Features, othersOnly: boolean): Promise<number> {
  let sum = 0;
  for await (const { start, rows, products } of productBlocks(a, b)) {
    for (let row = 0; row < rows; row++) {
      const first = row * b.n;
      const self = othersOnly ? start + row : -1;
      for (let column = 0; column < b.n; column++) {
        if (column === self) continue;
        const base = (products[first + column] as number) / a.size + 1;
        sum += base * base * base;
      }
    }
  }
  return sum;
}
