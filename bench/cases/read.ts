/** Reading a step's results back from the device, all at its end. */
import type * as tf from '@tensorflow/tfjs';

/** Copies of the tensors' values, by name; the tensors are disposed. */
export async function readAll(
  results: Readonly<Record<string, tf.Tensor>>,
): Promise<Record<string, Float32Array>> {
  const reading = Object.entries(results).map(async ([name, tensor]): Promise<[string, Float32Array]> => {
    try {
      // A copy, because some backends hand out the memory that the next step writes to.
      return [name, Float32Array.from(await tensor.data())];
    } finally {
      tensor.dispose();
    }
  });
  return Object.fromEntries(await Promise.all(reading));
}
