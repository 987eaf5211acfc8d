/**
 * Mini-batches in which every cluster comes equally often, however many images it has.
 *
 * Source: Caron et al. 2018, section 3 ("trivial parametrization"): otherwise a network may put almost all images into a few
 * clusters and learn nothing more. Reference code: facebookresearch/deepcluster util.py, class UnifLabelSampler.
 */
import type { Stream } from '../../random.ts';

/**
 * One pass: as many rows as there are, shuffled, of each of `c` clusters that have a row `floor(n / c) + 1`, the last ones of
 * the shuffle cut off. A larger cluster gives different rows, another one rows with repetition.
 *
 * @param assigned `[n]`: the cluster of each row
 */
export function balancedPass(assigned: ArrayLike<number>, order: Stream): number[] {
  const members = new Map<number, number[]>();
  for (let row = 0; row < assigned.length; row++) {
    const cluster = assigned[row] as number;
    const own = members.get(cluster);
    if (own === undefined) members.set(cluster, [row]);
    else own.push(row);
  }
  const each = Math.floor(assigned.length / members.size) + 1;
  const chosen = [...members].flatMap(([cluster, rows]) => {
    const stream = order.of('cluster', cluster);
    if (rows.length > each) return stream.choose(rows, each);
    return Array.from({ length: each }, () => rows[stream.integer(rows.length)] as number);
  });
  return order.of('shuffle').shuffle(chosen).slice(0, assigned.length);
}

/**
 * Rows of one mini-batch after the other, without end: one {@link balancedPass}, then another, cut into batches regardless of
 * where one ends. Pass `k` is drawn from `order.of(k)`.
 */
export function* balancedBatches(
  assigned: ArrayLike<number>,
  batch: number,
  order: Stream,
): Generator<number[], never> {
  let rows: number[] = [];
  for (let pass = 0, next = 0; ; ) {
    const chosen: number[] = [];
    while (chosen.length < batch) {
      if (next === rows.length) {
        rows = balancedPass(assigned, order.of(pass++));
        next = 0;
      }
      chosen.push(rows[next++] as number);
    }
    yield chosen;
  }
}
