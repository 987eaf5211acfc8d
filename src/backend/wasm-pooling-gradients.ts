/**
 * Gradients of pooling, for WebAssembly, whose built-in ones are slow and in part wrong (4.22): maxPool's loses
 * shares of `dy`, and avgPool's divides by the whole window where the op divides by the part inside the image.
 */
import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { heapOf } from './wasm-heap.ts';

interface PoolAttrs {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** The part of one window that lies inside the image. */
interface Window {
  /** Where its output's channels start. */
  readonly output: number;
  /** Where the channels of its image start, and its rows and columns there, end exclusive. */
  readonly image: number;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * Kernel `MaxPoolGrad`: every output's `dy` goes to the pixel that was its window's maximum, the first one of
 * several. Shapes: `dy` and `output` `[n, outHeight, outWidth, channels]`, `input` and the result `[n, inHeight,
 * inWidth, channels]`.
 */
export function maxPoolGrad(
  inputs: tf.NamedTensorInfoMap,
  attrs: PoolAttrs,
  backend: BackendWasm,
): tf.TensorInfo {
  const { dy, input, output } = inputs as Record<'dy' | 'input' | 'output', tf.TensorInfo>;
  const [, , width, channels] = input.shape as [number, number, number, number];
  const dx = backend.makeOutput([...input.shape], 'float32');
  const [x, y, from, to] = [input, output, dy, dx].map((tensor) => heapOf(tensor, backend)) as Quadruple;
  to.fill(0);
  forEachWindow(input.shape, attrs, ({ output: start, image, top, bottom, left, right }) => {
    for (let c = 0; c < channels; c++) {
      const maximum = y[start + c];
      search: for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) {
          const pixel = image + (row * width + column) * channels + c;
          if (x[pixel] !== maximum) continue;
          to[pixel] = (to[pixel] as number) + (from[start + c] as number);
          break search;
        }
      }
    }
  });
  return dx;
}

/**
 * Kernel `AvgPoolGrad`: every output's `dy`, divided by the pixels of its window inside the image, goes to each of
 * them. Shapes as in {@link maxPoolGrad}.
 */
export function avgPoolGrad(
  inputs: tf.NamedTensorInfoMap,
  attrs: PoolAttrs,
  backend: BackendWasm,
): tf.TensorInfo {
  const { dy, input } = inputs as Record<'dy' | 'input', tf.TensorInfo>;
  const [, , width, channels] = input.shape as [number, number, number, number];
  const dx = backend.makeOutput([...input.shape], 'float32');
  const [from, to] = [heapOf(dy, backend), heapOf(dx, backend)];
  to.fill(0);
  forEachWindow(input.shape, attrs, ({ output, image, top, bottom, left, right }) => {
    const share = 1 / ((bottom - top) * (right - left));
    for (let row = top; row < bottom; row++) {
      let pixel = image + (row * width + left) * channels;
      for (let column = left; column < right; column++) {
        for (let c = 0; c < channels; c++, pixel++) {
          to[pixel] = (to[pixel] as number) + share * (from[output + c] as number);
        }
      }
    }
  });
  return dx;
}

type Quadruple = [Float32Array, Float32Array, Float32Array, Float32Array];

function forEachWindow(shape: readonly number[], attrs: PoolAttrs, visit: (window: Window) => void): void {
  const info = tf.backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    attrs.filterSize,
    attrs.strides,
    1,
    attrs.pad,
    attrs.dimRoundingMode,
  );
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth } = info;
  let output = 0;
  for (let n = 0; n < batchSize; n++) {
    const image = n * inHeight * inWidth * inChannels;
    for (let i = 0; i < outHeight; i++) {
      const row = i * info.strideHeight - info.padInfo.top;
      const [top, bottom] = [Math.max(0, row), Math.min(inHeight, row + info.filterHeight)];
      for (let j = 0; j < outWidth; j++, output += inChannels) {
        const column = j * info.strideWidth - info.padInfo.left;
        const [left, right] = [Math.max(0, column), Math.min(inWidth, column + info.filterWidth)];
        visit({ output, image, top, bottom, left, right });
      }
    }
  }
}
