/**
 * A run's outcome in sentences: who was better than whom, by how much, and how sure one can be.
 */
import type { PairComparison } from '../experiments/statistics.ts';
import { count, list, percent, points, pointsInterval, pValue } from './number-format.ts';
import type { Results, StrategyResult } from './results.ts';

/** The pairs a summary speaks of: each strategy against random sampling, or all pairs where there is none. */
export function headlinePairs({ strategies }: Results, pairs: readonly PairComparison[]): PairComparison[] {
  const baseline = strategies.find(({ kind }) => kind === 'random')?.name;
  if (baseline === undefined) return [...pairs];
  return pairs.flatMap((pair) => {
    if (pair.b === baseline) return [pair];
    return pair.a === baseline ? [swapped(pair)] : [];
  });
}

/** One comparison in a sentence. */
export function verdictSentence(pair: PairComparison, figure: string): string {
  const { a, b, n, meanDifference, interval, holm, verdict, reason } = pair;
  if (n === 0) return `${a} and ${b} cannot be compared on ${figure}: no seed is finished by both.`;
  const difference = `${points(meanDifference)} percentage points`;
  if (verdict === 'too few seeds') {
    return `${a} and ${b} share ${count(n, 'finished seed')}, too few for a verdict on ${figure}; the mean difference is ${difference}.`;
  }
  const evidence =
    holm === null
      ? `${difference}; there is no p-value because ${reason}`
      : `${difference}, 95 % interval ${pointsInterval(interval)}, corrected p ${holm < 0.001 ? '' : '= '}${pValue(holm)}`;
  const relation = {
    'A better': 'has significantly better',
    'B better': 'has significantly worse',
    'not significant': 'is not significantly different from',
  }[verdict];
  return verdict === 'not significant'
    ? `${a} ${relation} ${b} in ${figure} (${evidence}).`
    : `${a} ${relation} ${figure} than ${b} (${evidence}).`;
}

/** The same comparison in a few words, for a table. */
export function verdictWords({ a, b, verdict }: PairComparison): string {
  if (verdict === 'A better') return `${a} better`;
  return verdict === 'B better' ? `${b} better` : verdict;
}

/** Where the run started and ended, in a sentence. */
export function outcomeSentence(results: Results): string {
  const finished = results.strategies.filter(({ n }) => n > 0);
  const first = finished[0];
  if (first === undefined) return 'No strategy has finished a seed yet, so there is nothing to compare.';
  const labels = first.curve.at(-1)?.labelsCharged;
  const ends = list(
    finished.map((strategy) => `${percent(strategy.finalAccuracy.mean)} with ${strategy.name}`),
  );
  const seeds = [...new Set(finished.map(({ n }) => n))];
  const over = seeds.length === 1 ? count(seeds[0] as number, 'seed') : 'the finished seeds';
  return `From ${startWords(finished)} at the start, test accuracy rose to ${ends}, at ${Math.round(labels ?? 0)} labels paid for (mean of ${over}).`;
}

/** What is missing from a run; null if nothing is. */
export function gapsSentence({ strategies, rounds }: Results): string | null {
  const parts = strategies.flatMap(({ name, failedSeeds, unfinishedSeeds }) => [
    ...(failedSeeds.length > 0 ? [`${name} failed on ${seedWords(failedSeeds)}`] : []),
    ...(unfinishedSeeds.length > 0
      ? [`${name} has not finished its ${count(rounds, 'round')} on ${seedWords(unfinishedSeeds)}`]
      : []),
  ]);
  return parts.length === 0
    ? null
    : `This run is incomplete: ${parts.join('; ')}. Means and verdicts rest on the seeds that finished.`;
}

function startWords(strategies: readonly StrategyResult[]): string {
  const starts = strategies.flatMap(({ initialAccuracy }) => initialAccuracy.mean ?? []);
  const [lowest, highest] = [percent(Math.min(...starts)), percent(Math.max(...starts))];
  return lowest === highest ? lowest : `${lowest} to ${highest}`;
}

function seedWords(seeds: readonly number[]): string {
  return `${seeds.length === 1 ? 'seed' : 'seeds'} ${list(seeds)}`;
}

function swapped(pair: PairComparison): PairComparison {
  const { a, b, meanDifference, interval, verdict } = pair;
  return {
    ...pair,
    a: b,
    b: a,
    // 0 - x, so that no -0 comes out.
    meanDifference: meanDifference === null ? null : 0 - meanDifference,
    interval: interval === null ? null : { low: 0 - interval.high, high: 0 - interval.low },
    verdict: verdict === 'A better' ? 'B better' : verdict === 'B better' ? 'A better' : verdict,
  };
}
