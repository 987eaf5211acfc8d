/** Timing shared by the benchmarks: interleaved runs, medians. */
import * as tf from '@tensorflow/tfjs';

/** The middle value; the mean of the two middle ones of an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return ((low as number) + (high as number)) / 2;
}

/**
 * Milliseconds until the tensors that `run` returns can be read. One of them is read back, because a device may
 * answer before it is done; all are disposed.
 */
export async function timed(run: () => tf.Tensor[]): Promise<number> {
  const start = performance.now();
  const results = run();
  await results[0]?.data();
  const ms = performance.now() - start;
  tf.dispose(results);
  return ms;
}
