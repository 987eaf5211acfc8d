/**
 * How many seeds would have shown a difference of one percentage point, given how much the pairs vary.
 */
import { seedsForPower } from '../experiments/statistics/power.ts';
import type { PairComparison } from '../experiments/statistics.ts';
import { count } from './number-format.ts';
import type { Results } from './results.ts';
import { headlinePairs } from './verdict.ts';

/** The difference asked about, the chance to see it and the level of a single test. */
export const POWER = { difference: 0.01, power: 0.8, alpha: 0.05 } as const;

const TOO_MANY = 'more than 10,000 seeds';

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
    return { a, b, seeds, seedsCorrected, reason: seeds === null ? TOO_MANY : null };
  });
}

/** The same of the pairs a summary speaks of, in a sentence; null if none of them varies. */
export function powerSentence(results: Results): string | null {
  const pairs = results.pairs.finalAccuracy;
  const spokenOf = headlinePairs(results, pairs);
  const powers = pairPowers(pairs);
  const each = spokenOf.flatMap(({ a, b }) => {
    const power = powers.find((pair) => [pair.a, pair.b].includes(a) && [pair.a, pair.b].includes(b));
    if (power?.reason === TOO_MANY) return [`${a} and ${b}, ${TOO_MANY}`];
    if (power === undefined || power.seeds === null) return [];
    const corrected =
      pairs.length > 1 && power.seedsCorrected !== null ? ` (${power.seedsCorrected} among all pairs)` : '';
    return [`${a} and ${b}, ${count(power.seeds, 'seed')}${corrected}`];
  });
  if (each.length === 0) return null;
  return `To find a true difference of 1 percentage point in final accuracy with 80 % probability at 0.05, going by how much the differences vary here, it would take: for ${each.join('; for ')}.`;
}
