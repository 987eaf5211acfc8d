/**
 * Random changes of training images.
 */
import * as tf from '@tensorflow/tfjs';
import type { Stream } from '../src/random.ts';
import type { M2Augment } from './m2-config.ts';

/**
 * The images moved by whole pixels, up to `shift` along each side, and mirrored left to right with probability 1/2 if
 * `flip` says so: each its own draws. What comes in from beyond an edge repeats the edge.
 *
 * @param images `[n, height, width, channels]`
 * @param stream all draws come from it
 * @returns the same shape; the caller disposes it
 */
export function augmentImages(images: tf.Tensor4D, { shift, flip }: M2Augment, stream: Stream): tf.Tensor4D {
  if (shift === 0 && !flip) return tf.clone(images);
  const [n, height, width, channels] = images.shape;
  const sources = new Int32Array(n * height * width);
  const move = () => stream.integer(2 * shift + 1) - shift;
  let at = 0;
  for (let image = 0; image < n; image++) {
    const [down, right] = [move(), move()];
    const mirrored = flip && stream.integer(2) === 1;
    for (let row = 0; row < height; row++) {
      const first = (image * height + inside(row - down, height)) * width;
      for (let column = 0; column < width; column++) {
        const from = inside(column - right, width);
        sources[at++] = first + (mirrored ? width - 1 - from : from);
      }
    }
  }
  return tf.tidy(() => {
    const pixels = tf.reshape(images, [n * height * width, channels]);
    return tf.reshape(tf.gather(pixels, tf.tensor1d(sources, 'int32')), images.shape);
  });
}

function inside(position: number, size: number): number {
  return Math.min(Math.max(position, 0), size - 1);
}
