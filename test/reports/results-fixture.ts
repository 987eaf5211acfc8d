/**
 * Figures of a finished run as its report has them, from accuracies given by hand.
 */
import { type Results, type StrategyResult, summarise } from '../../src/reports/results.ts';

/** A run of three seeds over strategies that paid 50 labels, and 10 a round. */
export function resultsFixture(strategies: readonly StrategyResult[]): Results {
  return {
    name: 'run',
    dataset: 'mnist',
    classNames: ['5', '7'],
    status: 'finished',
    rounds: (strategies[0]?.curve.length ?? 1) - 1,
    batch: 10,
    paidIn: 'labels',
    seeds: [1, 2, 3],
    strategies,
    pairs: { finalAccuracy: [], areaUnderBudgetCurve: [] },
  };
}

/** @param rounds accuracies of the three seeds, round by round, in [0, 1] */
export function strategyFixture(
  name: string,
  kind: string,
  rounds: readonly (readonly number[])[],
): StrategyResult {
  const last = summarise(rounds.at(-1)!);
  return {
    name,
    kind,
    n: 3,
    failedSeeds: [],
    unfinishedSeeds: [],
    initialAccuracy: summarise(rounds[0]!),
    finalAccuracy: last,
    areaUnderBudgetCurve: last,
    curve: rounds.map((values, round) => ({ round, labelsCharged: 50 + 10 * round, ...summarise(values) })),
    perSeed: [],
  };
}
