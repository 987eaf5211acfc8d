/**
 * A part of the pool to choose from, the same for all strategies of a seed, where scoring the whole pool would cost too much.
 *
 * Source: Gal, Islam and Ghahramani 2017 score 2,000 drawn images a round, Beluch et al. 2018 and Yoo and Kweon 2019 10,000.
 */
import type { Stream } from '../random.ts';
import { checkInteger, type PoolIndex, poolIndex } from '../shapes.ts';

/**
 * The first `size` unlabelled rows in an order of all rows drawn from `stream`. Strategies that have bought different rows so
 * choose from the same ones but for those they own; a subset drawn of each one's own candidates would share few.
 *
 * @param candidates unlabelled rows, ascending
 * @param rows how many rows there are, labelled or not
 * @returns ascending; all candidates if they are no more than `size`
 */
export function candidateSubset(
  candidates: readonly PoolIndex[],
  size: number,
  rows: number,
  stream: Stream,
): readonly PoolIndex[] {
  checkInteger('candidateSubset.size', size, 1);
  if (candidates.length <= size) return candidates;
  const isCandidate = new Uint8Array(rows);
  for (const row of candidates) isCandidate[row] = 1;
  const subset: PoolIndex[] = [];
  for (const row of stream.permutation(rows)) {
    if (subset.length === size) break;
    if (isCandidate[row] === 1) subset.push(poolIndex(row));
  }
  return subset.sort((a, b) => a - b);
}
