/**
 * The function of least norm through labelled points, and what a further point would change of it.
 *
 * With `K` the kernels of the labelled rows plus `lambda` on the diagonal, `y_k` their targets (1 for class k, else -1) and
 * `k(u)` the kernels of a row u with them:
 *
 *     f_k(u)  = k(u)^T K^-1 y_k                            of least |f|^2 + sum_i (y_i - f(x_i))^2 / lambda; for lambda -> 0
 *                                                         of least norm through all points
 *     r(u, v) = k(u, v) - k(u)^T K^-1 k(v)                 what is left of the kernel
 *     s(u)    = r(u, u) + lambda
 *     f^u     = f + r(u, .) (y - f(u)) / s(u)              with u labelled y
 *     |f^u|^2 = |f|^2 + |y - f(u)|^2 / s(u)                that least sum, which for lambda -> 0 is the norm
 */
import * as tf from '@tensorflow/tfjs';
import { cholesky, invertLower } from './cholesky.ts';
import { countOf, type Kernel, kernelBlock, kernelMatrix, type Rows } from './kernels.ts';

/** Rows a block on the backend. */
const BLOCK = 2048;

export interface LabelledRows {
  readonly kernel: Kernel;
  readonly rows: Rows;
  /** Of each row, in [0, classes). */
  readonly labels: Uint8Array;
  readonly classes: number;
  /** Share of the mean kernel of a row with itself that is added to the diagonal. */
  readonly ridge: number;
}

/** An interpolator; plain numbers, nothing to dispose. */
export interface Interpolator extends LabelledRows {
  readonly lambda: number;
  /** The inverse of the triangle `L` of `K = L L^T`, `[labelled, labelled]`. */
  readonly whitener: Float64Array;
  /** `L^-1 y`, `[labelled, classes]`. */
  readonly targets: Float64Array;
  /** `sum_k y_k^T K^-1 y_k`: the least sum. */
  readonly squaredNorm: number;
}

/**
 * Fits an interpolator. Cost: `labelled^3`, and `labelled^2` numbers of memory.
 *
 * @throws Error if the kernels of the rows are no positive definite matrix
 */
export function fitInterpolator(labelled: LabelledRows): Interpolator {
  const { kernel, rows, labels, classes, ridge } = labelled;
  const n = countOf(rows);
  const matrix = kernelMatrix(kernel, rows, rows);
  let trace = 0;
  for (let i = 0; i < n; i++) trace += matrix[i * n + i] as number;
  const lambda = (ridge * trace) / n;
  for (let i = 0; i < n; i++) matrix[i * n + i] = (matrix[i * n + i] as number) + lambda;
  const whitener = invertLower(cholesky(matrix, n), n);
  const signs = Float64Array.from({ length: n * classes }, (_, at) =>
    labels[Math.floor(at / classes)] === at % classes ? 1 : -1,
  );
  const targets = product(whitener, signs, n, classes);
  const squaredNorm = targets.reduce((sum, value) => sum + value * value, 0);
  return { ...labelled, lambda, whitener, targets, squaredNorm };
}

/** What {@link describeRows} says of `n` rows. */
export interface RowFigures {
  /** `f`, `[n, classes]`. */
  readonly values: Float32Array;
  /** `s`, `[n]`, at least `lambda`. */
  readonly slack: Float32Array;
  /** `[n]`: the mean of `r(u, v)^2` over the references v. */
  readonly spread: Float32Array;
}

/**
 * Figures of many rows, on the backend in float32. Cost: `n labelled (size + labelled + references)`. Memory: 4 bytes times
 * `classes + 2` a row; on the backend `labelled^2` numbers and 2048 rows of `labelled + references`.
 */
