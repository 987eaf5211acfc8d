/**
 * Which of a query's neighbours is preferred.
 */
import type { Neighbour } from './match-index.ts';

/** A neighbour that was looked at. */
export interface ScoredNeighbour extends Neighbour {
  /** Entropy of the task model's classes in nats; null under the rule `nearest`, which does not ask. */
  readonly entropy: number | null;
}

/**
 * The neighbour of largest entropy, the first of equal ones; without entropies the first.
 *
 * @param list one or more, nearest first, equal distances by row
 */
export function preferredOf(list: readonly ScoredNeighbour[]): ScoredNeighbour {
  return list.reduce((best, next) => ((next.entropy ?? 0) > (best.entropy ?? 0) ? next : best));
}
