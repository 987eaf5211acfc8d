/**
 * How precise the backend's matrix products are: some graphics cards cut the factors to fewer bits.
 *
 * TensorFlow multiplies in TF32, of 11 significant bits, on cards that have it, unless told otherwise.
 */
import * as tf from '@tensorflow/tfjs';

const SIZE = 32;
const COLUMNS = 1024;

/** Unit roundoff of float32, and its smallest normal number, below which backends may flush to 0. */
const ROUNDOFF = 2 ** -24;
const SMALLEST_NORMAL = 2 ** -126;
/** Beyond this float32 products may overflow, and nothing can be said from them. */
const LARGEST_SAFE = 1e37;

/** What is known of an inner product of two float32 vectors before it is computed. */
export interface InnerProduct {
  /** Products that are summed. */
  readonly terms: number;
  /** Sum of their absolute values, or more. */
  readonly magnitude: number;
  /** Lengths of both vectors together, or more. */
  readonly scale: number;
  /** {@link factorError} of the backend. */
  readonly factorError: number;
}

/**
 * The most by which an inner product of the backend can be off: rounding of both factors, which may have been float64 before,
 * and of the sum in any order, and what is flushed to 0. Infinity where it may overflow.
 *
 * Source: Higham 2002, "Accuracy and Stability of Numerical Algorithms", section 3.1.
 */
export function productError({ terms, magnitude, scale, factorError }: InnerProduct): number {
  if (!(magnitude < LARGEST_SAFE && scale < LARGEST_SAFE)) return Number.POSITIVE_INFINITY;
  const most = terms + 7;
  return (most * ROUNDOFF + 3 * factorError) * magnitude + most * SMALLEST_NORMAL * scale;
}

const measured = new WeakMap<tf.KernelBackend, Promise<number>>();

/**
 * The largest relative error with which the backend in use reads a factor of `tf.matMul`: 0 where products are of
 * float32 numbers as they are, about `2^-11` for TF32. Measured once a backend, by a product with the identity.
 */
export function factorError(): Promise<number> {
  const backend = tf.backend();
  const known = measured.get(backend) ?? measure();
  measured.set(backend, known);
  known.catch(() => measured.delete(backend));
  return known;
}

async function measure(): Promise<number> {
  // Numbers in [1, 2) that use all 24 bits, odd multiples of 2^-23 among them.
  const expected = Float32Array.from({ length: SIZE * COLUMNS }, (_, i) => 1 + (i * 31 + 1) * 2 ** -23);
  const product = tf.tidy(() => tf.matMul(tf.eye(SIZE), tf.tensor2d(expected, [SIZE, COLUMNS])));
  try {
    const found = await product.data();
    return expected.reduce(
      (worst, value, i) => Math.max(worst, Math.abs((found[i] as number) - value) / value),
      0,
    );
  } finally {
    product.dispose();
  }
}
