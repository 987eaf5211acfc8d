/**
 * Random changes of training images, made anew each time an image is seen.
 */
import { type ImageShape, imageSize } from '../datasets/dataset.ts';
import type { Stream } from '../random.ts';
import type { AugmentConfig } from './training-config.ts';

/**
 * The images moved by whole pixels, black coming in, and mirrored left to right with probability 1/2 if `flip` says so.
 * Image `i` draws from `stream.of(i)`, whatever the others do.
 *
 * @param bytes `[n, height, width, channels]`
 * @returns as many bytes, new ones
 */
export function augmented(
  bytes: Uint8Array,
  shape: ImageShape,
  { flip, shift }: AugmentConfig,
  stream: Stream,
): Uint8Array {
  const [height, width, channels] = shape;
  const size = imageSize(shape);
  const changed = new Uint8Array(bytes.length);
  for (let image = 0; image < bytes.length / size; image++) {
    const draws = stream.of(image);
    const [down, right] = [draws.integer(2 * shift + 1) - shift, draws.integer(2 * shift + 1) - shift];
    const mirrored = flip && draws.integer(2) === 1;
    for (let row = Math.max(0, down); row < Math.min(height, height + down); row++) {
      for (let column = Math.max(0, right); column < Math.min(width, width + right); column++) {
        const moved = column - right;
        const from = (row - down) * width + (mirrored ? width - 1 - moved : moved);
        const start = image * size + from * channels;
        changed.set(
          bytes.subarray(start, start + channels),
          image * size + (row * width + column) * channels,
        );
      }
    }
  }
  return changed;
}
