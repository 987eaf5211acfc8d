/**
 * Sums and means over all but the last axes, for WebAssembly: bias gradients, batch statistics.
 *
 * The built-in kernels transpose the whole tensor first. Rows that lie one after another are averaged in place
 * by the pooling kernel instead.
 */
import type * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { free, heapOf, type KernelCall, reshaped, runWasmKernel } from './wasm-heap.ts';

interface ReduceAttrs {
  /** None stands for all. */
  readonly axis?: number | number[] | null;
  readonly keepDims: boolean;
}

/**
 * The pooling kernel keeps a row of channels on the module's stack of 64 KB. Past it (16 000 still pass) it writes over
 * other memory, and the process dies later somewhere else.
 */
const WIDEST_POOLED = 4096;

type BuiltIn = (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];

/**
 * Kernel `Sum` or `Mean` with the leading axes reduced in this way, and all other cases by `builtIn`.
 */
export function reduceLeadingAxes(
  name: 'Sum' | 'Mean',
  builtIn: BuiltIn,
  inputs: tf.NamedTensorInfoMap,
  attrs: ReduceAttrs,
  backend: BackendWasm,
): tf.TensorInfo {
  const { x } = inputs as { x: tf.TensorInfo };
  const axes = [attrs.axis ?? x.shape.map((_, axis) => axis)]
    .flat()
    .map((axis) => (axis < 0 ? axis + x.shape.length : axis));
  const count = axes.length;
  const rows = product(x.shape.slice(0, count));
  const columns = product(x.shape.slice(count));
  const leading = count < x.shape.length && axes.every((axis) => axis < count);
  if (!leading || x.dtype !== 'float32' || rows < 2 || columns < 2) {
    return builtIn({ inputs, attrs, backend }) as tf.TensorInfo;
  }
  const shape = x.shape.map((size, axis) => (axis < count ? 1 : size)).slice(attrs.keepDims ? 0 : count);
  if (columns > WIDEST_POOLED) {
    const result = backend.makeOutput(shape, 'float32');
    addRows(heapOf(x, backend), heapOf(result, backend), name === 'Sum' ? 1 : rows);
    return result;
  }
  const means = runWasmKernel(
    'AvgPool',
    { x: reshaped(x, [1, rows, 1, columns]) },
    { filterSize: [rows, 1], strides: 1, pad: 'valid' },
    backend,
  );
  const result = backend.makeOutput(shape, 'float32');
  const [from, to] = [heapOf(means, backend), heapOf(result, backend)];
  const scale = name === 'Sum' ? rows : 1;
  for (let i = 0; i < columns; i++) to[i] = scale * (from[i] as number);
  free(backend, means);
  return result;
}

/** Sums of the rows of `from`, each as long as `to`, divided by `divisor`. */
function addRows(from: Float32Array, to: Float32Array, divisor: number): void {
  const columns = to.length;
  to.set(from.subarray(0, columns));
  for (let start = columns; start < from.length; start += columns) {
    for (let i = 0; i < columns; i++) to[i] = (to[i] as number) + (from[start + i] as number);
  }
  if (divisor !== 1) for (let i = 0; i < columns; i++) to[i] = (to[i] as number) / divisor;
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((size, axis) => size * axis, 1);
}
