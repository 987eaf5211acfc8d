/**
 * The gradient of a convolution with respect to its filter, which the WebAssembly backend lacks.
 *
 * `dW[u, v, c, k] = sum_{n, i, j} x[n, s i + u - p, s j + v - p, c] dy[n, i, j, k]` is itself a convolution:
 * of `x` with batch and channels exchanged, by `dy` as a filter whose taps lie `s` apart. That runs on the fast
 * built-in convolution without writing out windows. With few channels it would leave most of the machine idle,
 * and a product of the transposed window matrix with `dy` takes its place.
 *
 * Extra memory while it runs: copies of `x` and `dy`; with few channels the window matrix alone.
 */
import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { free, heapOf, reshaped, runWasmKernel, transposed } from './wasm-heap.ts';
import { type ConvInfo, FEW_CHANNELS, gatherTaps } from './wasm-patches.ts';

interface FilterGradientAttrs {
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dataFormat: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly filterShape: [number, number, number, number];
}

/**
 * Kernel `Conv2DBackpropFilter`: of `x` `[n, inHeight, inWidth, inChannels]` and `dy` `[n, outHeight, outWidth,
 * outChannels]` the gradient `[filterHeight, filterWidth, inChannels, outChannels]`.
 */
export function conv2DBackpropFilter(
  inputs: tf.NamedTensorInfoMap,
  attrs: FilterGradientAttrs,
  backend: BackendWasm,
): tf.TensorInfo {
  const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
  if (attrs.dataFormat !== 'NHWC') {
    throw new RangeError(`conv2DBackpropFilter.dataFormat: expected NHWC, got ${attrs.dataFormat}`);
  }
  const info = tf.backend_util.computeConv2DInfo(
    x.shape as [number, number, number, number],
    attrs.filterShape,
    attrs.strides,
    1,
    attrs.pad,
    attrs.dimRoundingMode,
  );
  return info.inChannels < FEW_CHANNELS
    ? asProductWithWindows(x, dy, info, backend)
    : asConvolution(x, dy, info, backend);
}

function asConvolution(x: tf.TensorInfo, dy: tf.TensorInfo, info: ConvInfo, backend: BackendWasm) {
  const rows = reach(info.inHeight, info.outHeight, info.strideHeight, info.filterHeight, info.padInfo.top);
  const columns = reach(info.inWidth, info.outWidth, info.strideWidth, info.filterWidth, info.padInfo.left);
  // Without trailing rows that no window reaches, which would make the result larger than the filter.
  const images = exchanged(x, rows.used, columns.used, backend); // [inChannels, used, used, n]
  const filter = transposed(dy, [1, 2, 0, 3], backend); // [outHeight, outWidth, n, outChannels]
  const gradient = runWasmKernel(
    'Conv2D',
    { x: images, filter },
    {
      strides: [1, 1],
      dilations: [info.strideHeight, info.strideWidth],
      pad: [
        [0, 0],
        [info.padInfo.top, rows.after],
        [info.padInfo.left, columns.after],
        [0, 0],
      ],
      dataFormat: 'NHWC',
    },
    backend,
  ); // [inChannels, filterHeight, filterWidth, outChannels]
  const result = transposed(gradient, [1, 2, 0, 3], backend);
  free(backend, images, filter, gradient);
  return result;
}

/** `[channels, height, width, n]` of the first rows and columns of images `[n, ., ., channels]`. */
function exchanged(x: tf.TensorInfo, height: number, width: number, backend: BackendWasm): tf.TensorInfo {
  const [n, inHeight, inWidth, channels] = x.shape as [number, number, number, number];
  const result = backend.makeOutput([channels, height, width, n], 'float32');
  const from = heapOf(x, backend);
  const to = heapOf(result, backend);
  const [image, plane] = [inHeight * inWidth * channels, height * width * n];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const source = (row * inWidth + column) * channels;
      const target = (row * width + column) * n;
      for (let c = 0; c < channels; c++) {
        for (let i = 0; i < n; i++) to[target + c * plane + i] = from[source + i * image + c] as number;
      }
    }
  }
  return result;
}

/** How many pixels along one axis the windows reach, and how far past the image's end the last one goes. */
function reach(size: number, outputs: number, stride: number, filter: number, before: number) {
  const end = stride * (outputs - 1) + filter - before;
  return { used: Math.min(size, end), after: Math.max(0, end - size) };
}

function asProductWithWindows(x: tf.TensorInfo, dy: tf.TensorInfo, info: ConvInfo, backend: BackendWasm) {
  const positions = info.batchSize * info.outHeight * info.outWidth;
  const windowSize = info.filterHeight * info.filterWidth * info.inChannels;
  const windows = backend.makeOutput([windowSize, positions], 'float32');
  gatherTaps(heapOf(x, backend), heapOf(windows, backend), info);
  const gradient = runWasmKernel(
    'BatchMatMul',
    { a: windows, b: reshaped(dy, [positions, info.outChannels]) },
    { transposeA: false, transposeB: false },
    backend,
  ); // [windowSize, outChannels]
  free(backend, windows);
  return reshaped(gradient, [info.filterHeight, info.filterWidth, info.inChannels, info.outChannels]);
}
