/** Makes the WebAssembly backend fit for training: what it lacks, and what it has but slow. */
import * as tf from '@tensorflow/tfjs';
import { conv2DBackpropFilter } from './wasm-conv-filter-gradient.ts';
import { conv2DBackpropInput } from './wasm-conv-input-gradient.ts';
import { registerWasmKernel } from './wasm-heap.ts';
import { matMulTransposedFirst } from './wasm-matmul.ts';
import { unsortedSegmentSum } from './wasm-segment-sum.ts';

let registered = false;

/**
 * Registers our kernels for `wasm`: `Conv2DBackpropFilter` and `UnsortedSegmentSum`, which are missing, and
 * `Conv2DBackpropInput`, `BatchMatMul` and `_FusedMatMul`, which are slow. To be called after the backend has
 * started, because the built-in products go on working underneath. Calling it again changes nothing.
 */
export function registerWasmTrainingKernels(): void {
  if (registered) return;
  registered = true;
  for (const kernelName of ['BatchMatMul', '_FusedMatMul']) {
    const builtIn = tf.getKernel(kernelName, 'wasm').kernelFunc;
    registerWasmKernel(kernelName, (inputs, attrs, backend) =>
      matMulTransposedFirst(builtIn as Parameters<typeof matMulTransposedFirst>[0], inputs, attrs, backend),
    );
  }
  registerWasmKernel('Conv2DBackpropFilter', conv2DBackpropFilter);
  registerWasmKernel('Conv2DBackpropInput', conv2DBackpropInput);
  registerWasmKernel('UnsortedSegmentSum', unsortedSegmentSum);
}
