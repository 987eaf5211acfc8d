/** Makes the WebAssembly backend fit for training: what it lacks, and what it has but slow. */
import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { reduceLeadingAxes } from './wasm-channel-sums.ts';
import { conv2DBackpropFilter } from './wasm-conv-filter-gradient.ts';
import { conv2DBackpropInput } from './wasm-conv-input-gradient.ts';
import { free, registerWasmKernel, runWasmKernel } from './wasm-heap.ts';
import { matMulTransposedFirst } from './wasm-matmul.ts';
import { avgPoolGrad, maxPoolGrad } from './wasm-pooling-gradients.ts';
import { unsortedSegmentSum } from './wasm-segment-sum.ts';

type BuiltIn = Parameters<typeof matMulTransposedFirst>[0];

let registered = false;

/**
 * Registers our kernels for `wasm`: `Conv2DBackpropFilter` and `UnsortedSegmentSum`, which are missing, and
 * `Conv2DBackpropInput`, `BatchMatMul`, `_FusedMatMul`, `Sum`, `Mean`, `LeakyRelu`, `Identity`, which are slow, and
 * `MaxPoolGrad` and `AvgPoolGrad`, which are wrong. To be called after the backend has
 * started, because the built-in products go on working underneath. Calling it again changes nothing.
 */
export function registerWasmTrainingKernels(): void {
  if (registered) return;
  registered = true;
  for (const kernelName of ['BatchMatMul', '_FusedMatMul']) {
    const builtIn = tf.getKernel(kernelName, 'wasm').kernelFunc;
    registerWasmKernel(kernelName, (inputs, attrs, backend) =>
      matMulTransposedFirst(builtIn as BuiltIn, inputs, attrs, backend),
    );
  }
  registerWasmKernel('Conv2DBackpropFilter', conv2DBackpropFilter);
  registerWasmKernel('Conv2DBackpropInput', conv2DBackpropInput);
  registerWasmKernel('UnsortedSegmentSum', unsortedSegmentSum);
  registerWasmKernel('MaxPoolGrad', maxPoolGrad);
  registerWasmKernel('AvgPoolGrad', avgPoolGrad);
  for (const kernelName of ['Sum', 'Mean'] as const) {
    const builtIn = tf.getKernel(kernelName, 'wasm').kernelFunc;
    registerWasmKernel(kernelName, (inputs, attrs, backend) =>
      reduceLeadingAxes(kernelName, builtIn as BuiltIn, inputs, attrs, backend),
    );
  }
  registerWasmKernel('LeakyRelu', leakyRelu);
  registerWasmKernel('Identity', sharedValues);
}

/** The same memory, counted twice, where the built-in kernel copies: a gradient clones every tensor that it saves. */
function sharedValues(inputs: tf.NamedTensorInfoMap, _: object, backend: BackendWasm): tf.TensorInfo {
  const { dataId, shape, dtype } = (inputs as { x: tf.TensorInfo }).x;
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}

/** `x step(x, alpha)`: two fast kernels, ten times faster than the built-in one. */
function leakyRelu(
  inputs: tf.NamedTensorInfoMap,
  { alpha }: { readonly alpha: number },
  backend: BackendWasm,
): tf.TensorInfo {
  const { x } = inputs as { x: tf.TensorInfo };
  const slopes = runWasmKernel('Step', { x }, { alpha }, backend);
  const result = runWasmKernel('Multiply', { a: x, b: slopes }, {}, backend);
  free(backend, slopes);
  return result;
}
