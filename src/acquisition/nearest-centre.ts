/**
 * How far rows of features are from the nearest of some centres.
 */
import { buildIndex } from '../../matching/indexes/build.ts';
import { IndexConfig } from '../../matching/indexes/config.ts';
import type { Stream } from '../random.ts';

/**
 * Squared distance of each feature row to the nearest of `centres`, `[n]`; Infinity if there are none. By an exact index of
 * the centres, which multiplies in blocks on the backend and settles what is close in float64.
 *
 * @param stream not moved; an exact index draws nothing
 */
export async function nearestSquared(
  features: Float32Array,
  centres: Float32Array,
  size: number,
  stream: Stream,
): Promise<Float64Array> {
  if (centres.length === 0) {
    return new Float64Array(features.length / size).fill(Number.POSITIVE_INFINITY);
  }
  const index = await buildIndex(IndexConfig.parse({ kind: 'exact' }), { values: centres, size }, stream);
  try {
    return (await index.search(features, 1)).squaredDistances;
  } finally {
    index.dispose();
  }
}

/**
 * Lowers the squared distances to the nearest centre, `[n]`, by a new centre: the row of this number. In float64, from
 * differences; a distance of minus Infinity stays.
 *
 * @param features `[n, size]`
 */
export function bringNearer(
  features: Float32Array,
  size: number,
  nearest: Float64Array,
  centre: number,
): void {
  const start = centre * size;
  for (let row = 0; row < nearest.length; row++) {
    const limit = nearest[row] as number;
    let squared = 0;
    // The sum only grows: beyond the limit the rest does not matter.
    for (let axis = 0, at = row * size; axis < size && squared < limit; axis++, at++) {
      const difference = (features[at] as number) - (features[start + axis] as number);
      squared += difference * difference;
    }
    if (squared < limit) nearest[row] = squared;
  }
}
