/**
 * What a generator is trained on, of a data set of which some labels are known.
 */
import type { TrainingData } from '../../generators/origin.ts';
import { type Dataset, gatherImages } from '../datasets/dataset.ts';
import { initialRows } from '../datasets/splits.ts';
import type { Stream } from '../random.ts';

/**
 * All training images without labels; or, given how many may be known, those rows with their labels, drawn as many of
 * each class as can be, and all other images without.
 *
 * @param labels how many labels may be seen; undefined for a model that learns from none
 * @throws RangeError if there are not as many images
 */
export function trainingData(
  { train, shape }: Dataset,
  labels: number | undefined,
  stream: Stream,
): TrainingData {
  if (labels === undefined) return { images: train.images, shape };
  const known = initialRows(train.labels, labels, { balanced: true }, stream);
  const isKnown = new Set<number>(known);
  const others = Array.from(train.labels, (_, row) => row).filter((row) => !isKnown.has(row));
  return {
    shape,
    images: gatherImages(train.images, shape, others),
    labelled: {
      images: gatherImages(train.images, shape, known),
      labels: Uint8Array.from(known, (row) => train.labels[row] as number),
    },
  };
}
