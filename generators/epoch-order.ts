/**
 * Which images each training step sees.
 */
import type { Stream } from '../src/random.ts';

/**
 * The rows of any step's batch, `batch` different ones of `count`. Every epoch has an order of its own, shuffled
 * by `stream.of('order', epoch)`, and leaves out the last `count % batch` of it.
 *
 * @returns a function of the step, counted from 1; quickest when steps come in order
 */
export function epochOrder(
  count: number,
  batch: number,
  stream: Stream,
): (step: number) => readonly number[] {
  const batches = Math.floor(count / batch);
  let epoch = -1;
  let order: readonly number[] = [];
  return (step) => {
    const wanted = Math.floor((step - 1) / batches);
    if (wanted !== epoch) {
      epoch = wanted;
      order = stream.of('order', epoch).permutation(count);
    }
    const first = ((step - 1) % batches) * batch;
    return order.slice(first, first + batch);
  };
}
