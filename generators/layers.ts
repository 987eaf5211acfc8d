/**
 * The layers of convolutional generators and discriminators, as functions of plain variables.
 *
 * Halving and doubling layers use a 5x5 kernel with stride 2, as Radford et al. 2016, "Unsupervised
 * Representation Learning with Deep Convolutional Generative Adversarial Networks", do.
 */
import * as tf from '@tensorflow/tfjs';
import { leakyReluGradient } from '../src/backend/leaky-relu-gradient.ts';
import { isNative } from '../src/backend/native-op.ts';
import type { Stream } from '../src/random.ts';

/** Side of the convolution kernels, in pixels. */
export const KERNEL_SIZE = 5;

/** `size` independent draws from N(mean, deviation^2): first values of a weight. */
export function normalValues(
  stream: Stream,
  size: number,
  { mean = 0, deviation = 0.02 }: { readonly mean?: number; readonly deviation?: number } = {},
): Float32Array {
  const values = stream.normals(size);
  for (let i = 0; i < size; i++) values[i] = mean + deviation * (values[i] as number);
  return values;
}

/** A variable of one value; running statistics are not trainable. The caller disposes it. */
export function constantVariable(shape: readonly number[], value: number, trainable = true): tf.Variable {
  return tf.tidy(() => tf.variable(tf.fill([...shape], value), trainable));
}

/**
 * `inputs weights`, without bias.
 *
 * @param inputs `[n, inputSize]`
 * @param weights `[inputSize, outputSize]`
 * @returns `[n, outputSize]`; the caller disposes it
 */
export function dense(inputs: tf.Tensor2D, weights: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(inputs, weights);
}

/**
 * Convolution with stride 2 and zero padding: halves height and width. No bias.
 *
 * @param images `[n, height, width, channels]`, height and width even
 * @param filters `[5, 5, channels, filters]`
 * @returns `[n, height / 2, width / 2, filters]`; the caller disposes it
 */
export function conv2dHalf(images: tf.Tensor4D, filters: tf.Tensor4D): tf.Tensor4D {
  return tf.conv2d(images, filters, 2, 'same');
}

/**
 * The adjoint of {@link conv2dHalf}: doubles height and width. No bias.
 *
 * @param images `[n, height, width, channels]`
 * @param filters `[5, 5, outputs, channels]`
 * @returns `[n, 2 height, 2 width, outputs]`; the caller disposes it
 */
export function conv2dDouble(images: tf.Tensor4D, filters: tf.Tensor4D): tf.Tensor4D {
  const [n, height, width] = images.shape;
  return tf.conv2dTranspose(images, filters, [n, 2 * height, 2 * width, filters.shape[2]], 2, 'same');
}

/**
 * `x` where positive, else `slope x`. Differentiable twice. `tf.leakyRelu` has more operations in its gradient.
 *
 * @param slope in [0, 1)
 */
export function leakyRelu<T extends tf.Tensor>(inputs: T, slope = 0.2): T {
  const apply = tf.customGrad((x, saveTensors) => {
    const save = saveTensors as unknown as (tensors: tf.Tensor[]) => void;
    if (isNative()) {
      save([x as tf.Tensor]);
      return {
        value: tf.leakyRelu(x as tf.Tensor, slope),
        gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => leakyReluGradient(dy, saved as tf.Tensor, slope),
      };
    }
    // Elsewhere the slopes, once computed, serve the value and every derivative.
    const slopes = tf.step(x as tf.Tensor, slope);
    save([slopes]);
    return {
      value: tf.mul(x as tf.Tensor, slopes),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, saved[0] as tf.Tensor),
    };
  });
  return apply(inputs) as T;
}

/**
 * Mean binary cross-entropy of logits against one target, in nats:
 * `mean(log(1 + exp(l)) - target l)`, which never takes the logarithm of a rounded-off probability.
 *
 * @param logits `[n]`
 * @param target probability of the positive class, in [0, 1]
 * @returns a scalar; the caller disposes it
 */
export function binaryCrossEntropy(logits: tf.Tensor1D, target: number): tf.Scalar {
  return tf.tidy(() => tf.mean(tf.sub(tf.softplus(logits), tf.mul(logits, target))));
}
