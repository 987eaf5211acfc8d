/**
 * The gradient of a convolution with respect to its input, which is also the transposed convolution.
 *
 * `dx[i] = sum_{o, t: s o + t - p = i} dy[o] w[t]`. With `i + p = s m + r` only taps `t = s u + r` meet pixel
 * `i`, so `dx[s m + r - p] = sum_u dy[m - u] w[s u + r]`: for each of the `s^2` phases `r` a plain stride-1
 * convolution of `dy` with the phase's own taps, reversed. No inserted zero is ever multiplied (Shi et al. 2016,
 * "Is the deconvolution layer the same as a convolutional layer?"). The built-in kernel does multiply them.
 *
 * For images of few channels one product `dy W^T` gives all windows' contributions, which are then added up.
 *
 * Extra memory while it runs: one phase of `dx` (with few channels the window matrix) and the reversed filters.
 */
import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { free, heapOf, reshaped, runWasmKernel, transposed } from './wasm-heap.ts';
import { type ConvInfo, FEW_CHANNELS, scatterWindows } from './wasm-patches.ts';

interface InputGradientAttrs {
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dataFormat: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly inputShape: [number, number, number, number];
}

/** The part of a phase that lies along one axis. */
interface AxisPhase {
  /** Which taps of the filter: `remainder, remainder + stride, ...` */
  readonly remainder: number;
  readonly taps: number;
  /** First pixel of the phase, and how many pixels it has, `stride` apart. */
  readonly first: number;
  readonly count: number;
  /** Zeros before and after `dy` such that its convolution has at least `count` outputs. */
  readonly padBefore: number;
  readonly padAfter: number;
  /** Outputs of that convolution to skip before the first pixel. */
  readonly skip: number;
}

/**
 * Kernel `Conv2DBackpropInput`: of `dy` `[n, outHeight, outWidth, outChannels]` and `filter` `[filterHeight,
 * filterWidth, inChannels, outChannels]` the gradient of shape `inputShape`.
 */
export function conv2DBackpropInput(
  inputs: tf.NamedTensorInfoMap,
  attrs: InputGradientAttrs,
  backend: BackendWasm,
): tf.TensorInfo {
  const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
  if (attrs.dataFormat !== 'NHWC') {
    throw new RangeError(`conv2DBackpropInput.dataFormat: expected NHWC, got ${attrs.dataFormat}`);
  }
  const info = tf.backend_util.computeConv2DInfo(
    attrs.inputShape,
    filter.shape as [number, number, number, number],
    attrs.strides,
    1,
    attrs.pad,
    attrs.dimRoundingMode,
  );
  return info.inChannels < FEW_CHANNELS
    ? byWindows(dy, filter, info, backend)
    : byPhases(dy, filter, info, backend);
}

function byPhases(dy: tf.TensorInfo, filter: tf.TensorInfo, info: ConvInfo, backend: BackendWasm) {
  const { padInfo } = info;
  const rows = phases(info.strideHeight, info.filterHeight, info.inHeight, info.outHeight, padInfo.top);
  const columns = phases(info.strideWidth, info.filterWidth, info.inWidth, info.outWidth, padInfo.left);
  const dx = backend.makeOutput([...info.inShape], 'float32');
  // Strides longer than the filter leave pixels that no window meets.
  if (rows.length < info.strideHeight || columns.length < info.strideWidth) heapOf(dx, backend).fill(0);
  for (const row of rows) {
    for (const column of columns) {
      const taps = phaseFilter(filter, row, column, info, backend);
      const part = runWasmKernel(
        'Conv2D',
        { x: dy, filter: taps },
        {
          strides: [1, 1],
          dilations: [1, 1],
          pad: [
            [0, 0],
            [row.padBefore, row.padAfter],
            [column.padBefore, column.padAfter],
            [0, 0],
          ],
          dataFormat: 'NHWC',
        },
        backend,
      );
      place(part, dx, row, column, info, backend);
      free(backend, taps, part);
    }
  }
  return dx;
}

