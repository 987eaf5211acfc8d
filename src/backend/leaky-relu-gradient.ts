/**
 * The derivative of leaky ReLU as one op where the engine has one: native TensorFlow, whose `Step` is seven ops.
 */
import * as tf from '@tensorflow/tfjs';
import { runNativeOp } from './native-op.ts';

const KERNEL = 'LeakyReluGrad';

/**
 * `dy` where `x` is positive, else `slope dy`. Linear in `dy`, and differentiable by it any number of times; `x` is
 * taken as a constant, for which the result is flat.
 *
 * Only where native TensorFlow computes.
 *
 * @param dy float32
 * @param x float32, of the same shape
 * @returns that shape; the caller disposes it
 */
export function leakyReluGradient(dy: tf.Tensor, x: tf.Tensor, slope: number): tf.Tensor {
  if (!tf.getKernel(KERNEL, 'tensorflow')) registerKernel();
  const apply = tf.customGrad((gradient, save) => {
    (save as unknown as (tensors: tf.Tensor[]) => void)([x]);
    const inputs = { gradient: gradient as tf.Tensor, x };
    return {
      value: tf.engine().runKernel(KERNEL, inputs, { alpha: slope }) as tf.Tensor,
      gradFunc: (ddx: tf.Tensor, [saved]: tf.Tensor[]) => leakyReluGradient(ddx, saved as tf.Tensor, slope),
    };
  });
  return apply(dy);
}

function registerKernel(): void {
  tf.registerKernel({
    kernelName: KERNEL,
    backendName: 'tensorflow',
    kernelFunc: ({ inputs, attrs }) => {
      const { gradient, x } = inputs as { gradient: tf.TensorInfo; x: tf.TensorInfo };
      const alpha = { float: attrs?.alpha as number };
      const [result] = runNativeOp(KERNEL, [gradient, x], { T: 'float32', alpha }, 1);
      return result as tf.Tensor;
    },
  });
}
