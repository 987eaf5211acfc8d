/**
 * A term that keeps the queries of one round apart.
 *
 * Reference code: billzhaox/PyTorch-GAAL@86cc05e subtracts 0.001 x the smallest L2 distance of each query to
 * the others.
 * Differs: the minimum is a soft one, so that not only the nearest neighbour pushes; the distance is per pixel,
 * so that a weight means the same at every image size.
 */
import * as tf from '@tensorflow/tfjs';
import { checkShape } from '../shapes.ts';

/** Temperature of the soft minimum, in units of the distance: neighbours this much farther count 1/e. */
const TEMPERATURE = 0.05;
/** Added to squared distances: the square root has no gradient at zero. Distances are off by at most 1e-3. */
const SMOOTHING = 1e-6;
/** Distance that takes an image out of its own neighbourhood: exp(-FAR / TEMPERATURE) is zero in float32. */
const FAR = 100;

/**
 * Minus the mean distance of an image to its nearest neighbours in the same batch. With `d_ij` the root mean
 * squared pixel difference of images i and j, and t = 0.05:
 *
 * ```
 * closeness = mean_i t ln(1 / (n - 1) sum_{j != i} exp(-d_ij / t))
 * ```
 *
 * Two images have `-d_01`; n images equally far apart minus that distance; duplicates raise it to 0. To be
 * minimised. Differentiable.
 *
 * @param images `[batches, n, size]`, flattened, in [-1, 1]; batches do not see each other
 * @returns `[batches]`, each in [-2, 0]; 0 if n is 1. The caller disposes it.
 */
export function closeness(images: tf.Tensor3D): tf.Tensor1D {
  checkShape('closeness.images', images, [null, null, null]);
  const [batches, n, size] = images.shape;
  if (n < 2) return tf.zeros([batches]);
  return tf.tidy(() => {
    const squares = tf.sum(tf.square(images), 2, true); // [batches, n, 1]
    const products = tf.matMul(images, images, false, true); // [batches, n, n]
    const sums = tf.add(squares, tf.transpose(squares, [0, 2, 1]));
    // Rounding leaves some of these a little below zero.
    const squaredDistances = tf.relu(tf.div(tf.sub(sums, tf.mul(products, 2)), size));
    const distances = tf.add(tf.sqrt(tf.add(squaredDistances, SMOOTHING)), tf.mul(tf.eye(n), FAR));
    const scaled = tf.div(distances, -TEMPERATURE);
    return tf.mean(tf.mul(tf.sub(tf.logSumExp(scaled, 2), Math.log(n - 1)), TEMPERATURE), 1) as tf.Tensor1D;
  });
}
