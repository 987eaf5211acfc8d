/**
 * Softplus whose derivative is one op where the engine has one: native TensorFlow, elsewhere two.
 */
import * as tf from '@tensorflow/tfjs';
import { isNative, runNativeOp } from './native-op.ts';

const KERNEL = 'SoftplusGrad';

/**
 * `log(1 + exp(x))`, without overflow. Differentiable any number of times.
 *
 * @param inputs float32 of any shape
 * @returns that shape; the caller disposes it
 */
export function softplus<T extends tf.Tensor>(inputs: T): T {
  const apply = tf.customGrad((input, save) => {
    const x = input as tf.Tensor;
    (save as unknown as (tensors: tf.Tensor[]) => void)([x]);
    return {
      value: tf.softplus(x),
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => slope(dy, saved as tf.Tensor),
    };
  });
  return apply(inputs) as T;
}

/** `dy sigmoid(x)`. */
function slope(dy: tf.Tensor, x: tf.Tensor): tf.Tensor {
  if (!isNative()) return tf.mul(dy, tf.sigmoid(x));
  if (!tf.getKernel(KERNEL, 'tensorflow')) registerKernel();
  const apply = tf.customGrad((gradient, input, save) => {
    const inputs = { gradient: gradient as tf.Tensor, x: input as tf.Tensor };
    (save as unknown as (tensors: tf.Tensor[]) => void)([inputs.gradient, inputs.x]);
    return {
      value: tf.engine().runKernel(KERNEL, inputs) as tf.Tensor,
      gradFunc: (ddx: tf.Tensor, saved: tf.Tensor[]) => {
        const [first, point] = saved as [tf.Tensor, tf.Tensor];
        const sigmoid = tf.sigmoid(point);
        const curve = tf.mul(sigmoid, tf.sub(1, sigmoid));
        return [slope(ddx, point), tf.mul(tf.mul(ddx, first), curve)];
      },
    };
  });
  return apply(dy, x);
}

function registerKernel(): void {
  tf.registerKernel({
    kernelName: KERNEL,
    backendName: 'tensorflow',
    kernelFunc: ({ inputs }) => {
      const { gradient, x } = inputs as { gradient: tf.TensorInfo; x: tf.TensorInfo };
      const [result] = runNativeOp(KERNEL, [gradient, x], { T: 'float32' }, 1);
      return result as tf.Tensor;
    },
  });
}
