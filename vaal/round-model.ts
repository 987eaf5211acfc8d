/**
 * What a strategy's networks are trained on in a round, what they are asked afterwards, and how both is read from the device.
 */
import * as tf from '@tensorflow/tfjs';
import type { Gaussians } from '../generators/mlp-terms.ts';
import { fromModelRange, type ImageShape, imageSize } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { type ImageRows, imagesOf } from './image-rows.ts';

/** Images a block when scoring; more need more memory and are hardly faster. */
const BLOCK = 128;
/** Updates queued before a loss is read, which waits for the device and finds a training that broke. */
const READ_EVERY = 50;

/** The images a round trains on. */
export interface VaalImages {
  readonly shape: ImageShape;
  readonly labelled: {
    readonly images: ImageRows;
    readonly rows: readonly number[];
    /** Of all rows of `images`. */
    readonly labels: Uint8Array;
  };
  readonly unlabelled: { readonly images: ImageRows; readonly rows: readonly number[] };
}

/** What an autoencoder says of images, `n` rows of each, row-major. */
export interface VaeTable {
  readonly n: number;
  /** `[n, latentSize]`: means of the posteriors. */
  readonly means: Float32Array;
  /** `[n, latentSize]`: `KL(q(z|x) || p(z))` of each dimension, in nats. */
  readonly divergences: Float32Array;
  /** `[n]`: squared errors in the range [-1, 1], summed over pixels, of images decoded from the means. */
  readonly errors: Float32Array;
}

/** Trained networks. */
export interface VaalModel {
  /**
   * Logits `[rows]` of "labelled". In inference mode, so that a score depends on no other image, unless the config is
   * faithful to the reference where that is not so; then `stream` decides what is random about it.
   */
  logits(images: ImageRows, rows: readonly number[], stream: Stream): Promise<Float32Array>;
  /** The autoencoder's figures of images, in inference mode. */
  vaeTable(images: ImageRows, rows: readonly number[]): Promise<VaeTable>;
  /** Bytes `[rows, height, width, channels]` of images decoded from the posteriors' means, in inference mode. */
  reconstruct(images: ImageRows, rows: readonly number[]): Promise<Uint8Array>;
  dispose(): void;
}

/**
 * Throws unless there are images of both kinds to train on.
 *
 * @throws RangeError
 */
export function checkImages(name: string, images: VaalImages): void {
  for (const pool of ['labelled', 'unlabelled'] as const) {
    if (images[pool].rows.length === 0) {
      throw new RangeError(`${name}.images.${pool}: expected at least one image, got none`);
    }
  }
}

/**
 * Frees the losses of a step. Now and then, and in the last step, waits for the device and looks at `loss` first.
 *
 * @throws Error naming step and network if it is not finite
 */
export async function settleLosses<Losses extends { readonly loss: tf.Scalar }>(
  losses: Losses,
  { name, step, steps }: { readonly name: string; readonly step: number; readonly steps: number },
): Promise<void> {
  try {
    if (step % READ_EVERY !== 0 && step !== steps) return;
    const [value] = await losses.loss.data();
    if (!Number.isFinite(value)) {
      throw new Error(`${name}: expected a finite loss, got ${value} in step ${step}`);
    }
  } finally {
    tf.dispose({ ...losses });
  }
}

/**
 * The table of an autoencoder's figures.
 *
 * @param figures of a block of images in [-1, 1], within a tidy: posteriors `[n, latentSize]`, and `[n]` squared errors
 */
export async function vaeTableOf(
  images: ImageRows,
  rows: readonly number[],
  shape: ImageShape,
  latentSize: number,
  figures: (block: tf.Tensor4D, rows: readonly number[]) => Gaussians & { readonly errors: tf.Tensor1D },
): Promise<VaeTable> {
  const n = rows.length;
  const table = {
    n,
    means: new Float32Array(n * latentSize),
    divergences: new Float32Array(n * latentSize),
    errors: new Float32Array(n),
  };
  const columns = 2 * latentSize + 1;
  const inOne = (block: tf.Tensor4D, ofBlock: readonly number[]) =>
    tf.tidy(() => {
      const { means, logVariances, errors } = figures(block, ofBlock);
      const squares = tf.add(tf.square(means), tf.exp(logVariances));
      const divergences = tf.mul(tf.sub(tf.sub(squares, logVariances), 1), 0.5);
      return tf.concat([means, divergences, tf.expandDims(errors, 1)], 1);
    });
  await inBlocks(images, rows, shape, undefined, inOne, (values, first) => {
    for (let i = 0; i < values.length / columns; i++) {
      const row = values.subarray(i * columns, (i + 1) * columns);
      table.means.set(row.subarray(0, latentSize), (first + i) * latentSize);
      table.divergences.set(row.subarray(latentSize, 2 * latentSize), (first + i) * latentSize);
      table.errors[first + i] = row[2 * latentSize] as number;
    }
  });
  return table;
}

/**
 * Bytes `[rows, height, width, channels]` of what an autoencoder makes of images.
 *
 * @param decoded of a block of images in [-1, 1], within a tidy: images in [-1, 1]
 */
export async function decodedBytes(
  images: ImageRows,
  rows: readonly number[],
  shape: ImageShape,
  decoded: (block: tf.Tensor4D, rows: readonly number[]) => tf.Tensor4D,
): Promise<Uint8Array> {
  const size = imageSize(shape);
  const bytes = new Uint8Array(rows.length * size);
  const inOne = (block: tf.Tensor4D, ofBlock: readonly number[]) => tf.tidy(() => decoded(block, ofBlock));
  await inBlocks(images, rows, shape, undefined, inOne, (values, first) =>
    bytes.set(fromModelRange(values), first * size),
  );
  return bytes;
}

/**
 * Calls back with the values of every block of rows. All blocks have the same size, the last one filled up with its first
 * row, because kernels may sum in another order for another batch size.
 */
export async function inBlocks(
  images: ImageRows,
  rows: readonly number[],
  shape: ImageShape,
  flips: Stream | undefined,
  compute: (images: tf.Tensor4D, rows: readonly number[]) => tf.Tensor,
  take: (values: Float32Array, first: number) => void,
): Promise<void> {
  for (let start = 0; start < rows.length; start += BLOCK) {
    const taken = rows.slice(start, start + BLOCK);
    const filled = Array.from({ length: BLOCK }, (_, i) => (taken[i] ?? taken[0]) as number);
    const values = await reading(imagesOf(images, filled, shape, flips), (block) => compute(block, filled));
    take(values.subarray(0, (values.length / BLOCK) * taken.length), start);
  }
}

/** The values of a function of images; frees the images. */
export async function reading(
  images: tf.Tensor4D,
  compute: (images: tf.Tensor4D) => tf.Tensor,
): Promise<Float32Array> {
  try {
    const result = compute(images);
    try {
      return await result.data<'float32'>();
    } finally {
      result.dispose();
    }
  } finally {
    images.dispose();
  }
}
