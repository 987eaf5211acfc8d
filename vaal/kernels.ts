/**
 * Kernels between rows of features: in float64 for few rows, on the backend for many.
 */
import * as tf from '@tensorflow/tfjs';
import { gatherRows } from '../src/gather-rows.ts';

/** `[n, size]`, row-major. */
export interface Rows {
  readonly values: Float32Array;
  readonly size: number;
}

/** `<a, b>`, `exp(-|a - b| / width)` or `exp(-|a - b|^2 / (2 width^2))`. */
export type Kernel =
  | { readonly kind: 'linear' }
  | { readonly kind: 'laplace' | 'gaussian'; readonly width: number };

/** How many rows there are. */
export function countOf({ values, size }: Rows): number {
  return values.length / size;
}

/** Some of the rows, a copy. */
export function pickRows({ values, size }: Rows, rows: readonly number[]): Rows {
  return { values: gatherRows(values, size, rows), size };
}

/** Each row with a 1 behind it. */
export function withConstant({ values, size }: Rows): Rows {
  const wider = new Float32Array((values.length / size) * (size + 1)).fill(1);
  for (let start = 0, at = 0; start < values.length; start += size, at += size + 1) {
    wider.set(values.subarray(start, start + size), at);
  }
  return { values: wider, size: size + 1 };
}

/** Kernels of all pairs, `[a, b]` row-major, in float64 from differences. */
export function kernelMatrix(kernel: Kernel, a: Rows, b: Rows): Float64Array {
  const columns = countOf(b);
  return Float64Array.from({ length: countOf(a) * columns }, (_, pair) =>
    kernelOf(kernel, a, Math.floor(pair / columns), b, pair % columns),
  );
}

/**
 * Kernels of all pairs on the backend, `[a, b]`, in float32 from inner products: rows should lie around 0. The caller disposes
 * them.
 */
export function kernelBlock(kernel: Kernel, a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const products: tf.Tensor2D = tf.matMul(a, b, false, true);
    if (kernel.kind === 'linear') return products;
    const ofA = tf.sum(tf.square(a), 1, true);
    const ofB = tf.sum(tf.square(b), 1);
    // Rounding may make the distance of a row to itself negative.
    const squared = tf.relu(tf.sub(tf.add(ofA, ofB), tf.mul(products, 2)));
    const exponent: tf.Tensor2D =
      kernel.kind === 'laplace'
        ? tf.mul(tf.sqrt(squared), -1 / kernel.width)
        : tf.mul(squared, -1 / (2 * kernel.width ** 2));
    return tf.exp(exponent) as tf.Tensor2D;
  });
}

/** The rows less the mean of `around`, which changes no distance. */
export function centred({ values, size }: Rows, around: Rows): Rows {
  const mean = new Float64Array(size);
  around.values.forEach((value, at) => {
    mean[at % size] = (mean[at % size] as number) + value / countOf(around);
  });
  return { values: values.map((value, at) => value - (mean[at % size] as number)), size };
}

/** The median distance between two different rows of at least two; 1 if it is 0. Cost and memory: all pairs. */
export function medianDistance(rows: Rows): number {
  const n = countOf(rows);
  const distances: number[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) distances.push(Math.sqrt(squaredDistance(rows, i, rows, j)));
  }
  distances.sort((a, b) => a - b);
  const median = distances[Math.floor(distances.length / 2)] ?? 0;
  return median > 0 ? median : 1;
}

function kernelOf(kernel: Kernel, a: Rows, i: number, b: Rows, j: number): number {
  if (kernel.kind === 'linear') {
    let product = 0;
    for (let axis = 0; axis < a.size; axis++) {
      product += (a.values[i * a.size + axis] as number) * (b.values[j * b.size + axis] as number);
    }
    return product;
  }
  const squared = squaredDistance(a, i, b, j);
  return kernel.kind === 'laplace'
    ? Math.exp(-Math.sqrt(squared) / kernel.width)
    : Math.exp(-squared / (2 * kernel.width ** 2));
}

function squaredDistance(a: Rows, i: number, b: Rows, j: number): number {
  let squared = 0;
  for (let axis = 0; axis < a.size; axis++) {
    squared += ((a.values[i * a.size + axis] as number) - (b.values[j * b.size + axis] as number)) ** 2;
  }
  return squared;
}
