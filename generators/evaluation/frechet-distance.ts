/**
 * Fréchet distance between two sets of feature vectors, each taken as a normal distribution.
 *
 * Source: Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium",
 *   equation 6. Dowson and Landau 1982 for the formula.
 * Differs: the features are those of whatever classifier the caller has, not of Inception. It is therefore no FID:
 *   two figures can be compared only if the same classifier made the features and n is the same.
 * Differs: the trace of `(A^1/2 B A^1/2)^1/2` is the sum of the singular values of `A^1/2 B^1/2`, which is the same
 *   number. Roots of eigenvalues would turn rounding errors of 1e-16 into 1e-8 where a covariance has no full rank.
 */
import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from 'ml-matrix';
import { checkSameSize, type Features } from './features.ts';
import { type Moments, moments } from './moments.ts';

/**
 * Eigenvalues of a covariance up to size x this x the largest one count as 0, as rounding errors of 0 (the rank
 * tolerance of `numpy.linalg.matrix_rank`). So do negative ones.
 */
const RANK_TOLERANCE = Number.EPSILON;
/** Negative eigenvalues beyond this share of the largest are no rounding errors: the matrix is no covariance. */
const NEGATIVE_TOLERANCE = 1e-8;

/**
 * Squared Fréchet distance of two sets of features, at least 0, in squared units of the features:
 *
 * ```
 * d^2 = |mean_a - mean_b|^2 + tr(A + B - 2 (A^1/2 B A^1/2)^1/2)
 * ```
 *
 * where A and B are the unbiased covariances (ddof 1). Symmetric. It is too large by an amount that falls with n
 * (of two samples of one distribution it is not 0), so it belongs beside the same figure between two sets of real
 * images of the same n: `distancesWithFloor`.
 *
 * @throws RangeError if a set has fewer than two rows, the sizes differ or a value is not finite
 */
export function frechetDistance(a: Features, b: Features): number {
  checkSameSize('frechetDistance.b', a, b);
  return frechetOfMoments(moments(a), moments(b));
}

/**
 * {@link frechetDistance} of two normal distributions whose moments are known already.
 *
 * @throws RangeError if the sizes differ or a covariance has a negative eigenvalue beyond rounding
 */
export function frechetOfMoments(a: Moments, b: Moments): number {
  if (a.size !== b.size) {
    throw new RangeError(`frechetOfMoments.b: expected ${a.size} features, got ${b.size}`);
  }
  let meanTerm = 0;
  let traces = 0;
  for (let i = 0; i < a.size; i++) {
    meanTerm += ((a.mean[i] as number) - (b.mean[i] as number)) ** 2;
    traces += (a.covariance[i * a.size + i] as number) + (b.covariance[i * b.size + i] as number);
  }
  const product = squareRoot('frechetOfMoments.a', a).mmul(squareRoot('frechetOfMoments.b', b));
  // Without the vectors, which nobody reads.
  const { diagonal } = new SingularValueDecomposition(product, {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
  });
  const shared = diagonal.reduce((sum, value) => sum + value, 0);
  return Math.max(0, meanTerm + traces - 2 * shared);
}

/** The symmetric root of a covariance: `V diag(sqrt(lambda)) V^T`. */
function squareRoot(name: string, { covariance, size }: Moments): Matrix {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
    Matrix.from1DArray(size, size, covariance),
    { assumeSymmetric: true },
  );
  const largest = realEigenvalues.reduce((top, value) => Math.max(top, value), 0);
  const roots = realEigenvalues.map((value) => {
    if (value < -NEGATIVE_TOLERANCE * largest) {
      throw new RangeError(`${name}: expected a covariance, got one with the eigenvalue ${value}`);
    }
    return value <= size * RANK_TOLERANCE * largest ? 0 : Math.sqrt(value);
  });
  return eigenvectorMatrix.clone().mulRowVector(roots).mmul(eigenvectorMatrix.transpose());
}
