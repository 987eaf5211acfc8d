/** Makes native TensorFlow faster where it chooses a slow way. */
import * as tf from '@tensorflow/tfjs';
import { runNativeOp } from './native-op.ts';

const KERNEL = 'Conv2DBackpropInput';

/** At 64 filters of 5 x 5: 1.4 against 5.6 ms with one channel, 4.8 against 5.8 with six, even at ten. */
const FEW_CHANNELS = 4;

let registered = false;

/**
 * Replaces the gradient of a convolution by its input, which is also the transposed convolution, for images of few
 * channels. To be called after the backend has started. Calling it again changes nothing.
 */
export function registerNativeTrainingKernels(): void {
  if (registered) return;
  registered = true;
  const builtIn = tf.getKernel(KERNEL, 'tensorflow');
  tf.unregisterKernel(KERNEL, 'tensorflow');
  tf.registerKernel({
    ...builtIn,
    kernelFunc: (call) => {
      const { filter } = call.inputs as { filter: tf.TensorInfo };
      const { strides, pad, dataFormat, dimRoundingMode, inputShape } = call.attrs as unknown as ConvAttrs;
      const [, , channels] = filter.shape as [number, number, number, number];
      if (channels > FEW_CHANNELS || (dataFormat !== undefined && dataFormat !== 'NHWC')) {
        return builtIn.kernelFunc(call);
      }
      const info = tf.backend_util.computeConv2DInfo(
        inputShape,
        filter.shape as [number, number, number, number],
        strides,
        1,
        pad,
        dimRoundingMode,
      );
      return inputGradientOfFewChannels(call.inputs as ConvInputs, info);
    },
  });
}

interface ConvAttrs {
  readonly strides: [number, number] | number;
  readonly pad: 'same' | 'valid' | number;
  readonly dataFormat?: string;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly inputShape: [number, number, number, number];
}

type ConvInputs = { readonly dy: tf.TensorInfo; readonly filter: tf.TensorInfo } & tf.NamedTensorInfoMap;

/**
 * The same numbers with the padding spelt out, which oneDNN's kernel does not take. It pads a handful of channels to
 * the width of a vector register, so that TensorFlow's own is three times faster at one channel.
 */
function inputGradientOfFewChannels(
  { dy, filter }: ConvInputs,
  { inShape, padInfo, strideHeight, strideWidth }: tf.backend_util.Conv2DInfo,
): tf.TensorInfo {
  const { top, bottom, left, right } = padInfo;
  const sizes = tf.tensor1d(inShape, 'int32');
  const [result] = runNativeOp(
    KERNEL,
    [sizes, filter, dy],
    {
      T: 'float32',
      strides: { ints: [1, strideHeight, strideWidth, 1] },
      padding: { string: 'EXPLICIT' },
      explicit_paddings: { ints: [0, 0, top, bottom, left, right, 0, 0] },
      data_format: { string: 'NHWC' },
      use_cudnn_on_gpu: { bool: true },
      dilations: { ints: [1, 1, 1, 1] },
    },
    1,
  );
  sizes.dispose();
  return result as tf.Tensor;
}
