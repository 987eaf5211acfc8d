/**
 * How precise the backend's matrix products are: some graphics cards cut the factors to fewer bits.
 *
 * TensorFlow multiplies in TF32, of 11 significant bits, on cards that have it, unless told otherwise.
 */
import * as tf from '@tensorflow/tfjs';

const SIZE = 32;
const COLUMNS = 1024;

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
