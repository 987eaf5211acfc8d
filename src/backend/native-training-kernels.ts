/** Makes native TensorFlow faster where tfjs-node chooses a slow way. */
import * as tf from '@tensorflow/tfjs';
import { nativeEngine } from './native-graph/binding.ts';
import { runNativeOp } from './native-op.ts';

type KernelFunc = tf.KernelConfig['kernelFunc'];

/** At 64 filters of 5 x 5: 1.4 against 5.6 ms with one channel, 4.8 against 5.8 with six, even at ten. */
const FEW_CHANNELS = 4;

let registered = false;

/**
 * Replaces products of two matrices, gathers, and the gradient of a convolution by its input, which is also the
 * transposed convolution, for images of few channels. To be called after the backend has started. Calling it again
 * changes nothing.
 */
export function registerNativeTrainingKernels(): void {
  if (registered) return;
  registered = true;
  replace('Conv2DBackpropInput', convInputGradient);
  replace('BatchMatMul', matMul);
  replace('GatherV2', gather);
}

function replace(kernelName: string, replacement: (builtIn: KernelFunc) => KernelFunc): void {
  const builtIn = tf.getKernel(kernelName, 'tensorflow');
  tf.unregisterKernel(kernelName, 'tensorflow');
  tf.registerKernel({ ...builtIn, kernelFunc: replacement(builtIn.kernelFunc) });
}

/** TensorFlow's product of two matrices, 0.1 to 0.2 ms faster a call than that of batches, which tfjs-node takes. */
function matMul(builtIn: KernelFunc): KernelFunc {
  return (call) => {
    const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
    const { transposeA, transposeB } = call.attrs as { transposeA?: boolean; transposeB?: boolean };
    const matrices = a.shape.length === 2 && b.shape.length === 2;
    if (!matrices || a.dtype !== 'float32' || b.dtype !== 'float32') return builtIn(call);
    const [product] = runNativeOp(
      'MatMul',
      [a, b],
      {
        T: 'float32',
        transpose_a: { bool: transposeA === true },
        transpose_b: { bool: transposeB === true },
      },
      1,
    );
    return product as tf.Tensor;
  };
}

/**
 * TensorFlow's gather of a processor, which itself refuses an index out of range. tfjs-node reads all indices back to do
 * so, for which it waits.
 */
function gather(builtIn: KernelFunc): KernelFunc {
  return (call) => {
    const { x, indices } = call.inputs as { x: tf.TensorInfo; indices: tf.TensorInfo };
    const { axis, batchDims } = call.attrs as { axis: number; batchDims: number };
    const isPlain = x.dtype === 'float32' && indices.dtype === 'int32' && batchDims === 0;
    if (!isPlain || nativeEngine().isUsingGpuDevice) return builtIn(call);
    const along = tf.scalar(axis, 'int32');
    const [rows] = runNativeOp(
      'GatherV2',
      [x, indices, along],
      { batch_dims: { int: 0 }, Tparams: 'float32', Tindices: 'int32', Taxis: 'int32' },
      1,
    );
    along.dispose();
    return rows as tf.Tensor;
  };
}

function convInputGradient(builtIn: KernelFunc): KernelFunc {
  return (call) => {
    const { filter } = call.inputs as ConvInputs;
    const { strides, pad, dataFormat, dimRoundingMode, inputShape } = call.attrs as unknown as ConvAttrs;
    const [, , channels] = filter.shape as [number, number, number, number];
    if (channels > FEW_CHANNELS || (dataFormat !== undefined && dataFormat !== 'NHWC')) return builtIn(call);
    const info = tf.backend_util.computeConv2DInfo(
      inputShape,
      filter.shape as [number, number, number, number],
      strides,
      1,
      pad,
      dimRoundingMode,
    );
    return inputGradientOfFewChannels(call.inputs as ConvInputs, info);
  };
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
    'Conv2DBackpropInput',
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
