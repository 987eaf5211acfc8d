/**
 * Anchors: the labelled images that M2 classifies rightly, which stand for their classes among its latents.
 */
import type { M2Table } from './round-m2.ts';

/** Rows of the labelled images whose likeliest class is their label, by class. */
export function anchorsByClass({ predicted, classes }: M2Table, labels: Uint8Array): number[][] {
  const anchors: number[][] = Array.from({ length: classes }, () => []);
  labels.forEach((label, row) => {
    if (predicted[row] === label) anchors[label]?.push(row);
  });
  return anchors;
}

/**
 * For each image the sum of its Euclidean distances to the anchors of its likeliest class, `[n]`; 0 where that class has none.
 * In float64, from differences.
 *
 * Cost: `n latentSize` times the anchors of a class. Memory: 8 bytes an image.
 *
 * @param anchors rows of `labelled` by class
 */
export function summedDistances(
  images: M2Table,
  labelled: M2Table,
  anchors: readonly number[][],
): Float64Array {
  return Float64Array.from(images.predicted, (predicted, row) =>
    (anchors[predicted] ?? []).reduce(
      (sum, anchor) => sum + latentDistance(images, row, labelled, anchor),
      0,
    ),
  );
}

/** Euclidean distance between the latents of two images. */
export function latentDistance(a: M2Table, row: number, b: M2Table, other: number): number {
  const { latentSize } = a;
  let squared = 0;
  for (let axis = 0, i = row * latentSize, j = other * latentSize; axis < latentSize; axis++, i++, j++) {
    squared += ((a.latents[i] as number) - (b.latents[j] as number)) ** 2;
  }
  return Math.sqrt(squared);
}

/**
 * For each image its mean distance to the anchors of its likeliest class, `[n]`, from {@link summedDistances}; null where
 * that class has none.
 */
export function meanDistances(
  sums: Float64Array,
  images: M2Table,
  anchors: readonly number[][],
): (number | null)[] {
  return Array.from(sums, (sum, row) => {
    const count = anchors[images.predicted[row] as number]?.length ?? 0;
    return count === 0 ? null : sum / count;
  });
}
