/**
 * Systems of equations with a positive definite matrix, in float64.
 */

/**
 * The lower triangle `L` of `A = L L^T`, `[n, n]` row-major, zeros above. `n^3 / 3` operations.
 *
 * @param matrix `A`, `[n, n]`, symmetric; its lower triangle is read
 * @throws Error if it is not positive definite
 */
export function cholesky(matrix: Float64Array, n: number): Float64Array {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (lower[i * n + k] as number) * (lower[j * n + k] as number);
      if (i > j) {
        lower[i * n + j] = sum / (lower[j * n + j] as number);
        continue;
      }
      if (!(sum > 0))
        throw new Error(`cholesky.matrix: expected a positive definite matrix, got pivot ${sum} in row ${i}`);
      lower[i * n + i] = Math.sqrt(sum);
    }
  }
  return lower;
}

/** The inverse of a lower triangle, itself one, `[n, n]`. `n^3 / 3` operations. */
export function invertLower(lower: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let column = 0; column < n; column++) {
    for (let i = column; i < n; i++) {
      let sum = i === column ? 1 : 0;
      for (let k = column; k < i; k++)
        sum -= (lower[i * n + k] as number) * (inverse[k * n + column] as number);
      inverse[i * n + column] = sum / (lower[i * n + i] as number);
    }
  }
  return inverse;
}
