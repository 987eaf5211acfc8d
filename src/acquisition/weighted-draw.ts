/**
 * Drawing rows with probabilities proportional to their weights.
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

/**
 * `count` different rows, as if drawn one after another with {@link drawWeighted}, each out of those that are left; fewer if
 * fewer weights are positive.
 *
 * Source: Efraimidis and Spirakis 2006, "Weighted random sampling with a reservoir": the smallest of `-ln(u) / w`, with one
 * uniform `u` a row.
 *
 * @param weights `[n]`, finite and none negative
 * @returns in the order of the draws
 */
export function drawDistinct(weights: Float64Array, count: number, stream: Stream): number[] {
  const times: { row: number; time: number }[] = [];
  for (const [row, weight] of weights.entries()) {
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`drawDistinct.weights: expected finite numbers of at least 0, got ${weight}`);
    }
    // A row of weight 0 takes its number too, so that it shifts no other row's.
    const time = -Math.log(1 - stream.uniform()) / weight;
    if (weight > 0) times.push({ row, time });
  }
  return times
    .sort((a, b) => a.time - b.time || a.row - b.row)
    .slice(0, count)
    .map(({ row }) => row);
}
