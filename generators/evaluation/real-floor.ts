/**
 * Every distance beside its floor: the same distance between two sets of real images of the same size.
 *
 * A distance between samples is not 0 where the distributions are equal, and how far it is off depends on n. So the real
 * images are shuffled and cut into two disjoint halves of n rows. The model's figure compares the first half with n
 * generated rows, the floor compares it with the second half: both see n rows against n rows and the same real ones.
 * Shuffled, because data sets are ordered: MNIST's first and last 5,000 test images are different populations.
 */
import type { Stream } from '../../src/random.ts';
import { checkInteger } from '../../src/shapes.ts';
import { checkFeatures, checkSameSize, type Features, gatherFeatures } from './features.ts';
import { frechetDistance } from './frechet-distance.ts';
import { type KernelDistance, type KernelDistanceOptions, kernelDistance } from './kernel-distance.ts';
import { type PrecisionRecall, type PrecisionRecallOptions, precisionRecall } from './precision-recall.ts';

export interface FeatureDistanceOptions {
  /** `subsetSize` is lowered to the rows there are. */
  readonly kernel?: KernelDistanceOptions;
  readonly precisionRecall?: PrecisionRecallOptions;
}

export interface FeatureDistances {
  /** Squared Fréchet distance. */
  readonly frechet: number;
  readonly kernel: KernelDistance;
  readonly precisionRecall: PrecisionRecall;
}

export interface DistancesWithFloor {
  /** Rows of every set that was compared: the same for `model` and `floor`. */
  readonly rows: number;
  /** Real rows against generated rows. */
  readonly model: FeatureDistances;
  /** The same real rows against other real rows. What a generator that draws new real images would get. */
  readonly floor: FeatureDistances;
  /**
   * Whether there were fewer than two real rows for each generated one, so that both figures are of fewer rows than were
   * generated. They can still be compared with each other, but not with figures of more rows.
   */
  readonly lowered: boolean;
}

/** Two disjoint sets of real rows of the same size. */
export interface Halves {
  readonly first: Features;
  readonly second: Features;
}

/** Fewest rows that all distances can be had of with their defaults: one more than the five neighbours of density. */
const FEWEST_ROWS = 6;

/**
 * Fréchet distance, kernel distance, precision, recall, density and coverage of two sets of features.
 *
 * @param stream draws subsets; the same stream draws the same rows for any two pairs of sets of the same sizes
 * @throws RangeError as `frechetDistance`, `kernelDistance` and `precisionRecall` do
 */
export async function featureDistances(
  real: Features,
  generated: Features,
  stream: Stream,
  options: FeatureDistanceOptions = {},
): Promise<FeatureDistances> {
  const subsetSize = Math.min(options.kernel?.subsetSize ?? 1000, real.n, generated.n);
  return {
    frechet: frechetDistance(real, generated),
    kernel: await kernelDistance(real, generated, stream, { ...options.kernel, subsetSize }),
    precisionRecall: await precisionRecall(real, generated, stream, options.precisionRecall),
  };
}

/**
 * The distances of a model and their real-against-real floor at the same number of rows n: the generated rows, or half
 * the real rows if that is fewer; then n of the generated rows are drawn.
 *
 * @throws RangeError if there are fewer than 12 real or 6 generated rows, the sizes differ or a value is not finite
 */
export async function distancesWithFloor(
  real: Features,
  generated: Features,
  stream: Stream,
  options: FeatureDistanceOptions = {},
): Promise<DistancesWithFloor> {
  checkFeatures('distancesWithFloor.real', real, 2 * FEWEST_ROWS);
  checkFeatures('distancesWithFloor.generated', generated, FEWEST_ROWS);
  checkSameSize('distancesWithFloor.generated', real, generated);
  const rows = Math.min(generated.n, Math.floor(real.n / 2));
  const { first, second } = splitHalves(real, rows, stream.of('real halves'));
  const drawn =
    rows === generated.n
      ? generated
      : gatherFeatures(generated, stream.of('generated rows').permutation(generated.n).slice(0, rows));
  const draws = stream.of('distances');
  return {
    rows,
    model: await featureDistances(first, drawn, draws, options),
    floor: await featureDistances(first, second, draws, options),
    lowered: rows < generated.n,
  };
}

/**
 * Two disjoint random sets of `rows` real rows each, in random order.
 *
 * @throws RangeError if there are fewer than 2 x `rows`
 */
export function splitHalves(real: Features, rows: number, stream: Stream): Halves {
  checkInteger('splitHalves.rows', rows, 1);
  checkFeatures('splitHalves.real', real, 2 * rows);
  const order = stream.permutation(real.n);
  return {
    first: gatherFeatures(real, order.slice(0, rows)),
    second: gatherFeatures(real, order.slice(rows, 2 * rows)),
  };
}
