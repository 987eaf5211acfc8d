/**
 * The pictures of an evaluation: what its figures are of.
 */
import { nearestImages } from '../../../generators/evaluation/nearest-images.ts';
import type { Generator } from '../../../generators/generator.ts';
import { analogyImages, interpolatedImages } from '../../../generators/latent-pictures.ts';
import { reconstructImages, sampleImages } from '../../../generators/sample.ts';
import { type Dataset, gatherImages, imageSize } from '../../datasets/dataset.ts';
import type { Stream } from '../../random.ts';

/** Images in rows of so many. */
export interface EvaluationPicture {
  /** File name without its ending. */
  readonly name: string;
  /** What it shows, one sentence. */
  readonly caption: string;
  /** Bytes `[n, height, width, channels]`. */
  readonly images: Uint8Array;
  readonly columns: number;
}

/** Rows and columns of the plain grid, and pairs in the others. */
const [SIDE, PAIRS] = [10, 40] as const;

/** Every picture that the generator's capabilities allow. */
export async function evaluationPictures(
  generator: Generator,
  dataset: Dataset,
  stream: Stream,
): Promise<EvaluationPicture[]> {
  const { shape, test, train } = dataset;
  const pictures: EvaluationPicture[] = [];
  const rows = stream.of('rows').permutation(test.n).slice(0, PAIRS);
  const reals = gatherImages(test.images, shape, rows);
  if (generator.prior === 'normal') {
    const byClass = generator.classes !== undefined;
    const columns = generator.classes ?? SIDE;
    const samples = await sampleImages(generator, SIDE * columns, stream.of('samples'));
    pictures.push({
      name: 'samples',
      caption: byClass ? 'Samples, a column each class.' : 'Samples, not picked.',
      images: samples,
      columns,
    });
    const some = samples.subarray(0, Math.min(PAIRS, SIDE * columns) * imageSize(shape));
    const { rows: nearest } = await nearestImages(some, train.images, shape);
    pictures.push({
      name: 'nearest',
      caption: 'Each sample with the nearest training image on its right.',
      images: alternating(some, gatherImages(train.images, shape, [...nearest]), imageSize(shape)),
      columns: 10,
    });
    pictures.push({
      name: 'interpolation',
      caption: 'A row each a path along a great circle between two latents.',
      images: await interpolatedImages(generator, { paths: SIDE, steps: SIDE }, stream.of('paths')),
      columns: SIDE,
    });
  }
  if (generator.encode) {
    pictures.push({
      name: 'reconstructions',
      caption: 'Each test image with its reconstruction on its right.',
      images: alternating(reals, await reconstructImages(generator, reals), imageSize(shape)),
      columns: 10,
    });
  }
  if (generator.encode && generator.classes !== undefined) {
    const labels = Uint8Array.from(rows.slice(0, SIDE), (row) => test.labels[row] as number);
    pictures.push({
      name: 'analogies',
      caption: 'A row each a test image, then its style in every class.',
      images: await analogyImages(generator, reals.subarray(0, SIDE * imageSize(shape)), labels),
      columns: 1 + generator.classes,
    });
  }
  return pictures;
}

/** Images of two sets in turn. */
function alternating(first: Uint8Array, second: Uint8Array, size: number): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  for (let start = 0; start < first.length; start += size) {
    both.set(first.subarray(start, start + size), 2 * start);
    both.set(second.subarray(start, start + size), 2 * start + size);
  }
  return both;
}
