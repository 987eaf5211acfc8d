/**
 * What a data set is in memory, and the one conversion between its pixels and what models see.
 */
import * as tf from '@tensorflow/tfjs';
import type { PoolIndex } from '../shapes.ts';

/** `[height, width, channels]` */
export type ImageShape = readonly [height: number, width: number, channels: number];

/** Images and their classes, row by row. */
export interface Split {
  /** `[n, height, width, channels]`, row-major, 0 to 255. */
  readonly images: Uint8Array;
  /** `[n]`, each in `[0, classes)`. */
  readonly labels: Uint8Array;
  readonly n: number;
}

export interface Dataset {
  readonly name: string;
  readonly shape: ImageShape;
  readonly classNames: readonly string[];
  readonly train: Split;
  readonly test: Split;
  /** What a reader of results should know, one sentence each: missing batches, files left out. */
  readonly notes?: readonly string[];
}

/** Pixels a row: height x width x channels. */
export function imageSize([height, width, channels]: ImageShape): number {
  return height * width * channels;
}

/** Bytes 0..255 to floats in [-1, 1]: `byte / 127.5 - 1`. The only such conversion in the project. */
export function toModelRange(bytes: Uint8Array): Float32Array {
  const values = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) values[i] = (bytes[i] as number) / 127.5 - 1;
  return values;
}

/** Floats in [-1, 1] to bytes: `round((value + 1) * 127.5)`, clamped to 0..255. */
export function fromModelRange(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    bytes[i] = Math.max(0, Math.min(255, Math.round(((values[i] as number) + 1) * 127.5)));
  }
  return bytes;
}

/** The bytes of the given rows, in the given order: `[rows, height, width, channels]`. */
export function gatherImages(images: Uint8Array, shape: ImageShape, rows: readonly number[]): Uint8Array {
  const size = imageSize(shape);
  const gathered = new Uint8Array(rows.length * size);
  rows.forEach((row, position) => {
    if (!Number.isInteger(row) || row < 0 || (row + 1) * size > images.length) {
      throw new RangeError(`gatherImages.rows: expected a row in [0, ${images.length / size}), got ${row}`);
    }
    gathered.set(images.subarray(row * size, (row + 1) * size), position * size);
  });
  return gathered;
}

/** Bytes `[n, height, width, channels]` as a tensor in [-1, 1]; the caller disposes it. */
export function imageTensor(bytes: Uint8Array, shape: ImageShape): tf.Tensor4D {
  return tf.tensor4d(toModelRange(bytes), [bytes.length / imageSize(shape), ...shape]);
}

/** Rows of a split as a tensor `[rows, height, width, channels]` in [-1, 1]; the caller disposes it. */
export function batchOf(
  split: Split,
  shape: ImageShape,
  rows: readonly PoolIndex[] | readonly number[],
): tf.Tensor4D {
  return imageTensor(gatherImages(split.images, shape, rows), shape);
}

/**
 * The data set restricted to some classes, relabelled 0, 1, ... in the order given.
 *
 * RangeError if a class does not exist, is named twice, or fewer than two are named.
 */
export function selectClasses(dataset: Dataset, classes: readonly number[]): Dataset {
  const known = dataset.classNames.length;
  if (new Set(classes).size !== classes.length || classes.length < 2) {
    throw new RangeError(`selectClasses.classes: expected two or more different classes, got [${classes}]`);
  }
  for (const label of classes) {
    if (!Number.isInteger(label) || label < 0 || label >= known) {
      throw new RangeError(
        `selectClasses.classes: expected classes in [0, ${known}) of ${dataset.name}, got ${label}`,
      );
    }
  }
  return {
    name: dataset.name,
    shape: dataset.shape,
    classNames: classes.map((label) => dataset.classNames[label] as string),
    train: selectFromSplit(dataset.train, dataset.shape, classes),
    test: selectFromSplit(dataset.test, dataset.shape, classes),
    ...(dataset.notes !== undefined && { notes: dataset.notes }),
  };
}

function selectFromSplit(split: Split, shape: ImageShape, classes: readonly number[]): Split {
  const rows: number[] = [];
  for (let row = 0; row < split.n; row++) {
    if (classes.includes(split.labels[row] as number)) rows.push(row);
  }
  return {
    images: gatherImages(split.images, shape, rows),
    labels: Uint8Array.from(rows, (row) => classes.indexOf(split.labels[row] as number)),
    n: rows.length,
  };
}