export async function describeRows(
  { kernel, rows, lambda, whitener, targets, classes }: Interpolator,
  asked: Rows,
  references: Rows,
): Promise<RowFigures> {
  const n = countOf(asked);
  const known = countOf(rows);
  const figures = {
    values: new Float32Array(n * classes),
    slack: new Float32Array(n),
    spread: new Float32Array(n),
  };
  const held = {
    rows: tensorOf(rows),
    references: tensorOf(references),
    whitener: tf.tensor2d(Float32Array.from(whitener), [known, known]),
    targets: tf.tensor2d(Float32Array.from(targets), [known, classes]),
  };
  try {
    for (let start = 0; start < n; start += BLOCK) {
      const count = Math.min(BLOCK, n - start);
      const table = tf.tidy(() => {
        const block = tf.tensor2d(asked.values.subarray(start * asked.size, (start + count) * asked.size), [
          count,
          asked.size,
        ]);
        const white = (of: tf.Tensor2D) =>
          tf.matMul(kernelBlock(kernel, of, held.rows), held.whitener, false, true);
        const ofBlock = white(block);
        const own = kernel.kind === 'linear' ? tf.sum(tf.square(block), 1, true) : tf.ones([count, 1]);
        const slack = tf.add(tf.relu(tf.sub(own, tf.sum(tf.square(ofBlock), 1, true))), lambda);
        const left = tf.sub(
          kernelBlock(kernel, block, held.references),
          tf.matMul(ofBlock, white(held.references), false, true),
        );
        const spread = tf.mean(tf.square(left), 1, true);
        return tf.concat([tf.matMul(ofBlock, held.targets), slack, spread], 1);
      });
      const columns = classes + 2;
      const values = await table.data<'float32'>();
      table.dispose();
      for (let i = 0; i < count; i++) {
        const row = values.subarray(i * columns, (i + 1) * columns);
        figures.values.set(row.subarray(0, classes), (start + i) * classes);
        figures.slack[start + i] = row[classes] as number;
        figures.spread[start + i] = row[classes + 1] as number;
      }
    }
  } finally {
    tf.dispose(held);
  }
  return figures;
}

/** What {@link relateRows} says of `n` rows. */
export interface RowRelations {
  /** `f`, `[n, classes]`. */
  readonly values: Float64Array;
  /** `r(u, v)` of all pairs, `[n, n]`. */
  readonly residuals: Float64Array;
  /** The mean of `r(u, w) r(v, w)` over the references w, of all pairs, `[n, n]`. */
  readonly products: Float64Array;
}

/** Figures of few rows and all their pairs, in float64. Cost: `(n + references) labelled^2 + n^2 (labelled + references)`. */
export function relateRows(
  { kernel, rows, whitener, targets, classes }: Interpolator,
  asked: Rows,
  references: Rows,
): RowRelations {
  const known = countOf(rows);
  const n = countOf(asked);
  const m = countOf(references);
  const white = (of: Rows) => {
    const kernels = kernelMatrix(kernel, rows, of); // [known, of]
    return transposed(product(whitener, kernels, known, countOf(of)), known); // [of, known]
  };
  const [ofAsked, ofReferences] = [white(asked), white(references)];
  const left = (kernels: Float64Array, a: Float64Array, b: Float64Array, columns: number) =>
    kernels.map(
      (value, at) => value - dot(a, Math.floor(at / columns) * known, b, (at % columns) * known, known),
    );
  const ofPairs = left(kernelMatrix(kernel, asked, asked), ofAsked, ofAsked, n);
  const toReferences = left(kernelMatrix(kernel, asked, references), ofAsked, ofReferences, m);
  return {
    values: Float64Array.from({ length: n * classes }, (_, at) => {
      let sum = 0;
      const [row, k] = [Math.floor(at / classes), at % classes];
      for (let i = 0; i < known; i++)
        sum += (ofAsked[row * known + i] as number) * (targets[i * classes + k] as number);
      return sum;
    }),
    residuals: ofPairs,
    products: ofPairs.map(
      (_, at) => dot(toReferences, Math.floor(at / n) * m, toReferences, (at % n) * m, m) / m,
    ),
  };
}

function tensorOf({ values, size }: Rows): tf.Tensor2D {
  return tf.tensor2d(values, [values.length / size, size]);
}

/** A lower triangle `[n, n]` times `[n, columns]`. */
function product(lower: Float64Array, right: Float64Array, n: number, columns: number): Float64Array {
  const result = new Float64Array(n * columns);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k <= i; k++) {
      const factor = lower[i * n + k] as number;
      for (let column = 0; column < columns; column++) {
        const at = i * columns + column;
        result[at] = (result[at] as number) + factor * (right[k * columns + column] as number);
      }
    }
  }
  return result;
}

function transposed(matrix: Float64Array, rows: number): Float64Array {
  const columns = matrix.length / rows;
  return matrix.map((_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)] as number);
}

function dot(a: Float64Array, i: number, b: Float64Array, j: number, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k++) sum += (a[i + k] as number) * (b[j + k] as number);
  return sum;
}
