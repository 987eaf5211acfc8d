/**
 * What our kernels use of the WebAssembly backend: its memory, and the kernels it comes with.
 *
 * A view of the heap dies when an allocation makes the heap grow, so a kernel allocates first and takes its
 * views afterwards.
 */
import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/** Inputs, attributes and backend as TensorFlow.js hands them to a kernel. */
export interface KernelCall {
  readonly inputs: tf.NamedTensorInfoMap;
  readonly attrs?: object;
  readonly backend: unknown;
}

/** A kernel of ours: the built-in calling convention with our types. */
export type Kernel = (inputs: tf.NamedTensorInfoMap, attrs: never, backend: BackendWasm) => tf.TensorInfo;

/** Registers `kernel` under `kernelName` for WebAssembly, in place of the built-in one if there is one. */
export function registerWasmKernel(kernelName: string, kernel: Kernel): void {
  const builtIn = tf.getKernel(kernelName, 'wasm');
  if (builtIn) tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({
    ...(builtIn?.setupFunc && { setupFunc: builtIn.setupFunc }),
    kernelName,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }) => kernel(inputs, attrs as never, backend as BackendWasm),
  });
}

/** Runs a registered kernel that has one output. The caller frees it with {@link free}. */
export function runWasmKernel(
  kernelName: string,
  inputs: tf.NamedTensorInfoMap,
  attrs: object,
  backend: BackendWasm,
): tf.TensorInfo {
  const config = tf.getKernel(kernelName, 'wasm');
  if (!config) throw new Error(`runWasmKernel.kernelName: expected a kernel of wasm, got ${kernelName}`);
  const output = config.kernelFunc({ inputs, attrs: attrs as tf.NamedAttrMap, backend });
  if (Array.isArray(output)) {
    throw new TypeError(`runWasmKernel.kernelName: expected a kernel with one output, got ${kernelName}`);
  }
  return output;
}

/** The kernel's float32 memory, valid until the next allocation. */
export function heapOf(tensor: tf.TensorInfo, backend: BackendWasm): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}

/** Frees intermediate results. */
export function free(backend: BackendWasm, ...tensors: readonly tf.TensorInfo[]): void {
  for (const { dataId } of tensors) backend.disposeData(dataId);
}

/** `tensor` with its axes in another order. The caller frees the result. */
export function transposed(
  tensor: tf.TensorInfo,
  perm: readonly number[],
  backend: BackendWasm,
): tf.TensorInfo {
  return runWasmKernel('Transpose', { x: tensor }, { perm }, backend);
}

/** The same memory under another shape; not a tensor of its own, so never freed. */
export function reshaped(tensor: tf.TensorInfo, shape: number[]): tf.TensorInfo {
  return { ...tensor, shape };
}
