/**
 * Picking the best-scored candidates. A NaN in a comparator corrupts a sort without a word, and ties broken
 * by position favour whatever class the data set lists first: both are ruled out here.
 */
import type { Stream } from '../random.ts';
import { type CandidateRow, candidateRow } from '../shapes.ts';

/**
 * The `count` candidates of lowest score, lowest first; ties are broken by a random order drawn from `stream`.
 *
 * Error if a score is not finite; RangeError if there are fewer candidates than asked for.
 *
 * @param scores `[candidates]`
 */
export function lowest(scores: ArrayLike<number>, count: number, stream: Stream): CandidateRow[] {
  if (!Number.isInteger(count) || count < 0 || count > scores.length) {
    throw new RangeError(`lowest.count: expected an integer in [0, ${scores.length}], got ${count}`);
  }
  for (let row = 0; row < scores.length; row++) {
    if (!Number.isFinite(scores[row])) {
      throw new Error(`lowest.scores: expected finite scores, got ${scores[row]} for candidate ${row}`);
    }
  }
  const tieBreak = stream.permutation(scores.length);
  return Array.from(scores, (_, row) => row)
    .sort(
      (a, b) =>
        (scores[a] as number) - (scores[b] as number) || (tieBreak[a] as number) - (tieBreak[b] as number),
    )
    .slice(0, count)
    .map((row) => candidateRow(row));
}

/** The `count` candidates of highest score, highest first; ties, errors and shapes as {@link lowest} has them. */
export function highest(scores: ArrayLike<number>, count: number, stream: Stream): CandidateRow[] {
  return lowest(
    Float64Array.from(scores, (score) => -score),
    count,
    stream,
  );
}
