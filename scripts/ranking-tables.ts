/**
 * Who is ahead in a comparison of many strategies, as Markdown tables: a row a strategy, for the documentation.
 */
import { type LabelsNeeded, labelsNeeded } from '../src/experiments/statistics/labels-needed.ts';
import { holmCorrection, mean } from '../src/experiments/statistics.ts';
import type { Comparison } from '../src/reports/compare.ts';
import type { Results, StrategyResult } from '../src/reports/results.ts';
import type { RunRecord } from '../src/reports/run-record.ts';
import { accuracyAt, digits, markdownTable, percent } from './reproduce.ts';

/** Accuracies whose price in labels is printed beside random's final one: the last two as in Gal et al. 2017, table 1. */
const ACCURACIES = [0.8, 0.9, 0.95] as const;

/**
 * Strategies by their mean over the curve, the best first: accuracies, the paired difference from random with its interval, and p
 * of the paired t-test, corrected by Holm for the tests of this table alone; and what a choice took. A strategy without a finished
 * seed comes last.
 */
export function ranking({ strategies, pairs }: Results, run: RunRecord): string[] {
  const tests = pairs.areaUnderBudgetCurve.filter(({ a, b }) => a === 'random' || b === 'random');
  const holm = holmCorrection(tests.map(({ pairedT }) => pairedT));
  const meanOf = ({ areaUnderBudgetCurve: { mean } }: StrategyResult) => mean ?? Number.NEGATIVE_INFINITY;
  const budgets = (strategies[0]?.curve ?? []).map(({ labelsCharged }) => labelsCharged);
  const shown = [...new Set([0, 0.5, 1].map((share) => budgets[Math.round(share * (budgets.length - 1))]))];
  return markdownTable(
    [
      'strategy',
      ...shown.map((labels) => `${labels} labels`),
      'mean over the curve',
      'above random',
      '95 % interval',
      'p',
      'Holm',
      'seconds a choice',
    ],
    [...strategies]
      .sort((a, b) => meanOf(b) - meanOf(a))
      .map((strategy) => {
        const at = tests.findIndex(
          ({ a, b }) => strategy.name !== 'random' && [a, b].includes(strategy.name),
        );
        const test = tests[at];
        const sign = test?.a === strategy.name ? 1 : -1;
        const signed = (value: number | null | undefined) => digits(value == null ? value : sign * value);
        const { low, high } = test?.interval ?? {};
        return [
          strategy.name,
          ...shown.map((labels) => accuracyAt(strategy, labels as number)),
          digits(strategy.areaUnderBudgetCurve.mean),
          signed(test?.meanDifference),
          test?.interval == null
            ? ''
            : (sign === 1 ? [low, high] : [high, low]).map((end) => signed(end)).join(' to '),
          digits(test?.pairedT),
          digits(holm[at]),
          secondsAChoice(run, strategy.name),
        ];
      }),
  );
}

/** Mean over rounds and seeds of what a strategy takes to choose a batch, searches and matches included; no training, no figures. */
function secondsAChoice({ cells }: RunRecord, strategy: string): string {
  const choices = cells
    .filter((cell) => cell.strategy === strategy)
    .flatMap(({ timings }) => timings.filter(({ round }) => round > 0));
  const ms = mean(choices.map(({ generateMs, matchMs, scoreMs }) => generateMs + matchMs + scoreMs));
  return ms === null ? '' : (ms / 1000).toFixed(1);
}

/**
 * Labels at which the mean curve was first at an accuracy, and in brackets the mean over the seeds, or how many of them got there;
 * for random's final accuracy, and for those of {@link ACCURACIES} that any strategy reaches.
 */
export function needed({ results: { strategies }, target }: Comparison): string[] {
  const finished = strategies.map(({ name, perSeed }) => ({
    name,
    curves: new Map(
      perSeed.filter(({ status }) => status === 'finished').map(({ seed, curve }) => [seed, curve]),
    ),
  }));
  const columns = [...(target === null ? [] : [target]), ...ACCURACIES]
    .map((accuracy) => ({ accuracy, of: finished.map(({ curves }) => labelsNeeded(curves, accuracy)) }))
    .filter(({ of }) => of.some(({ ofMean }) => ofMean !== null));
  return markdownTable(
    ['labels for', ...columns.map(({ accuracy }) => percent(accuracy))],
    finished.map(({ name }, row) => [name, ...columns.map(({ of }) => neededCell(of[row] as LabelsNeeded))]),
  );
}

function neededCell({ ofMean, mean: ofSeeds, reached, n, observedUpTo }: LabelsNeeded): string {
  if (n === 0) return '';
  return `${ofMean ?? `> ${observedUpTo}`} (${ofSeeds === null ? `${reached} of ${n} seeds` : ofSeeds.toFixed(0)})`;
}

/** How often each strategy beat and was beaten, as sums of its row and column of the penalty matrix. */
export function penalties({
  penaltyMatrix: { strategies, rowSums, columnSums, budgets },
}: Comparison): string[] {
  const rows = strategies
    .map((name, at) => ({ name, beats: rowSums[at] ?? 0, beaten: columnSums[at] ?? 0 }))
    .sort((a, b) => b.beats - b.beaten - (a.beats - a.beaten));
  return [
    ...markdownTable(
      ['penalty matrix', 'beats', 'beaten'],
      rows.map(({ name, beats, beaten }) => [name, beats.toFixed(2), beaten.toFixed(2)]),
    ),
    '',
    `At ${budgets.join(', ')} labels.`,
  ];
}
