/**
 * Images that show what a generator's latents mean: paths between latents, and one style in every class.
 */
import * as tf from '@tensorflow/tfjs';
import { fromModelRange, gatherImages, imageSize, imageTensor } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { checkInteger } from '../src/shapes.ts';
import type { Generator } from './generator.ts';

/**
 * Images along great circles between pairs of latents from N(0, I): `sin((1 - t) w) / sin(w) a + sin(t w) / sin(w) b`, with
 * `w` the angle between `a` and `b`. A straight line would pass where no latent ever lies, near the centre (White 2016,
 * "Sampling Generative Networks", section 2.1). Of a model with classes, path `i` is of class `i mod classes`.
 *
 * @returns bytes `[paths steps, height, width, channels]`, path by path
 */
export async function interpolatedImages(
  generator: Generator,
  { paths, steps }: { readonly paths: number; readonly steps: number },
  stream: Stream,
): Promise<Uint8Array> {
  checkInteger('interpolatedImages.paths', paths, 1);
  checkInteger('interpolatedImages.steps', steps, 2);
  const { latentSize, classes } = generator;
  const latents = new Float32Array(paths * steps * latentSize);
  for (let path = 0; path < paths; path++) {
    const [a, b] = [stream.normals(latentSize), stream.normals(latentSize)];
    for (let step = 0; step < steps; step++) {
      latents.set(greatCircle(a, b, step / (steps - 1)), (path * steps + step) * latentSize);
    }
  }
  const labels = Int32Array.from({ length: paths * steps }, (_, i) => Math.floor(i / steps) % (classes ?? 1));
  return decoded(generator, latents, labels);
}

/** The point at `t` in [0, 1] of the great circle from `a` to `b`; a straight line if they point the same way. */
export function greatCircle(a: Float32Array, b: Float32Array, t: number): Float32Array {
  const dot = (x: Float32Array, y: Float32Array) =>
    x.reduce((sum, value, i) => sum + value * (y[i] as number), 0);
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const angle = Math.acos(Math.max(-1, Math.min(1, cosine)));
  const sine = Math.sin(angle);
  const [ofA, ofB] =
    sine < 1e-6 ? [1 - t, t] : [Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine];
  return a.map((value, i) => ofA * value + ofB * (b[i] as number));
}

/**
 * Analogies of a model with classes: each image, then its style in every class, `generate(encode(image, label), class)`
 * (Kingma et al. 2014, figure 1b).
 *
 * @param images bytes `[n, height, width, channels]`
 * @param labels `[n]`, the images' own classes
 * @returns bytes `[n (1 + classes), height, width, channels]`, image by image
 * @throws RangeError if the model has no classes or does not encode
 */
export async function analogyImages(
  generator: Generator,
  images: Uint8Array,
  labels: Uint8Array,
): Promise<Uint8Array> {
  const { classes, kind, shape, latentSize } = generator;
  if (classes === undefined || !generator.encode) {
    throw new RangeError(`analogyImages.generator: expected a model that encodes by class, got ${kind}`);
  }
  const styles = tf.tidy(() => {
    const reals = imageTensor(images, shape);
    const codes = generator.encode?.(reals, tf.tensor1d(Int32Array.from(labels), 'int32')) as tf.Tensor2D;
    return tf.reshape(tf.tile(tf.expandDims(codes, 1), [1, classes, 1]), [-1, latentSize]);
  });
  const everyClass = Int32Array.from({ length: labels.length * classes }, (_, i) => i % classes);
  const values = Float32Array.from(await styles.data<'float32'>());
  styles.dispose();
  const variants = await decoded(generator, values, everyClass);
  const size = imageSize(shape);
  const rows = Array.from(labels, (_, row) => [
    gatherImages(images, shape, [row]),
    variants.subarray(row * classes * size, (row + 1) * classes * size),
  ]);
  return Uint8Array.from(Buffer.concat(rows.flat()));
}

/** Images of latents `[n, latentSize]`, as bytes; of a model with classes, of the given ones. */
async function decoded(generator: Generator, latents: Float32Array, labels: Int32Array): Promise<Uint8Array> {
  const { latentSize, classes } = generator;
  const images = tf.tidy(() =>
    generator.generate(
      tf.tensor2d(latents, [latents.length / latentSize, latentSize]),
      ...(classes === undefined ? [] : ([tf.tensor1d(labels, 'int32')] as const)),
    ),
  );
  try {
    return fromModelRange(await images.data<'float32'>());
  } finally {
    images.dispose();
  }
}
