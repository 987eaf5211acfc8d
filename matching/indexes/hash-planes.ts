/**
 * Hash keys of vectors: one bit for each of several random hyperplanes, the side on which the vector lies.
 *
 * A plane's normal is N(0, I), so two vectors are parted with a probability that grows with the angle between them
 * (Charikar 2002, "Similarity Estimation Techniques from Rounding Algorithms", section 3). It stands in the middle
 * between two random rows: planes through the mean alone would never part vectors of one direction and different
 * length, while offset ones part by Euclidean distance, as those of Datar et al. 2004 do ("Locality-Sensitive Hashing
 * Scheme Based on p-Stable Distributions", section 3), here with two sides for many slabs.
 */
import * as tf from '@tensorflow/tfjs';
import type { Stream } from '../../src/random.ts';
import { meanRow } from './mean-row.ts';
import type { Vectors } from './vector-index.ts';

/** Vectors hashed in one product. */
const ROWS_AT_ONCE = 4096;

/** The hyperplanes of all trees; the planes of a tree stand side by side. */
export interface HashPlanes {
  readonly trees: number;
  /** Planes of a tree, at most 32. */
  readonly depth: number;
  /** Subtracted from every vector first, so that an offset common to all costs no precision: `[size]`. */
  readonly mean: Float64Array;
  /** `[size, trees * depth]`. */
  readonly normals: Float32Array;
  /** `[trees * depth]`: a bit is 1 where the product with the normal is larger than this. */
  readonly thresholds: Float32Array;
}

/** Draws planes among a pool's rows. */
export function drawPlanes(trees: number, depth: number, vectors: Vectors, stream: Stream): HashPlanes {
  const { values, size } = vectors;
  const mean = meanRow(vectors);
  const planes = trees * depth;
  const normals = stream.of('normals').normals(size * planes);
  const pairs = stream.of('pairs');
  const rows = values.length / size;
  const thresholds = Float32Array.from({ length: planes }, (_, plane) => {
    const one = pairs.integer(rows) * size;
    const other = pairs.integer(rows) * size;
    let product = 0;
    for (let axis = 0; axis < size; axis++) {
      const middle = ((values[one + axis] as number) + (values[other + axis] as number)) / 2;
      product += (middle - (mean[axis] as number)) * (normals[axis * planes + plane] as number);
    }
    return product;
  });
  return { trees, depth, mean, normals, thresholds };
}

/**
 * The keys of rows of vectors: `[trees, n]`, a tree's first plane in the highest bit, unused low bits 0.
 *
 * The products are float32 of the backend in use, so a row almost on a plane may fall on either side of it.
 */
export async function hashKeys(planes: HashPlanes, rows: Float32Array): Promise<Uint32Array> {
  const { trees, depth, mean, thresholds } = planes;
  const size = mean.length;
  const n = rows.length / size;
  const keys = new Uint32Array(trees * n);
  const normals = tf.tensor2d(planes.normals, [size, trees * depth]);
  try {
    for (let first = 0; first < n; first += ROWS_AT_ONCE) {
      const count = Math.min(ROWS_AT_ONCE, n - first);
      const products = await productsWith(normals, centred(rows, first, count, mean), count);
      for (let at = 0; at < count; at++) {
        for (let tree = 0; tree < trees; tree++) {
          let key = 0;
          for (let bit = 0; bit < depth; bit++) {
            const plane = tree * depth + bit;
            const isAbove = (products[at * trees * depth + plane] as number) > (thresholds[plane] as number);
            key = (key << 1) | (isAbove ? 1 : 0);
          }
          keys[tree * n + first + at] = key << (32 - depth);
        }
      }
    }
  } finally {
    normals.dispose();
  }
  return keys;
}

async function productsWith(normals: tf.Tensor2D, rows: Float32Array, count: number): Promise<Float32Array> {
  const products = tf.tidy(() => tf.matMul(tf.tensor2d(rows, [count, rows.length / count]), normals));
  try {
    return (await products.data()) as Float32Array;
  } finally {
    products.dispose();
  }
}

function centred(rows: Float32Array, first: number, count: number, mean: Float64Array): Float32Array {
  const size = mean.length;
  return rows
    .subarray(first * size, (first + count) * size)
    .map((value, at) => value - (mean[at % size] as number));
}
