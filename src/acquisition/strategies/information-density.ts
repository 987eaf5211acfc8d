/**
 * Information density: uncertain candidates that many others resemble, so that no outlier is bought for its entropy alone.
 *
 *     score(x) = H(x) * (1/U sum_u cos(h(x), h(u)))^beta       over all U candidates u
 *
 * Source: Settles and Craven 2008, "An analysis of active learning strategies for sequence labeling tasks", section 3.4.
 * Differs: `h` are the inputs of the task model's last layer; a negative mean cosine counts as 0, since a power of it would
 * put outliers first. It cannot be negative where features come out of a ReLU.
 */
import { entropies } from '../../classifiers/predict.ts';
import { poolFeatures, poolProbabilities } from '../score-pool.ts';
import { createScored } from '../scored-strategy.ts';
import type { Strategy } from '../strategy.ts';
import type { InformationDensityConfig } from './information-density-config.ts';

/**
 * Mean cosine of each row with all rows, itself included, `[n]` in [-1, 1]. A row of zeros has cosine 0 with every row.
 *
 * Exact at the cost of two passes, because the mean of inner products is the inner product with the mean:
 * `1/n sum_u x'.u' = x' . (1/n sum_u u')` for the rows `x' = x / |x|`. Memory: 8 bytes a row and `size` sums.
 *
 * @param rows `[n, size]`, row by row
 */
export function meanCosines(rows: Float32Array, size: number): Float64Array {
  const n = rows.length / size;
  const lengths = new Float64Array(n);
  const mean = new Float64Array(size);
  for (let row = 0; row < n; row++) {
    let squared = 0;
    for (let at = row * size; at < (row + 1) * size; at++) squared += (rows[at] as number) ** 2;
    const length = Math.sqrt(squared);
    lengths[row] = length;
    if (length === 0) continue;
    for (let axis = 0; axis < size; axis++) {
      mean[axis] = (mean[axis] as number) + (rows[row * size + axis] as number) / length / n;
    }
  }
  return lengths.map((length, row) => {
    if (length === 0) return 0;
    let product = 0;
    for (let axis = 0; axis < size; axis++) {
      product += (rows[row * size + axis] as number) * (mean[axis] as number);
    }
    return product / length;
  });
}

/** Entropies weighted by densities: `entropy * max(0, density)^beta`, `[n]`. */
export function informationDensities(
  entropy: ArrayLike<number>,
  density: ArrayLike<number>,
  beta: number,
): Float64Array {
  return Float64Array.from(entropy, (value, row) => value * Math.max(0, density[row] as number) ** beta);
}

/** A strategy that takes the candidates of highest {@link informationDensities}; diagnostics of its scores. */
export function createInformationDensity({ beta }: InformationDensityConfig): Strategy {
  return createScored({
    measure: 'InformationDensity',
    take: 'highest',
    score: async ({ classifier, pool }) => {
      const entropy = entropies(await poolProbabilities(classifier, pool), classifier.classes);
      const features = await poolFeatures(classifier, pool);
      const density = meanCosines(features, features.length / pool.candidates.length);
      return informationDensities(entropy, density, beta);
    },
  });
}
