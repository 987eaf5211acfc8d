/**
 * Orthonormal bases of the space some rows span, in float64 through their small Gram matrix.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Eigenvalues of a Gram matrix of unit rows below this share of the largest are rounding. */
const RANK_TOLERANCE = 1e-14;

/** Eigenvalues from large to small, and their unit eigenvectors as rows. */
export interface SymmetricEigen {
  readonly values: readonly number[];
  /** `[n, n]`, row i belongs to value i. */
  readonly vectors: Matrix;
}

/** The eigen-decomposition of a symmetric matrix `[n, n]`. */
export function symmetricEigen(symmetric: Matrix): SymmetricEigen {
  const decomposition = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
  const vectors = decomposition.eigenvectorMatrix.transpose();
  const order = Array.from({ length: symmetric.rows }, (_, i) => symmetric.rows - 1 - i);
  return {
    values: order.map((i) => decomposition.realEigenvalues[i] as number),
    vectors: new Matrix(order.map((i) => vectors.getRow(i))),
  };
}

/**
 * Orthonormal rows `[rank, d]` that span what `rows` `[m, d]` span, leading directions first.
 *
 * With unit rows Z and `Z Z^T = U L U^T`, the rows of `L^-1/2 U^T Z` are orthonormal; a second round removes what
 * the squared condition number of the first left over. Directions that only rounding tells from the others are
 * dropped, so there may be fewer rows than were given. `rows` is unchanged.
 */
export function orthonormalRows(rows: Matrix): Matrix {
  return orthonormalisedOnce(orthonormalisedOnce(rows));
}

function orthonormalisedOnce(rows: Matrix): Matrix {
  // Rows of one length: their directions count, not how much longer than others the first few have grown.
  const unit = rows.clone();
  for (let i = 0; i < unit.rows; i++) {
    const length = Math.sqrt(unit.getRow(i).reduce((sum, value) => sum + value * value, 0));
    if (length > 0) unit.mulRow(i, 1 / length);
  }
  const { values, vectors } = symmetricEigen(unit.mmul(unit.transpose()));
  const smallest = (values[0] as number) * RANK_TOLERANCE;
  const rank = values.filter((value) => value > smallest).length;
  const leading = vectors.subMatrix(0, rank - 1, 0, unit.rows - 1);
  for (let i = 0; i < rank; i++) leading.mulRow(i, 1 / Math.sqrt(values[i] as number));
  return leading.mmul(unit);
}
