/**
 * What images are compared by: a map from images to vectors, and the vectors of many stored images.
 */
import type * as tf from '@tensorflow/tfjs';
import { gatherImages, type ImageShape, imageSize, imageTensor } from '../../src/datasets/dataset.ts';

/** Images a block; more need more memory and are hardly faster. */
const BLOCK = 128;

/** Images to vectors of one size. Near vectors should mean images that a person would label alike. */
export interface FeatureMap {
  /** `pca`, `autoencoder`, `discriminator` or `task-model`. */
  readonly kind: string;
  /** Values a vector. */
  readonly size: number;
  /** SHA-256 of the map's parameters, in hex: an index built with another version must be refused. */
  readonly version: string;
  /**
   * Vectors of images, in inference mode: a row's vector depends on no other row.
   *
   * @param images `[n, height, width, channels]` in [-1, 1]. Not disposed.
   * @returns `[n, size]`; the caller disposes it.
   */
  features(images: tf.Tensor4D): tf.Tensor2D;
  dispose(): void;
}

/**
 * Vectors of stored images, `[n, size]`, row-major.
 *
 * Every block has the same size, the last one filled up with black images, because kernels may sum in another
 * order for another batch size: a row's vector depends on neither the number nor the order of the rows.
 * Needs memory for the result and one block of images and vectors.
 *
 * @param bytes `[poolSize, height, width, channels]`, 0 to 255
 * @param rows rows of `bytes`, in the order wanted. Default: all
 * @throws RangeError if the bytes are no whole number of images, or a row is not among them
 * @throws Error naming the first row of `bytes` with a value that is not finite
 */
export async function featuresOfBytes(
  map: FeatureMap,
  bytes: Uint8Array,
  shape: ImageShape,
  rows?: readonly number[],
): Promise<Float32Array> {
  const pixels = imageSize(shape);
  const poolSize = bytes.length / pixels;
  if (!Number.isInteger(poolSize)) {
    throw new RangeError(
      `featuresOfBytes.bytes: expected images of [${shape.join(', ')}], got ${bytes.length} bytes`,
    );
  }
  const wanted = rows ?? Array.from({ length: poolSize }, (_, row) => row);
  const table = new Float32Array(wanted.length * map.size);
  for (let start = 0; start < wanted.length; start += BLOCK) {
    const blockRows = wanted.slice(start, start + BLOCK);
    const filled = new Uint8Array(BLOCK * pixels);
    filled.set(gatherImages(bytes, shape, blockRows));
    const vectors = (await featuresOfBlock(map, filled, shape)).subarray(0, blockRows.length * map.size);
    const broken = vectors.findIndex((value) => !Number.isFinite(value));
    if (broken >= 0) {
      const row = blockRows[Math.floor(broken / map.size)];
      throw new Error(
        `featuresOfBytes: expected finite ${map.kind} features, got ${vectors[broken]} for row ${row}`,
      );
    }
    table.set(vectors, start * map.size);
  }
  return table;
}

async function featuresOfBlock(
  map: FeatureMap,
  filled: Uint8Array,
  shape: ImageShape,
): Promise<Float32Array> {
  const images = imageTensor(filled, shape);
  try {
    const vectors = map.features(images);
    try {
      return await vectors.data<'float32'>();
    } finally {
      vectors.dispose();
    }
  } finally {
    images.dispose();
  }
}
