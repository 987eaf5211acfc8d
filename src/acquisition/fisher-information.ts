/**
 * How sure a last layer is of its predictions, and how much surer a label would make it.
 *
 * With inputs `x` `[size]`, probabilities `p` and `S = diag(p) - p p^T`, a label adds the Fisher information `S (x) x x^T` to that of
 * the weights, whatever it is. The variance of the predictions on some rows is, to first order,
 *
 *     sum_u sum_k g_k(u)^T F^-1 g_k(u) = tr(A F^-1),    g_k(u) = d p_k(u) / d W,    A = sum_u S_u^2 (x) u u^T
 *     F = penalty I + sum over labelled x of S_x (x) x x^T
 *
 * and a label at `x` lowers it by `tr((I + S_x T)^-1 S_x U)`, where `T = E^T F^-1 E`, `U = E^T F^-1 A F^-1 E` and `E` puts `x` before
 * each class: both are `[classes, classes]`.
 *
 * Source: Schein and Ungar 2007, "Active learning for logistic regression: an evaluation", section 3 (A-optimality for
 * multinomial regression); the trace by Woodbury's identity.
 */
import { inverse, Matrix, solve } from 'ml-matrix';

/** Rows of inputs and what is predicted for them. */
export interface PredictedRows {
  /** `[n, size]`, row by row. */
  readonly values: Float64Array;
  readonly size: number;
  /** `[n, classes]`, rows that sum to 1. */
  readonly probs: ArrayLike<number>;
  readonly classes: number;
}

/**
 * The information of the weights and what of it matters to some rows. Memory: `24 (size classes)^2` bytes; making it and each
 * addition cost some `(size classes)^3` multiplications.
 */
export class FisherInformation {
  readonly #size: number;
  readonly #classes: number;
  /** `F`, by input and class. */
  readonly #information: Matrix;
  readonly #sensitivity: Matrix;
  /** `F^-1`, and `F^-1 A F^-1`. */
  #covariance: Matrix;
  #weighted: Matrix;

  /**
   * @param labelled rows that have a label
   * @param judged rows whose predictions are to be sure
   * @param penalty of half the squared weights, positive
   */
  constructor(labelled: PredictedRows, judged: PredictedRows, penalty: number) {
    const { size, classes } = labelled;
    this.#size = size;
    this.#classes = classes;
    this.#information = Matrix.identity(size * classes).mul(penalty);
    this.#sensitivity = Matrix.zeros(size * classes, size * classes);
    eachRow(labelled, (x, spread) => addKronecker(this.#information, x, spread));
    eachRow(judged, (x, spread) => addKronecker(this.#sensitivity, x, spread.mmul(spread)));
    this.#covariance = inverse(this.#information);
    this.#weighted = this.#covariance.mmul(this.#sensitivity).mmul(this.#covariance);
  }

  /** `tr(A F^-1)`: the variance of all predictions on the judged rows, summed. */
  get variance(): number {
    return this.#covariance.mmul(this.#sensitivity).trace();
  }

  /** By how much each row's label would lower the variance, `[n]`, at least 0. Cost: `2 (size classes)^2` multiplications a row. */
  reductions(rows: PredictedRows): Float64Array {
    const found: number[] = [];
    eachRow(rows, (x, spread) => {
      const before = this.#contracted(this.#covariance, x);
      const weighted = this.#contracted(this.#weighted, x);
      const within = Matrix.identity(this.#classes).add(spread.mmul(before));
      found.push(Math.max(0, solve(within, spread.mmul(weighted)).trace()));
    });
    return Float64Array.from(found);
  }

  /** Counts rows as labelled. */
  add(rows: PredictedRows): void {
    eachRow(rows, (x, spread) => addKronecker(this.#information, x, spread));
    this.#covariance = inverse(this.#information);
    this.#weighted = this.#covariance.mmul(this.#sensitivity).mmul(this.#covariance);
  }

  /** `E^T M E`, `[classes, classes]`. */
  #contracted(matrix: Matrix, x: Float64Array): Matrix {
    const classes = this.#classes;
    const sums = new Float64Array(classes * classes);
    for (let i = 0; i < this.#size; i++) {
      for (let k = 0; k < classes; k++) {
        for (let j = 0; j < this.#size; j++) {
          const product = (x[i] as number) * (x[j] as number);
          if (product === 0) continue;
          for (let other = 0; other < classes; other++) {
            const at = k * classes + other;
            sums[at] = (sums[at] as number) + product * matrix.get(i * classes + k, j * classes + other);
          }
        }
      }
    }
    return Matrix.from1DArray(classes, classes, sums);
  }
}

/** Calls with the inputs and `diag(p) - p p^T` of each row. */
function eachRow(
  { values, size, probs, classes }: PredictedRows,
  call: (x: Float64Array, spread: Matrix) => void,
): void {
  for (let row = 0; row < values.length / size; row++) {
    const p = Array.from({ length: classes }, (_, k) => probs[row * classes + k] as number);
    const spread = new Matrix(p.map((a, k) => p.map((b, other) => (k === other ? a : 0) - a * b)));
    call(values.subarray(row * size, (row + 1) * size), spread);
  }
}

/** Adds `spread (x) x x^T` to a matrix whose rows and columns go by input, then class. */
function addKronecker(matrix: Matrix, x: Float64Array, spread: Matrix): void {
  const classes = spread.rows;
  x.forEach((a, i) => {
    x.forEach((b, j) => {
      if (a * b === 0) return;
      for (let k = 0; k < classes; k++) {
        for (let other = 0; other < classes; other++) {
          const [row, column] = [i * classes + k, j * classes + other];
          matrix.set(row, column, matrix.get(row, column) + a * b * spread.get(k, other));
        }
      }
    });
  });
}
