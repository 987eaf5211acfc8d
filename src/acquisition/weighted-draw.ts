/**
 * Drawing a row with a probability proportional to its weight.
 */
import type { Stream } from '../random.ts';

/**
 * A row drawn with probability `weights[row] / sum(weights)`, by one uniform number of the stream; null if no weight is
 * positive. A row of weight 0 is never drawn.
 *
 * @param weights `[n]`, finite and none negative
 */
export function drawWeighted(weights: Float64Array, stream: Stream): number | null {
  let total = 0;
  for (const weight of weights) total += weight;
  if (!Number.isFinite(total)) {
    throw new RangeError(`drawWeighted.weights: expected a finite sum, got ${total}`);
  }
  let left = stream.uniform() * total;
  let last: number | null = null;
  for (let row = 0; row < weights.length; row++) {
    const weight = weights[row] as number;
    if (weight <= 0) continue;
    last = row;
    left -= weight;
    if (left < 0) return row;
  }
  // Rounding may leave a rest behind the last row.
  return last;
}
