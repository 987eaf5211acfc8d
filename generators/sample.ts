/**
 * Images from a generator, as bytes.
 */
import * as tf from '@tensorflow/tfjs';
import { fromModelRange, imageSize } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { checkInteger } from '../src/shapes.ts';
import type { Generator } from './generator.ts';

/** Latents generated at a time, which bounds memory and does not change the images. */
const BLOCK = 256;

/**
 * Images of `count` latents from N(0, I), drawn row after row.
 *
 * @param stream drawn from; the first images do not depend on how many there are
 * @returns bytes `[count, height, width, channels]`
 */
export async function sampleImages(generator: Generator, count: number, stream: Stream): Promise<Uint8Array> {
  checkInteger('sampleImages.count', count, 1);
  const { latentSize, shape } = generator;
  const size = imageSize(shape);
  const images = new Uint8Array(count * size);
  for (let start = 0; start < count; start += BLOCK) {
    const n = Math.min(BLOCK, count - start);
    const latents = tf.tensor2d(stream.normals(n * latentSize), [n, latentSize]);
    const block = generator.generate(latents);
    try {
      images.set(fromModelRange(await block.data<'float32'>()), start * size);
    } finally {
      tf.dispose([latents, block]);
    }
  }
  return images;
}
