/**
 * What a round of latent search tells about itself.
 */
import { type ImageShape, imageSize, toModelRange } from '../datasets/dataset.ts';
import type { LatentSearch } from './latent-search.ts';
import { objectiveMinimum } from './objectives.ts';

/**
 * Finite numbers, or null where a figure does not exist: the objective of a start is not a number if the models
 * break down on its image. Means and shares are over the round's queries.
 */
export interface SearchDiagnostics {
  readonly objective: string;
  /** Mean objective of each query's first start, unselected: of random samples of the generator. */
  readonly objectiveStart: number | null;
  /** Mean objective of the queries as float images. */
  readonly objectiveEnd: number | null;
  /** Mean objective of the queries as bytes. */
  readonly objectiveEndQuantised: number | null;
  /**
   * Share of queries whose bytes stand at most `tolerance x (mean of the starts - minimum)` above the minimum of
   * the objective (0 for the boundary, `-ln classes` for the entropy).
   */
  readonly shareReached: number | null;
  /** Share of queries whose search stood, at some step, in another class than it started in. */
  readonly shareCrossed: number | null;
  /** {@link meanPairwiseDistance} of the queries; null for a single one. */
  readonly meanPairwiseDistance: number | null;
  /** The same of as many random samples of the generator, for scale. */
  readonly meanPairwiseDistanceRandom: number | null;
  /** Mean L2 norm of the latents; about the square root of their size for draws from the prior. */
  readonly latentNormMean: number | null;
}

export interface SearchDiagnosticsOptions {
  readonly shape: ImageShape;
  readonly classes: number;
  /** Share of the mean height above the minimum at the start, at which the end counts as reached. */
  readonly tolerance: number;
}

/** The figures of one search; its arrays are only read. */
export function searchDiagnostics(
  search: LatentSearch,
  { shape, classes, tolerance }: SearchDiagnosticsOptions,
): SearchDiagnostics {
  const { queries, objective } = search;
  const objectiveStart = mean(search.objectiveStart);
  const minimum = objectiveMinimum(objective, classes);
  const limit = objectiveStart === null ? null : minimum + tolerance * (objectiveStart - minimum);
  return {
    objective,
    objectiveStart,
    objectiveEnd: mean(search.objectiveEnd),
    objectiveEndQuantised: mean(search.objectiveEndQuantised),
    shareReached:
      limit === null ? null : mean(search.objectiveEndQuantised.map((value) => (value <= limit ? 1 : 0))),
    shareCrossed: mean(search.crossed),
    meanPairwiseDistance: meanPairwiseDistance(search.images, imageSize(shape)),
    meanPairwiseDistanceRandom: meanPairwiseDistance(search.startImages, imageSize(shape)),
    latentNormMean: mean(rowNorms(search.latents, search.latents.length / queries)),
  };
}

/**
 * Mean over all pairs of images of their root mean squared pixel difference in model range, so in [0, 2]; null
 * if there is no pair.
 *
 * @param images bytes `[n, size]`
 */
export function meanPairwiseDistance(images: Uint8Array, size: number): number | null {
  const n = images.length / size;
  if (n < 2) return null;
  const pixels = toModelRange(images);
  let sum = 0;
  for (let one = 0; one < n; one++) {
    for (let other = one + 1; other < n; other++) {
      let squares = 0;
      for (let pixel = 0; pixel < size; pixel++) {
        const difference = (pixels[one * size + pixel] as number) - (pixels[other * size + pixel] as number);
        squares += difference * difference;
      }
      sum += Math.sqrt(squares / size);
    }
  }
  return sum / ((n * (n - 1)) / 2);
}

function rowNorms(values: Float32Array, size: number): number[] {
  return Array.from({ length: values.length / size }, (_, row) =>
    Math.hypot(...values.subarray(row * size, (row + 1) * size)),
  );
}

/** Null if any value is not finite. */
function mean(values: ArrayLike<number>): number | null {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return Number.isFinite(sum) ? sum / values.length : null;
}
