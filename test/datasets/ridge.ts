/**
 * A linear classifier in plain doubles: one-versus-rest ridge regression to targets of -1 and 1, solved
 * exactly.
 *
 * It minimises `sum_r |w.x_r + b - t_r|^2 + alpha |w|^2` for each class, with b free; scikit-learn's
 * RidgeClassifier.
 */

/** Rows `[n, size]` of doubles. */
export type Rows = readonly Float64Array[];

/** Part of the test rows whose class is predicted right. */
export function ridgeAccuracy(
  train: Rows,
  trainLabels: readonly number[],
  test: Rows,
  testLabels: readonly number[],
  alpha: number,
): number {
  const classes = Math.max(...trainLabels, ...testLabels) + 1;
  const size = train[0]!.length;
  const means = Float64Array.from({ length: size }, (_, i) => mean(train.map((row) => row[i]!)));
  const centred = train.map((row) => row.map((value, i) => value - means[i]!));
  const targets = Array.from({ length: classes }, (_, k) =>
    trainLabels.map((label) => (label === k ? 1 : -1)),
  );
  const targetMeans = targets.map(mean);
  const residuals = targets.map((target, k) => Float64Array.from(target, (value) => value - targetMeans[k]!));
  const weights = train.length < size ? dual(centred, residuals, alpha) : primal(centred, residuals, alpha);
  const right = test.filter((row, at) => {
    const scores = weights.map((w, k) => {
      let score = targetMeans[k]!;
      for (let i = 0; i < size; i++) score += w[i]! * (row[i]! - means[i]!);
      return score;
    });
    return scores.indexOf(Math.max(...scores)) === testLabels[at];
  });
  return right.length / test.length;
}

/** `w = (X'X + alpha I)^-1 X't`, for more rows than columns. */
function primal(rows: Rows, targets: Rows, alpha: number): Rows {
  const size = rows[0]!.length;
  const gram = Array.from({ length: size }, (_, i) => new Float64Array(size).fill(alpha, i, i + 1));
  for (const row of rows) {
    for (let i = 0; i < size; i++) {
      const [line, value] = [gram[i]!, row[i]!];
      for (let j = 0; j <= i; j++) line[j]! += value * row[j]!;
    }
  }
  return solve(
    gram,
    targets.map((target) => combine(rows, target)),
  );
}

/** `w = X'(XX' + alpha I)^-1 t`, for more columns than rows. */
function dual(rows: Rows, targets: Rows, alpha: number): Rows {
  const gram = rows.map((a, i) =>
    Float64Array.from(rows, (b, j) =>
      a.reduce((sum, value, at) => sum + value * b[at]!, i === j ? alpha : 0),
    ),
  );
  return solve(gram, targets).map((coefficients) => combine(rows, coefficients));
}

/** Sum of rows times coefficients. */
function combine(rows: Rows, coefficients: Float64Array): Float64Array {
  const sum = new Float64Array(rows[0]!.length);
  for (const [r, row] of rows.entries()) {
    for (let i = 0; i < sum.length; i++) sum[i]! += coefficients[r]! * row[i]!;
  }
  return sum;
}

/** Solves `A x = b` for each b by Cholesky; only A's lower half is read, and it is overwritten. */
function solve(a: Float64Array[], rightSides: Rows): Rows {
  const n = a.length;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i]![j]!;
      for (let k = 0; k < j; k++) sum -= a[i]![k]! * a[j]![k]!;
      a[i]![j] = i === j ? Math.sqrt(sum) : sum / a[j]![j]!;
    }
  }
  return rightSides.map((b) => {
    const x = Float64Array.from(b);
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < i; k++) x[i]! -= a[i]![k]! * x[k]!;
      x[i]! /= a[i]![i]!;
    }
    for (let i = n - 1; i >= 0; i--) {
      for (let k = i + 1; k < n; k++) x[i]! -= a[k]![i]! * x[k]!;
      x[i]! /= a[i]![i]!;
    }
    return x;
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
