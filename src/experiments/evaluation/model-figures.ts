/**
 * Figures of a generator's own parts on real images: its bound, its reconstructions, its classifier.
 */
import * as tf from '@tensorflow/tfjs';
import type { Generator } from '../../../generators/generator.ts';
import { reconstructImages } from '../../../generators/sample.ts';
import { imageSize, imageTensor, type Split } from '../../datasets/dataset.ts';
import type { Stream } from '../../random.ts';

/** Images at a time. A model with classes holds as many pairs of an image and a class. */
const BLOCK = 100;

/** A mean over images. */
export interface MeanFigure {
  readonly mean: number;
  /** Standard deviation (ddof 1) over the root of the number of images. */
  readonly standardError: number;
  readonly images: number;
}

/**
 * Mean -ELBO of images in nats; undefined for a model without a bound.
 *
 * @param stream of the draws of latents and pixels
 */
export async function meanBound(
  generator: Generator,
  images: Uint8Array,
  stream: Stream,
): Promise<MeanFigure | undefined> {
  const { negativeElbo, shape } = generator;
  if (!negativeElbo) return undefined;
  const bounds = await perImage(images, shape, (block, start) =>
    negativeElbo.call(generator, block, stream.of(start)),
  );
  return meanOf(bounds);
}

/** Mean over images of the mean squared error of a pixel, pixels in [0, 1]; undefined for a model that does not encode. */
export async function reconstructionError(
  generator: Generator,
  images: Uint8Array,
): Promise<MeanFigure | undefined> {
  if (!generator.encode) return undefined;
  const decoded = await reconstructImages(generator, images);
  const size = imageSize(generator.shape);
  const errors = new Float32Array(images.length / size);
  for (let pixel = 0; pixel < images.length; pixel++) {
    const difference = ((decoded[pixel] as number) - (images[pixel] as number)) / 255;
    const image = Math.floor(pixel / size);
    errors[image] = (errors[image] as number) + difference ** 2 / size;
  }
  return meanOf(errors);
}

/** Share of images whose class the model's own classifier names rightly; undefined for a model without one. */
export async function classifierAccuracy(
  generator: Generator,
  { images, labels, n }: Split,
): Promise<number | undefined> {
  const { classify, shape } = generator;
  if (!classify) return undefined;
  const named = await perImage(images, shape, (block) =>
    tf.tidy(() => tf.cast(tf.argMax(classify.call(generator, block), 1), 'float32') as tf.Tensor1D),
  );
  return named.filter((label, row) => label === labels[row]).length / n;
}

async function perImage(
  images: Uint8Array,
  shape: Generator['shape'],
  figure: (block: tf.Tensor4D, start: number) => tf.Tensor1D,
): Promise<Float32Array> {
  const size = imageSize(shape);
  const n = images.length / size;
  const figures = new Float32Array(n);
  for (let start = 0; start < n; start += BLOCK) {
    const block = imageTensor(images.subarray(start * size, (start + BLOCK) * size), shape);
    const values = figure(block, start);
    try {
      figures.set(await values.data<'float32'>(), start);
    } finally {
      tf.dispose([block, values]);
    }
  }
  return figures;
}

function meanOf(values: Float32Array): MeanFigure {
  const images = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / images;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / (images - 1) / images), images };
}
