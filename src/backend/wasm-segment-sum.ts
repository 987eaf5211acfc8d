/** Sums of rows by segment, the gradient of `tf.gather`, which the WebAssembly backend lacks. */
import type * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { heapOf } from './wasm-heap.ts';

/**
 * Kernel `UnsortedSegmentSum`: `sums[k, ...] = sum_{i: ids[i] = k} x[i, ...]`, `[numSegments, ...]`. As in
 * TensorFlow, rows whose id is negative are left out, and so are ids of `numSegments` and above.
 */
export function unsortedSegmentSum(
  inputs: tf.NamedTensorInfoMap,
  { numSegments }: { readonly numSegments: number },
  backend: BackendWasm,
): tf.TensorInfo {
  const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
  const [rows = 0, ...rowShape] = x.shape;
  const sums = backend.makeOutput([numSegments, ...rowShape], x.dtype);
  const size = rowShape.reduce((product, axis) => product * axis, 1);
  const from = heapOf(x, backend);
  const to = heapOf(sums, backend);
  const ids = heapOf(segmentIds, backend);
  to.fill(0);
  for (let row = 0; row < rows; row++) {
    const segment = ids[row] as number;
    if (segment < 0 || segment >= numSegments) continue;
    for (let i = 0; i < size; i++) {
      to[segment * size + i] = (to[segment * size + i] as number) + (from[row * size + i] as number);
    }
  }
  return sums;
}
