/**
 * A run's outcome in sentences: who was better than whom, by how much, and how sure one can be.
 */
import { type PairComparison, paid } from '../experiments/statistics.ts';
import { count, list, NARROW_SPACE, percent, points, pointsInterval, pValue } from './number-format.ts';
import { budgetOf, PAID } from './paid-words.ts';
import type { Results, StrategyResult } from './results.ts';

/** The pairs in their order, random sampling always second, so that a positive difference is a gain over it. */
export function againstBaseline({ strategies }: Results, pairs: readonly PairComparison[]): PairComparison[] {
  const baseline = baselineOf(strategies);
  const isRandom = (wanted: string) =>
    strategies.some(({ name, kind }) => name === wanted && kind === 'random');
  // Two runs side by side may each have brought random sampling along.
  const isTurned = ({ a, b }: PairComparison) => a === baseline || (isRandom(a) && !isRandom(b));
  return pairs.map((pair) => (isTurned(pair) ? swapped(pair) : pair));
}

/** The pairs a summary speaks of: each strategy against random sampling, or all pairs where there is none. */
export function headlinePairs(results: Results, pairs: readonly PairComparison[]): PairComparison[] {
  const baseline = baselineOf(results.strategies);
  return againstBaseline(results, pairs).filter(({ b }) => baseline === undefined || b === baseline);
}

/** The verdict of a comparison in a clause, without its evidence. */
export function verdictClause({ a, b, n, verdict }: PairComparison): string {
  if (n === 0) return `${a} and ${b} have no finished seed in common`;
  return {
    'A better': `${a} is significantly better than ${b}`,
    'B better': `${a} is significantly worse than ${b}`,
    'not significant': `${a} is not significantly different from ${b}`,
    'too few seeds': `${a} and ${b} share ${count(n, 'finished seed')}, too few for a verdict`,
  }[verdict];
}

/** What a comparison's verdict rests on. */
export function evidence({ n, meanDifference, interval, holm, reason }: PairComparison): string {
  if (n === 0 || meanDifference === null) return 'nothing to compare';
  const difference = `${points(meanDifference)} percentage points`;
  if (interval === null) return difference;
  const p =
    holm === null
      ? `no p-value: ${reason}`
      : `corrected p${NARROW_SPACE}${holm < 0.001 ? '' : `=${NARROW_SPACE}`}${pValue(holm)}`;
  return `${difference}, 95${NARROW_SPACE}% interval ${pointsInterval(interval)}, ${p}`;
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
  const equal = new Set(finished.map(spent)).size === 1;
  const ends = list(
    finished.map((strategy) => {
      const end = `${percent(strategy.finalAccuracy.mean)} with ${strategy.name}`;
      return equal ? end : `${end} (${budgetOf(results.paidIn, spent(strategy))})`;
    }),
  );
  const isCost = results.paidIn === 'cost';
  const at = isCost ? `at a cost of ${spent(first)}` : `at ${spent(first)} labels paid for`;
  const whole = equal ? at : `at the ${PAID[results.paidIn]}`;
  const seeds = [...new Set(finished.map(({ n }) => n))];
  const over = seeds.length === 1 ? count(seeds[0] as number, 'seed') : 'the finished seeds';
  return `Starting from ${startWords(finished)}, test accuracy reached ${ends}, ${whole} (mean of ${over}).`;
}

/** What a strategy paid in the end, mean over its seeds, rounded. */
function spent({ curve }: StrategyResult): number {
  return Math.round(paid(curve.at(-1) ?? { labelsCharged: 0 }));
}

/** That strategies spent different budgets, in a sentence; null if they did not. */
export function unequalBudgetsSentence({ strategies, paidIn }: Results): string | null {
  const finished = strategies.filter(({ n }) => n > 0);
  if (new Set(finished.map(spent)).size < 2) return null;
  const budgets = list(finished.map((strategy) => `${strategy.name} ${spent(strategy)}`));
  return `The strategies paid ${paidIn === 'cost' ? 'different costs' : 'for different numbers of labels'} (${budgets} on average), so final accuracies compare unlike budgets. The average accuracy counts a curve that ends early as flat from there.`;
}

/** What is missing from a run; null if nothing is. */
export function gapsSentence({ strategies, rounds }: Results): string | null {
  const parts = strategies.flatMap(({ name, failedSeeds, unfinishedSeeds }) => [
    ...(failedSeeds.length > 0 ? [`${name} failed on ${seedWords(failedSeeds)}`] : []),
    ...(unfinishedSeeds.length > 0
      ? [`${name} has not finished its ${count(rounds, 'round')} on ${seedWords(unfinishedSeeds)}`]
      : []),
  ]);
  if (parts.length === 0) return null;
  return `This run is incomplete: ${parts.join('; ')}. Means rest on the seeds that finished, which are not the same for every strategy; only the paired differences compare like with like.`;
}

/**
 * Seeds on which strategies do not start from the same accuracy, in a sentence; null if there are none. They
 * share the initial set and the initial weights, so such a run was not fair.
 */
export function unequalStartsSentence({ strategies, seeds }: Results): string | null {
  const unequal = seeds.filter((wanted) => {
    const starts = strategies.flatMap(
      ({ perSeed }) => perSeed.find(({ seed }) => seed === wanted)?.curve[0]?.testAccuracy ?? [],
    );
    return new Set(starts).size > 1;
  });
  return unequal.length === 0
    ? null
    : `The strategies do not start from the same accuracy on ${seedWords(unequal)}, though they share the initial set: do not trust the comparison.`;
}

function baselineOf(strategies: readonly StrategyResult[]): string | undefined {
  return strategies.find(({ kind }) => kind === 'random')?.name;
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
  const { a, b, meanDifference, wins, losses, interval, verdict } = pair;
  return {
    ...pair,
    a: b,
    b: a,
    // 0 - x, so that no -0 comes out.
    meanDifference: meanDifference === null ? null : 0 - meanDifference,
    wins: losses,
    losses: wins,
    interval: interval === null ? null : { low: 0 - interval.high, high: 0 - interval.low },
    verdict: verdict === 'A better' ? 'B better' : verdict === 'B better' ? 'A better' : verdict,
  };
}
