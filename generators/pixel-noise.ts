/**
 * The draws by which pixels are binarised.
 */
import * as tf from '@tensorflow/tfjs';
import type { Stream } from '../src/random.ts';
import type { BernoulliLikelihood } from './vae-config.ts';

/**
 * Uniform draws in [-1, 1) of the images' shape, or nothing where the likelihood takes brightness itself. The caller
 * disposes them.
 */
export function pixelNoise(
  likelihood: BernoulliLikelihood,
  shape: [number, number, number, number],
  stream: Stream,
): tf.Tensor4D | undefined {
  if (likelihood !== 'binarised') return undefined;
  const draws = Float32Array.from(stream.uniforms(tf.util.sizeFromShape(shape)), (value) => 2 * value - 1);
  return tf.tensor4d(draws, shape);
}
