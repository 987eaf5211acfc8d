/**
 * Mini-batches of labelled and of pseudo-labelled images, a fixed share of each.
 *
 * Source: Iscen, Tolias, Avrithis and Chum 2019, section 4.2: without it, thousands of pseudo-labels drown a hundred labels.
 */
import { miniBatches } from '../../classifiers/train-network.ts';
import type { Stream } from '../../random.ts';
import { checkInteger } from '../../shapes.ts';

/**
 * Rows of one mini-batch after the other, without end. Row `labelled + i` is the pseudo-labelled image `i`. Each kind comes in
 * shuffles of its own, below `order.of('labelled')` and `order.of('others')`, so that each of its rows is visited equally
 * often to within one.
 *
 * @param share of the labelled in a batch, in (0, 1); at least one image of either kind is in a batch of two or more
 */
export function* mixedBatches(
  { labelled, others }: { readonly labelled: number; readonly others: number },
  batch: number,
  share: number,
  order: Stream,
): Generator<number[], never> {
  checkInteger('mixedBatches.batch', batch, 2);
  const known = Math.min(batch - 1, Math.max(1, Math.round(share * batch)));
  const first = miniBatches(labelled, known, order.of('labelled'));
  const second = miniBatches(others, batch - known, order.of('others'));
  for (;;) {
    yield [...first.next().value, ...second.next().value.map((row) => labelled + row)];
  }
}
