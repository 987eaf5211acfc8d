/**
 * Strategies that give every candidate a number of its own and take the best of them.
 */
import { toPoolIndex } from '../shapes.ts';
import { highest, lowest } from './ranking.ts';
import type { Round, Strategy } from './strategy.ts';

export interface ScoredOptions {
  /** What the score is, in capitalised camel case: it names the diagnostics. */
  readonly measure: string;
  readonly take: 'lowest' | 'highest';
  /** Scores `[candidates]`, finite, in the order of `round.pool.candidates`. */
  readonly score: (round: Round) => Promise<ArrayLike<number>>;
}

/**
 * A strategy that scores all candidates and takes the `batch` of lowest or highest score; equal scores are put in an order
 * drawn from the round's stream. Diagnostics: `mean<Measure>Pool` and `mean<Measure>Selected`, the mean score of all
 * candidates and of those taken.
 */
export function createScored({ measure, take, score }: ScoredOptions): Strategy {
  const best = take === 'lowest' ? lowest : highest;
  return {
    select: async (round) => {
      const scores = await score(round);
      const picked = best(scores, round.batch, round.stream);
      return {
        kind: 'pool',
        rows: picked.map((row) => toPoolIndex(round.pool.candidates, row)),
        diagnostics: {
          [`mean${measure}Pool`]: mean(scores),
          [`mean${measure}Selected`]: mean(picked.map((row) => scores[row] as number)),
        },
      };
    },
  };
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let row = 0; row < values.length; row++) sum += values[row] as number;
  return sum / values.length;
}
