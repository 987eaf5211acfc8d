/**
 * Matrix products with transposed operands, for WebAssembly.
 *
 * The built-in kernel is fast for plain operands only; with a transposed one it falls back to a loop some fifty
 * times slower. Transposing costs one pass over the operand.
 */
import type * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { free, type KernelCall, transposed } from './wasm-heap.ts';

interface MatMulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

type BuiltIn = (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];

/**
 * `a b` over the last two axes, either operand transposed if its flag is set, by `builtIn` with both flags off.
 * Other inputs and attributes (bias, activation) pass through.
 */
export function matMulTransposedFirst(
  builtIn: BuiltIn,
  inputs: tf.NamedTensorInfoMap,
  attrs: MatMulAttrs,
  backend: BackendWasm,
): tf.TensorInfo {
  const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
  const left = attrs.transposeA ? swapped(a, backend) : a;
  const right = attrs.transposeB ? swapped(b, backend) : b;
  const product = builtIn({
    inputs: { ...inputs, a: left, b: right },
    attrs: { ...attrs, transposeA: false, transposeB: false },
    backend,
  });
  if (left !== a) free(backend, left);
  if (right !== b) free(backend, right);
  return product as tf.TensorInfo;
}

function swapped(matrix: tf.TensorInfo, backend: BackendWasm): tf.TensorInfo {
  const axes = matrix.shape.map((_, axis) => axis);
  const [row, column] = axes.splice(-2) as [number, number];
  return transposed(matrix, [...axes, column, row], backend);
}
