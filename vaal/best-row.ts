/**
 * The best of some rows, time and again: ties are broken by a random order, so that none favours what a data set lists first.
 */

/**
 * The row of the largest score among `rows`; of equal ones the one whose `tieBreak` is least.
 *
 * @param tieBreak `[rows]`: a permutation
 * @returns -1 if there are no rows
 * @throws Error if a score that is looked at is not finite
 */
export function bestRow(rows: Iterable<number>, scores: Float64Array, tieBreak: ArrayLike<number>): number {
  let best = -1;
  for (const row of rows) {
    const score = scores[row] as number;
    if (!Number.isFinite(score))
      throw new Error(`bestRow.scores: expected finite scores, got ${score} for row ${row}`);
    if (best < 0) {
      best = row;
      continue;
    }
    const lead = score - (scores[best] as number);
    if (lead > 0 || (lead === 0 && (tieBreak[row] as number) < (tieBreak[best] as number))) best = row;
  }
  return best;
}
