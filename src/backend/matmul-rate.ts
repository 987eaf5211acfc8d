/** How fast the chosen backend multiplies matrices: the yardstick of `doctor` and of the benchmarks. */
import * as tf from '@tensorflow/tfjs';
import { checkInteger } from '../shapes.ts';

const SIZE = 1024;

/** A product that takes longer, as on WebGPU without a card, is timed once. */
const SLOW_MS = 2000;

/**
 * Rate of `tf.matMul` of two `[1024, 1024]` matrices in GFLOP/s: `2 * 1024^3` operations over the median time,
 * the result read back so that a device cannot answer early.
 *
 * @param repeats products timed, after two that are not; only the first if that takes over two seconds
 */
export async function measureMatmulRate(repeats = 7): Promise<number> {
  checkInteger('measureMatmulRate.repeats', repeats, 1);
  const times: number[] = [];
  const matrix = tf.fill([SIZE, SIZE], 0.5) as tf.Tensor2D;
  try {
    for (let run = -2; run < repeats; run++) {
      const start = performance.now();
      const corner = tf.tidy(() => tf.slice(tf.matMul(matrix, matrix), [0, 0], [1, 1]));
      await corner.data();
      corner.dispose();
      const time = performance.now() - start;
      if (run >= 0 || time > SLOW_MS) times.push(time);
      if (time > SLOW_MS) break;
    }
  } finally {
    matrix.dispose();
  }
  times.sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)] as number;
  return (2 * SIZE ** 3) / (median * 1e6);
}
