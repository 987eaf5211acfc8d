/**
 * Which classes a generator's images fall into, as a classifier sees them: what it leaves out, and how sure one can be.
 */
import { checkInteger } from '../../src/shapes.ts';

export interface ClassHistogram {
  /** Images a class, `[classes]`: the class of the largest probability, of equal ones the first. */
  readonly counts: readonly number[];
  /** Mean over the images of the largest probability, in [1 / classes, 1]. */
  readonly meanConfidence: number;
  /** Images of the rarest class over all images, in [0, 1 / classes]; 0 if a class is missing. */
  readonly rarestShare: number;
  /** `-sum_k h_k ln h_k` in nats, h_k the share of class k and `0 ln 0 = 0`; in [0, ln classes]. */
  readonly entropy: number;
  /** `sum_k h_k ln(h_k classes) = ln classes - entropy` in nats: 0 if all classes are equally frequent. */
  readonly klFromUniform: number;
}

/** Float32 probabilities of a thousand classes sum to 1 within 1e-4; ten times that is no rounding. */
const SUM_TOLERANCE = 1e-3;

/**
 * Histogram of the predicted classes of n images.
 *
 * @param probs `[n, classes]`, row-major, each row a distribution
 * @throws RangeError if there is no row, or a row is no distribution (within 1e-3)
 */
export function classHistogram(probs: Float32Array, classes: number): ClassHistogram {
  checkInteger('classHistogram.classes', classes, 2);
  if (probs.length === 0 || probs.length % classes !== 0) {
    throw new RangeError(
      `classHistogram.probs: expected one or more rows of ${classes} classes, got ${probs.length} values`,
    );
  }
  const n = probs.length / classes;
  const counts = new Array<number>(classes).fill(0);
  let confidence = 0;
  for (let row = 0; row < n; row++) {
    const distribution = probs.subarray(row * classes, (row + 1) * classes);
    checkDistribution(distribution, row);
    const top = distribution.reduce((largest, p) => Math.max(largest, p), 0);
    const predicted = distribution.indexOf(top);
    counts[predicted] = (counts[predicted] as number) + 1;
    confidence += top;
  }
  const shares = counts.map((count) => count / n);
  const entropy = shares.reduce((sum, share) => (share > 0 ? sum - share * Math.log(share) : sum), 0);
  return {
    counts,
    meanConfidence: confidence / n,
    rarestShare: Math.min(...shares),
    entropy,
    // Rounding may take a uniform histogram a little below zero.
    klFromUniform: Math.max(0, Math.log(classes) - entropy),
  };
}

function checkDistribution(distribution: Float32Array, row: number): void {
  const sum = distribution.reduce((total, p) => total + p, 0);
  const isDistribution =
    distribution.every((p) => p >= 0 && Number.isFinite(p)) && Math.abs(sum - 1) <= SUM_TOLERANCE;
  if (!isDistribution) {
    throw new RangeError(
      `classHistogram.probs: expected probabilities that sum to 1, got [${distribution}] in row ${row}`,
    );
  }
}
