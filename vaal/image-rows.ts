/**
 * Images by row, wherever they lie: which of them are held out, and which of them each update sees.
 */
import * as tf from '@tensorflow/tfjs';
import type { PoolView } from '../src/acquisition/strategy.ts';
import { gatherImages, type ImageShape, imageTensor, type Split } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';

/** Most unlabelled images held out: enough for an AUC to two digits. */
const MOST_HELD_OUT = 1000;

/** A list of images. */
export interface ImageRows {
  readonly count: number;
  /** Bytes `[rows, height, width, channels]` of some of them. */
  bytes(rows: readonly number[]): Uint8Array;
  /** Of every row, for networks that take ranks: 0 for the middle. */
  readonly ranks?: Float32Array;
}

/** Ranks `[rows, 1]` of some rows, if the images have any. The caller disposes them. */
export function ranksOf({ ranks }: ImageRows, rows: readonly number[]): tf.Tensor2D | undefined {
  if (ranks === undefined) return undefined;
  return tf.tensor2d(
    rows.map((row) => ranks[row] as number),
    [rows.length, 1],
  );
}

/** The unlabelled images, in the order of `pool.candidates`. */
export function unlabelledRows(pool: PoolView): ImageRows {
  const { candidates } = pool;
  return {
    count: candidates.length,
    bytes: (rows) => pool.bytes(rows.map((row) => candidates[row] as (typeof candidates)[number])),
  };
}

/** The images of a split. */
export function splitRows({ images, n }: Split, shape: ImageShape): ImageRows {
  return { count: n, bytes: (rows) => gatherImages(images, shape, rows) };
}

/** Rows of a list, ascending. */
export interface HeldOut {
  readonly trained: readonly number[];
  readonly heldOut: readonly number[];
}

/**
 * Holds out a share of a list, rounded down and at most 1000 rows, drawn from `stream`.
 *
 * @param share in [0, 1/2]
 */
export function holdOut(count: number, share: number, stream: Stream): HeldOut {
  const held = Math.min(MOST_HELD_OUT, Math.floor(share * count));
  const order = stream.permutation(count);
  const ascending = (rows: number[]) => rows.sort((a, b) => a - b);
  return { heldOut: ascending(order.slice(0, held)), trained: ascending(order.slice(held)) };
}

/**
 * Batches of `batch` rows, without end: epoch follows epoch, each in an order of its own, and a batch may reach from one
 * into the next. So every row is seen equally often, and a list may be shorter than a batch.
 *
 * @returns a function of the batch, counted from 0; quickest when batches come in order
 */
export function endlessBatches(
  rows: readonly number[],
  batch: number,
  stream: Stream,
): (index: number) => number[] {
  let epoch = -1;
  let order: readonly number[] = [];
  return (index) =>
    Array.from({ length: batch }, (_, i) => {
      const position = index * batch + i;
      const wanted = Math.floor(position / rows.length);
      if (wanted !== epoch) {
        epoch = wanted;
        order = stream.of('order', epoch).shuffle(rows);
      }
      return order[position % rows.length] as number;
    });
}

/**
 * Images `[rows, height, width, channels]` in [-1, 1], mirrored left to right with probability 1/2 if there is a stream to
 * draw that from. The caller disposes them.
 */
export function imagesOf(
  images: ImageRows,
  rows: readonly number[],
  shape: ImageShape,
  flips?: Stream,
): tf.Tensor4D {
  const bytes = images.bytes(rows);
  if (flips === undefined) return imageTensor(bytes, shape);
  const mask = tf.tensor4d(
    rows.map(() => flips.integer(2)),
    [rows.length, 1, 1, 1],
  );
  const plain = imageTensor(bytes, shape);
  try {
    return tf.tidy(() => tf.add(tf.mul(tf.reverse(plain, 2), mask), tf.mul(plain, tf.sub(1, mask))));
  } finally {
    tf.dispose([mask, plain]);
  }
}
