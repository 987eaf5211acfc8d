/**
 * Gradients of the loss with respect to the last layer's kernel, one a candidate, as the outer products they are.
 *
 * With probabilities `p`, features `h` and the predicted class `y = argmax_k p_k` in the place of the unknown label,
 *
 *     g = d(-ln p_y) / d kernel = h (p - e_y)^T          [size, classes]
 *
 * so `g_i . g_j = (a_i . a_j) (h_i . h_j)` with `a = p - e_y`: lengths and distances need `size + classes` numbers a
 * candidate, and the `size * classes` of `g` are never written down.
 *
 * Source: Ash, Zhang, Krishnamurthy, Langford and Agarwal 2020, "Deep batch active learning by diverse, uncertain gradient
 * lower bounds", section 3. The product form is that of its reference code, JordanAsh/badge `distance`.
 */

/** Below this share of the two squared lengths a squared distance is rounding, and 0. */
const ROUNDING = 1e-13;
/** More than rounding can make of a bound on a squared distance, as a share of the two squared lengths. */
const SLACK = 1e-11;

/** The gradient embeddings of `n` candidates. Memory: `8 (classes + 3)` bytes a candidate, beside the features it keeps. */
export class GradientEmbeddings {
  readonly n: number;
  /** `|g|^2` of each, `[n]`. */
  readonly squaredNorms: Float64Array;
  readonly #classes: number;
  readonly #size: number;
  /** `a`, `[n, classes]` */
  readonly #residuals: Float64Array;
  readonly #features: Float32Array;
  /** `|h|` of each, `[n]`. */
  readonly #featureLengths: Float64Array;

  /**
   * @param probs `[n, classes]`, rows that sum to 1
   * @param features `[n, size]`, row by row; kept, and not to be changed
   * @throws RangeError if the two do not have the same number of rows
   */
  constructor(probs: Float32Array, classes: number, features: Float32Array, size: number) {
    this.n = probs.length / classes;
    if (features.length !== this.n * size) {
      throw new RangeError(
        `GradientEmbeddings.features: expected ${this.n} rows of ${size}, got ${features.length} numbers`,
      );
    }
    this.#classes = classes;
    this.#size = size;
    this.#features = features;
    this.#residuals = residualsOf(probs, classes);
    this.squaredNorms = new Float64Array(this.n);
    this.#featureLengths = new Float64Array(this.n);
    for (let row = 0; row < this.n; row++) {
      const squared = dot(features, row, row, size);
      this.#featureLengths[row] = Math.sqrt(squared);
      this.squaredNorms[row] = dot(this.#residuals, row, row, classes) * squared;
    }
  }

  /** `|g_first - g_second|^2`, at least 0. Cost: `size + classes` multiplications. */
  squaredDistance(first: number, second: number): number {
    return this.squaredDistanceBelow(first, second, Number.POSITIVE_INFINITY);
  }

  /**
   * The smaller of {@link squaredDistance} and `limit`, at least 0. Where the limit is smaller, the `classes` numbers of the
   * residuals mostly show it, as `|h_i . h_j|` is at most `|h_i| |h_j|`.
   */
  squaredDistanceBelow(first: number, second: number, limit: number): number {
    const lengths = (this.squaredNorms[first] as number) + (this.squaredNorms[second] as number);
    const ofResiduals = dot(this.#residuals, first, second, this.#classes);
    const mostOfFeatures = (this.#featureLengths[first] as number) * (this.#featureLengths[second] as number);
    if (lengths - 2 * Math.abs(ofResiduals) * mostOfFeatures - SLACK * lengths >= limit) return limit;
    const squared = lengths - 2 * ofResiduals * dot(this.#features, first, second, this.#size);
    return Math.min(limit, squared > ROUNDING * lengths ? squared : 0);
  }
}

/** `p - e_y`. The predicted class gets minus the sum of the others: `p_y - 1` would be rounding where `p_y` is near 1. */
function residualsOf(probs: Float32Array, classes: number): Float64Array {
  const residuals = Float64Array.from(probs);
  for (let start = 0; start < probs.length; start += classes) {
    const row = residuals.subarray(start, start + classes);
    let predicted = 0;
    for (let k = 1; k < classes; k++) if ((row[k] as number) > (row[predicted] as number)) predicted = k;
    row[predicted] = 0;
    row[predicted] = -row.reduce((sum, p) => sum + p, 0);
  }
  return residuals;
}

/** Inner product of two rows of a table. */
function dot(table: Float32Array | Float64Array, first: number, second: number, size: number): number {
  let sum = 0;
  for (let axis = 0, a = first * size, b = second * size; axis < size; axis++, a++, b++) {
    sum += (table[a] as number) * (table[b] as number);
  }
  return sum;
}