function phases(
  stride: number,
  filterSize: number,
  inSize: number,
  outSize: number,
  before: number,
): AxisPhase[] {
  return Array.from({ length: Math.min(stride, filterSize) }, (_, remainder) => {
    const taps = Math.ceil((filterSize - remainder) / stride);
    // Pixel i = stride m + remainder - before has to be at least 0 and below inSize.
    const firstM = Math.max(0, Math.ceil((before - remainder) / stride));
    const lastM = Math.floor((inSize - 1 + before - remainder) / stride);
    // Output j of the convolution belongs to m = j + taps - 1 - padBefore.
    const padBefore = Math.max(0, taps - 1 - firstM);
    return {
      remainder,
      taps,
      first: stride * firstM + remainder - before,
      count: lastM - firstM + 1,
      padBefore,
      padAfter: Math.max(0, lastM - (outSize - 1)),
      skip: firstM - (taps - 1 - padBefore),
    };
  }).filter((phase) => phase.count > 0);
}

/** `[taps, taps, outChannels, inChannels]`: the taps of one phase, reversed, with channels exchanged. */
function phaseFilter(
  filter: tf.TensorInfo,
  row: AxisPhase,
  column: AxisPhase,
  info: ConvInfo,
  backend: BackendWasm,
): tf.TensorInfo {
  const { inChannels, outChannels, filterWidth, strideHeight, strideWidth } = info;
  const taps = backend.makeOutput([row.taps, column.taps, outChannels, inChannels], 'float32');
  const from = heapOf(filter, backend);
  const to = heapOf(taps, backend);
  let target = 0;
  for (let u = row.taps - 1; u >= 0; u--) {
    for (let v = column.taps - 1; v >= 0; v--) {
      const tap = (strideHeight * u + row.remainder) * filterWidth + strideWidth * v + column.remainder;
      const start = tap * inChannels * outChannels;
      for (let k = 0; k < outChannels; k++) {
        for (let c = 0; c < inChannels; c++) to[target++] = from[start + c * outChannels + k] as number;
      }
    }
  }
  return taps;
}

/** Copies one phase to its pixels of `dx`. */
function place(
  part: tf.TensorInfo,
  dx: tf.TensorInfo,
  row: AxisPhase,
  column: AxisPhase,
  info: ConvInfo,
  backend: BackendWasm,
): void {
  const { batchSize, inHeight, inWidth, inChannels, strideHeight, strideWidth } = info;
  const [, height, width] = part.shape as [number, number, number, number];
  const from = heapOf(part, backend);
  const to = heapOf(dx, backend);
  // Both lie in one memory, within which a pixel's channels are copied in one call.
  const heap = new Float32Array(to.buffer);
  const [ofPart, ofDx] = [from.byteOffset / 4, to.byteOffset / 4];
  for (let n = 0; n < batchSize; n++) {
    for (let i = 0; i < row.count; i++) {
      let source = ofPart + ((n * height + i + row.skip) * width + column.skip) * inChannels;
      let target =
        ofDx + ((n * inHeight + row.first + strideHeight * i) * inWidth + column.first) * inChannels;
      for (let j = 0; j < column.count; j++) {
        heap.copyWithin(target, source, source + inChannels);
        source += inChannels;
        target += strideWidth * inChannels;
      }
    }
  }
}

function byWindows(dy: tf.TensorInfo, filter: tf.TensorInfo, info: ConvInfo, backend: BackendWasm) {
  const { batchSize, outHeight, outWidth, outChannels, filterHeight, filterWidth, inChannels } = info;
  const windowSize = filterHeight * filterWidth * inChannels;
  const taps = transposed(reshaped(filter, [windowSize, outChannels]), [1, 0], backend);
  const windows = runWasmKernel(
    'BatchMatMul',
    { a: reshaped(dy, [batchSize * outHeight * outWidth, outChannels]), b: taps },
    { transposeA: false, transposeB: false },
    backend,
  );
  const dx = backend.makeOutput([...info.inShape], 'float32');
  scatterWindows(heapOf(windows, backend), heapOf(dx, backend), info);
  free(backend, taps, windows);
  return dx;
}
