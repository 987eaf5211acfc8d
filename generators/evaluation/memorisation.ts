/**
 * Whether generated images lie nearer to the training images than new real images do.
 *
 * Distances alone say little: a digit is close to some training digit even if nobody copied it. So the yardstick is how
 * close real images come that the generator never saw.
 */

export interface Memorisation {
  /** The 1st percentile of the held-out images' distances. */
  readonly threshold: number;
  /**
   * Share of generated images strictly nearer to a training image than `threshold`, in [0, 1]. About 0.01 if they keep
   * the distances of new real images, 1 for a generator that only copies.
   */
  readonly nearerShare: number;
  /** Median distance of the generated images over that of the held-out ones; null if the latter is 0. */
  readonly medianRatio: number | null;
  readonly generatedMedian: number;
  readonly heldOutMedian: number;
}

/** Percentile of the held-out distances below which an image counts as suspiciously near, as a share. */
const PERCENTILE = 0.01;

/**
 * Compares two lists of distances to the nearest training image: those of generated images and those of real images
 * held out from training, both of `nearestImages` with one neighbour and the same training images. Percentiles are
 * interpolated linearly between order statistics, as `numpy.percentile` does by default.
 *
 * A share above 0.01 has a second cause: blurred images, such as those of a VAE, lie nearer to everything. Look at the
 * pairs before speaking of copies. With fewer than some 500 held-out images the 1st percentile is about their minimum.
 *
 * @throws RangeError if a list is empty or holds something that is no distance
 */
export function memorisation(generatedDistances: Float64Array, heldOutDistances: Float64Array): Memorisation {
  const generated = sorted('memorisation.generatedDistances', generatedDistances);
  const heldOut = sorted('memorisation.heldOutDistances', heldOutDistances);
  const threshold = quantile(heldOut, PERCENTILE);
  const generatedMedian = quantile(generated, 0.5);
  const heldOutMedian = quantile(heldOut, 0.5);
  return {
    threshold,
    nearerShare: generated.filter((distance) => distance < threshold).length / generated.length,
    medianRatio: heldOutMedian === 0 ? null : generatedMedian / heldOutMedian,
    generatedMedian,
    heldOutMedian,
  };
}

function sorted(name: string, distances: Float64Array): Float64Array {
  if (distances.length === 0) throw new RangeError(`${name}: expected one or more distances, got none`);
  const broken = distances.findIndex((distance) => !Number.isFinite(distance) || distance < 0);
  if (broken >= 0) {
    throw new RangeError(
      `${name}: expected finite distances of at least 0, got ${distances[broken]} at ${broken}`,
    );
  }
  return distances.toSorted();
}

function quantile(ascending: Float64Array, share: number): number {
  const position = share * (ascending.length - 1);
  const below = Math.floor(position);
  const low = ascending[below] as number;
  const high = ascending[Math.min(below + 1, ascending.length - 1)] as number;
  return low + (high - low) * (position - below);
}
