/**
 * Batch normalisation of images, over all but the channel axis.
 *
 * Source: Ioffe and Szegedy 2015, "Batch Normalization", Algorithm 1 and 2; gradient of section 3.
 * Epsilon and the unbiased variance of the running statistics are PyTorch's, since the DCGAN recipes were tuned
 * with them.
 *
 * Differs from tf.layers.batchNormalization: the moments of a batch are handed out and never written anywhere
 * by the layer itself, so a pass inside a gradient, or one made twice, changes nothing. The training pass has
 * its gradient in closed form, which takes fewer passes over the images than differentiating its operations.
 */
import * as tf from '@tensorflow/tfjs';
import { fusedBatchNorm, fusedBatchNormGradients, fusedBatchNormInference } from './native-batch-norm.ts';
import { isNative } from './native-op.ts';

/** Added to variances under the root. */
export const NORM_EPSILON = 1e-5;

/** Mean and unbiased variance of each channel over one batch, `[channels]` each. */
export interface Moments {
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
}

/**
 * Normalises by the batch's own moments: `gamma (x - mean) / sqrt(variance + epsilon) + beta` with the biased
 * variance. Differentiable once with respect to inputs, gamma and beta.
 *
 * @param inputs `[n, height, width, channels]`
 * @param gamma `[channels]`
 * @param beta `[channels]`
 * @param record is handed the batch's moments, which outlive any `tidy`; whoever takes them disposes them
 * @returns the inputs' shape; the caller disposes it
 */
export function batchNormTraining(
  inputs: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  record?: (moments: Moments) => void,
): tf.Tensor4D {
  if (isNative()) return batchNormFused(inputs, gamma, beta, record);
  const [n, height, width] = inputs.shape;
  const count = n * height * width;
  const normalise = tf.customGrad((...args) => {
    const [x, scale, shift, save] = args as unknown as [
      tf.Tensor4D,
      tf.Tensor1D,
      tf.Tensor1D,
      (tensors: tf.Tensor[]) => void,
    ];
    const mean = channelMeans(x);
    const centred = tf.sub(x, mean);
    const variance = channelMeans(tf.square(centred) as tf.Tensor4D);
    const inverse = tf.rsqrt(tf.add(variance, NORM_EPSILON)) as tf.Tensor1D;
    if (record) {
      const unbiased = tf.mul(variance, count / Math.max(1, count - 1)) as tf.Tensor1D;
      record({ mean: tf.keep(mean), variance: tf.keep(unbiased) });
    }
    save([centred, inverse, scale]);
    return {
      value: tf.add(tf.mul(centred, tf.mul(scale, inverse)), shift),
      gradFunc: (dy, saved) => gradients(dy as tf.Tensor4D, saved as Saved, count),
    };
  });
  return normalise(inputs, gamma, beta) as tf.Tensor4D;
}

/** {@link batchNormTraining} by an engine that has it, and its gradient, as single ops. */
function batchNormFused(
  inputs: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  record?: (moments: Moments) => void,
): tf.Tensor4D {
  const normalise = tf.customGrad((...args) => {
    const [x, scale, shift, save] = args as unknown as [
      tf.Tensor4D,
      tf.Tensor1D,
      tf.Tensor1D,
      (tensors: tf.Tensor[]) => void,
    ];
    const { outputs, mean, variance, saved } = fusedBatchNorm(x, scale, shift, tf.tensor1d([]), NORM_EPSILON);
    record?.({ mean: tf.keep(mean), variance: tf.keep(variance) });
    save([x, scale, ...saved]);
    return {
      value: outputs,
      gradFunc: (dy, [images, factor, ...rest]) =>
        fusedBatchNormGradients(
          dy as tf.Tensor,
          images as tf.Tensor,
          factor as tf.Tensor,
          rest,
          NORM_EPSILON,
        ),
    };
  });
  return normalise(inputs, gamma, beta) as tf.Tensor4D;
}

/**
 * Normalises by fixed statistics, so that no row depends on another. Differentiable in its inputs alone: a model in
 * inference mode stays as it is, and no time is spent on gradients of its variables.
 *
 * @param inputs `[n, height, width, channels]`
 * @returns the inputs' shape; the caller disposes it
 */
export function batchNormInference(
  inputs: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  { mean, variance }: Moments,
): tf.Tensor4D {
  const normalise = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [tf.Tensor4D, (tensors: tf.Tensor[]) => void];
    const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, NORM_EPSILON)));
    save([scale]);
    const value = isNative()
      ? fusedBatchNormInference(x, gamma, beta, { mean, variance }, NORM_EPSILON)
      : tf.add(tf.mul(x, scale), tf.sub(beta, tf.mul(mean, scale)));
    return { value, gradFunc: (dy, [factor]) => tf.mul(dy as tf.Tensor, factor as tf.Tensor) };
  });
  return normalise(inputs) as tf.Tensor4D;
}

/** Centred inputs, inverse standard deviation, gamma. */
type Saved = [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D];

/**
 * With `c` the centred inputs, `r` the inverse standard deviation and `E` the mean over a channel:
 * `dx = gamma r (dy - E[dy] - c r^2 E[dy c])`, `dgamma = count r E[dy c]`, `dbeta = count E[dy]`.
 */
function gradients(dy: tf.Tensor4D, [centred, inverse, gamma]: Saved, count: number): tf.Tensor[] {
  const meanDy = channelMeans(dy);
  const meanProduct = channelMeans(tf.mul(dy, centred) as tf.Tensor4D);
  const scale = tf.mul(gamma, inverse);
  const slope = tf.mul(scale, tf.mul(tf.square(inverse), meanProduct));
  const dx = tf.sub(tf.sub(tf.mul(dy, scale), tf.mul(centred, slope)), tf.mul(scale, meanDy));
  return [dx, tf.mul(tf.mul(inverse, meanProduct), count), tf.mul(meanDy, count)];
}

/** Mean of each channel, `[channels]`. Average pooling is far faster on WebAssembly than reducing axes. */
function channelMeans(images: tf.Tensor4D): tf.Tensor1D {
  const [n, height, width, channels] = images.shape;
  const pooled = tf.avgPool(images, [height, width], 1, 'valid'); // [n, 1, 1, channels]
  return tf.mean(tf.reshape(pooled, [n, channels]), 0);
}

/** Share of new batches in the running statistics: PyTorch's. */
const NORM_MOMENTUM = 0.1;

/**
 * `running <- 0.9 running + 0.1 mean(batches)` for the running statistics of every layer, and frees the batches'
 * moments.
 *
 * @param statistics `<layer>/mean` and `<layer>/variance`, `[channels]` each
 * @param records of passes by the batch, one or more, by layer
 */
export function moveRunning(
  statistics: Readonly<Record<string, tf.Variable>>,
  records: readonly ReadonlyMap<string, Moments>[],
): void {
  const share = NORM_MOMENTUM / records.length;
  for (const [name, running] of Object.entries(statistics)) {
    const [layer, figure] = name.split('/') as [string, keyof Moments];
    const batches = records.map((record) => record.get(layer)?.[figure] as tf.Tensor1D);
    tf.tidy(() =>
      running.assign(tf.add(tf.mul(running, 1 - NORM_MOMENTUM), tf.mul(tf.addN(batches), share))),
    );
    tf.dispose(batches);
  }
}
