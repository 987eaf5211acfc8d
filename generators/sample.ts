/**
 * Images from a generator, as bytes.
 */
import * as tf from '@tensorflow/tfjs';
import { fromModelRange, imageSize, imageTensor } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { checkInteger } from '../src/shapes.ts';
import type { Generator } from './generator.ts';

/** Latents generated at a time, which bounds memory and does not change the images. */
const BLOCK = 256;

/** Images in the grid of a training. */
export const GRID_IMAGES = 64;

/**
 * Images of `count` latents from N(0, I), drawn row after row; of a model with classes, image `i` is of class
 * `i mod classes`.
 *
 * @param stream drawn from; the first images do not depend on how many there are
 * @returns bytes `[count, height, width, channels]`
 */
export async function sampleImages(generator: Generator, count: number, stream: Stream): Promise<Uint8Array> {
  checkInteger('sampleImages.count', count, 1);
  if (generator.prior === 'none') {
    throw new RangeError(
      `sampleImages.generator: expected a model to sample from, got ${generator.kind}, which has no prior`,
    );
  }
  const { latentSize, shape } = generator;
  const size = imageSize(shape);
  const images = new Uint8Array(count * size);
  for (let start = 0; start < count; start += BLOCK) {
    const n = Math.min(BLOCK, count - start);
    const latents = tf.tensor2d(stream.normals(n * latentSize), [n, latentSize]);
    const labels = classesOfRows(generator, start, n);
    const block = generator.generate(latents, labels);
    try {
      images.set(fromModelRange(await block.data<'float32'>()), start * size);
    } finally {
      tf.dispose([latents, block, labels ?? []]);
    }
  }
  return images;
}

/** Classes `[n]` of sampled images, from the row `start` on; undefined for a model without classes. */
function classesOfRows({ classes }: Generator, start: number, n: number): tf.Tensor1D | undefined {
  if (classes === undefined) return undefined;
  return tf.tensor1d(
    Int32Array.from({ length: n }, (_, i) => (start + i) % classes),
    'int32',
  );
}

/**
 * Images decoded from their own codes, `[n, height, width, channels]` as bytes. RangeError if the model does not encode.
 *
 * @param images `[n, height, width, channels]`
 */
export async function reconstructImages(generator: Generator, images: Uint8Array): Promise<Uint8Array> {
  const { kind, shape } = generator;
  if (!generator.encode) {
    throw new RangeError(`reconstructImages.generator: expected a model that encodes, got ${kind}`);
  }
  const size = imageSize(shape);
  const decoded = new Uint8Array(images.length);
  for (let start = 0; start < images.length; start += BLOCK * size) {
    const block = tf.tidy(() => {
      const reals = imageTensor(images.subarray(start, start + BLOCK * size), shape);
      const labels = generator.classify && tf.cast(tf.argMax(generator.classify(reals), 1), 'int32');
      const codes = generator.encode?.(reals, labels as tf.Tensor1D | undefined) as tf.Tensor2D;
      return generator.generate(codes, labels as tf.Tensor1D | undefined);
    });
    try {
      decoded.set(fromModelRange(await block.data<'float32'>()), start);
    } finally {
      block.dispose();
    }
  }
  return decoded;
}

/**
 * What the grid of a training shows: {@link GRID_IMAGES} samples, or, of a model without a prior, as many of the first
 * images reconstructed.
 *
 * @param images `[n, height, width, channels]` of the training set
 * @param stream as for {@link sampleImages}
 */
export function gridImages(generator: Generator, images: Uint8Array, stream: Stream): Promise<Uint8Array> {
  return generator.prior === 'none'
    ? reconstructImages(generator, images.subarray(0, GRID_IMAGES * imageSize(generator.shape)))
    : sampleImages(generator, GRID_IMAGES, stream);
}
