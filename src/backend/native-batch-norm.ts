/**
 * Batch normalisation by the batch's own moments as native TensorFlow's fused ops: one pass each way in place of a
 * dozen ops.
 */
import type * as tf from '@tensorflow/tfjs';
import { type NativeAttributes, runNativeOp } from './native-op.ts';

export interface FusedBatchNorm {
  /** `gamma (x - mean) / sqrt(variance + epsilon) + beta` with the biased variance; the inputs' shape. */
  readonly outputs: tf.Tensor4D;
  /** `[channels]` */
  readonly mean: tf.Tensor1D;
  /** Unbiased, `[channels]`. */
  readonly variance: tf.Tensor1D;
  /** What {@link fusedBatchNormGradients} wants back. */
  readonly saved: readonly tf.Tensor[];
}

/**
 * Only where native TensorFlow computes; records nothing for a gradient.
 *
 * @param inputs `[n, height, width, channels]`
 * @param gamma `[channels]`
 * @param beta `[channels]`
 * @param empty `[0]`: no running moments go in
 * @returns tensors the caller disposes
 */
export function fusedBatchNorm(
  inputs: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  empty: tf.Tensor1D,
  epsilon: number,
): FusedBatchNorm {
  const operands = [inputs, gamma, beta, empty, empty];
  const [outputs, mean, variance, ...saved] = runNativeOp(
    'FusedBatchNormV3',
    operands,
    attributes(epsilon, true),
    6,
  );
  return {
    outputs: outputs as tf.Tensor4D,
    mean: mean as tf.Tensor1D,
    variance: variance as tf.Tensor1D,
    saved,
  };
}

/**
 * `gamma (x - mean) / sqrt(variance + epsilon) + beta` with the moments given, as {@link fusedBatchNorm} otherwise.
 *
 * @returns the inputs' shape; the caller disposes it
 */
export function fusedBatchNormInference(
  inputs: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  { mean, variance }: Pick<FusedBatchNorm, 'mean' | 'variance'>,
  epsilon: number,
): tf.Tensor4D {
  const operands = [inputs, gamma, beta, mean, variance];
  const [outputs, ...rest] = runNativeOp('FusedBatchNormV3', operands, attributes(epsilon, false), 6);
  for (const tensor of rest) tensor.dispose();
  return outputs as tf.Tensor4D;
}

/**
 * Gradients by inputs, gamma and beta.
 *
 * @param dy the inputs' shape
 * @returns three tensors the caller disposes
 */
export function fusedBatchNormGradients(
  dy: tf.Tensor,
  inputs: tf.Tensor,
  gamma: tf.Tensor,
  saved: readonly tf.Tensor[],
  epsilon: number,
): tf.Tensor[] {
  const operands = [dy, inputs, gamma, ...saved];
  const [dx, dgamma, dbeta, ...rest] = runNativeOp(
    'FusedBatchNormGradV3',
    operands,
    attributes(epsilon, true),
    5,
  );
  for (const tensor of rest) tensor.dispose();
  return [dx, dgamma, dbeta] as tf.Tensor[];
}

function attributes(epsilon: number, isTraining: boolean): NativeAttributes {
  return {
    T: 'float32',
    U: 'float32',
    epsilon: { float: epsilon },
    data_format: { string: 'NHWC' },
    is_training: { bool: isTraining },
  };
}
