/**
 * The derivative of leaky ReLU as one op where the engine has one: native TensorFlow, whose `Step` is seven ops.
 */
import * as tf from '@tensorflow/tfjs';

const KERNEL = 'LeakyReluGrad';

/** The part of tfjs-node's backend that runs an op of TensorFlow by name. */
interface NativeBackend {
  readonly binding: Readonly<Record<'TF_ATTR_FLOAT' | 'TF_ATTR_TYPE' | 'TF_FLOAT', number>>;
  executeSingleOutput(name: string, attributes: object[], inputs: tf.TensorInfo[]): tf.TensorInfo;
}

/** Whether the engine in use computes {@link leakyReluGradient}. */
export function hasLeakyReluGradient(): boolean {
  return tf.getBackend() === 'tensorflow';
}

/**
 * `dy` where `x` is positive, else `slope dy`. Linear in `dy`, and differentiable by it any number of times; `x` is
 * taken as a constant, for which the result is flat.
 *
 * Only where {@link hasLeakyReluGradient}.
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
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { binding, executeSingleOutput } = backend as unknown as NativeBackend;
      const { gradient, x } = inputs as { gradient: tf.TensorInfo; x: tf.TensorInfo };
      const attributes = [
        { name: 'alpha', type: binding.TF_ATTR_FLOAT, value: attrs?.alpha },
        { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
      ];
      return executeSingleOutput.call(backend, KERNEL, attributes, [gradient, x]);
    },
  });
}
