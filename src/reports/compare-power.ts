/**
 * How many seeds would have shown a difference of one percentage point, given how much the pairs vary.
 */

import { seedsForPower } from '../experiments/statistics/power.ts';
import type { PairComparison } from '../experiments/statistics.ts';
import { count } from './number-format.ts';

/** The difference asked about, the chance to see it and the level of a single test. */
export const POWER = { difference: 0.01, power: 0.8, alpha: 0.05 } as const;

/** Seeds with which a paired t-test would show {@link POWER}'s difference between two strategies. */
export interface PairPower {
  readonly a: string;
  readonly b: string;
  /** At the level of a single test; null with the reason. */
  readonly seeds: number | null;
  /** At that level divided by the number of pairs, which is enough whatever Holm's correction does. */
  readonly seedsCorrected: number | null;
  readonly reason: string | null;
}

/** The power of each pair, from the deviation of its paired differences. */
export function pairPowers(pairs: readonly PairComparison[]): PairPower[] {
  const tested = Math.max(1, pairs.filter(({ pairedT }) => pairedT !== null).length);
  return pairs.map(({ a, b, standardDeviation }) => {
    if (standardDeviation === null) {
      return { a, b, seeds: null, seedsCorrected: null, reason: 'fewer than two seeds in common' };
    }
    if (standardDeviation === 0) {
      return { a, b, seeds: null, seedsCorrected: null, reason: 'the differences do not vary' };
    }
    const seeds = seedsForPower({ standardDeviation, ...POWER });
    const seedsCorrected = seedsForPower({ standardDeviation, ...POWER, alpha: POWER.alpha / tested });
    return { a, b, seeds, seedsCorrected, reason: seeds === null ? 'more than 10,000' : null };
  });
}

/** The same in a sentence; null if no pair varies. */
export function powerSentence(pairs: readonly PairComparison[]): string | null {
  const powers = pairPowers(pairs).filter(
    ({ seeds, reason }) => seeds !== null || reason?.startsWith('more'),
  );
  if (powers.length === 0) return null;
  const each = powers.map(({ a, b, seeds, seedsCorrected }) => {
    if (seeds === null) return `${a} and ${b} more than 10,000`;
    const corrected =
      powers.length > 1 && seedsCorrected !== null ? ` (${seedsCorrected} among all pairs)` : '';
    return `${a} and ${b} ${count(seeds, 'seed')}${corrected}`;
  });
  return `To find a true difference of 1 percentage point in final accuracy with 80 % probability at 0.05, going by how much the differences vary here, it would take: ${each.join('; ')}.`;
}
