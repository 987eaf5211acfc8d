/**
 * A comparison as text for a terminal.
 */
import type { LabelsNeeded } from '../experiments/statistics/labels-needed.ts';
import type { Interval } from '../experiments/statistics.ts';
import type { Comparison } from './compare.ts';
import { powerSentence } from './compare-power.ts';
import {
  count,
  figure,
  list,
  MISSING,
  percent,
  percentWithDeviation,
  points,
  pointsInterval,
  pValue,
} from './number-format.ts';
import { amount, budgetOf } from './paid-words.ts';
import type { Results } from './results.ts';
import { againstBaseline, gapsSentence, verdictWords } from './verdict.ts';

/** What was compared, in a line. */
export function comparisonHead({ runs, results, labels }: Comparison): string {
  const from = runs.length === 1 ? '' : ` of ${count(runs.length, 'run')}`;
  return `${results.dataset}: ${count(results.strategies.length, 'strategy', 'strategies')}${from} on ${count(results.seeds.length, 'seed')}, up to ${results.paidIn === 'cost' ? budgetOf('cost', amount(labels)) : `${labels} labels paid for`}`;
}

/** Everything a reader must know before the figures, a sentence each: what is unfair, notable, left out or missing. */
export function comparisonWarnings({ differences, leftOut, results }: Comparison): string[] {
  const gaps = gapsSentence(results);
  return [...differences.map(({ sentence }) => sentence), ...leftOut, ...(gaps === null ? [] : [gaps])];
}

/**
 * The tables of strategies and pairs, and what they would need to say more.
 *
 * @param mark makes a warning stand out, in red where colours are
 */
export function comparisonText(
  comparison: Comparison,
  mark: (text: string) => string = (text) => text,
): string {
  const { results, endings, againstOthers, penaltyMatrix, labelsNeeded, target } = comparison;
  const warnings = comparisonWarnings(comparison).map((sentence) => mark(`! ${sentence}`));
  const { strategies } = results;
  const strategyRows = strategies.map((strategy, i) => {
    const against = againstOthers[i];
    const needed = labelsNeeded[i];
    return [
      strategy.name,
      percentWithDeviation(strategy.finalAccuracy, 2),
      percentWithDeviation(strategy.areaUnderBudgetCurve, 2),
      neededCell(needed),
      against === undefined || against.wins + against.ties + against.losses === 0
        ? MISSING
        : `${against.wins}/${against.ties}/${against.losses}`,
      `${(penaltyMatrix.rowSums[i] ?? 0).toFixed(2)} / ${(penaltyMatrix.columnSums[i] ?? 0).toFixed(2)}`,
      seedsCell(strategy.n, strategy.perSeed),
    ];
  });
  const pairs = againstBaseline(results, results.pairs.finalAccuracy);
  const areas = againstBaseline(results, results.pairs.areaUnderBudgetCurve);
  const pairRows = pairs.map((pair, i) => [
    `${pair.a} - ${pair.b}`,
    `${pair.wins}/${pair.ties}/${pair.losses}`,
    pair.meanDifference === null
      ? MISSING
      : `${points(pair.meanDifference)} (${pointsInterval(pair.interval)})`,
    pValue(pair.pairedT),
    pValue(pair.wilcoxon),
    pValue(pair.holm),
    pair.reason === null || pair.verdict === 'too few seeds'
      ? verdictWords(pair)
      : `${verdictWords(pair)}: ${pair.reason}`,
    areas[i] === undefined ? MISSING : verdictWords(areas[i]),
  ]);
  const power = powerSentence(results);
  return [
    comparisonHead(comparison),
    ...warnings,
    ...endings,
    '',
    ...columns(
      [
        'strategy',
        'final accuracy',
        'average (AUBC)',
        target === null ? `${results.paidIn} needed` : `${results.paidIn} for ${percent(target, 2)}`,
        'win/tie/loss',
        'beats / beaten',
        'seeds',
      ],
      strategyRows,
    ),
    '',
    ...(pairRows.length === 0
      ? ['One strategy, so no pair.']
      : columns(
          [
            'pair',
            'seeds w/t/l',
            'points (95 %)',
            't, p',
            'Wilcoxon, p',
            'Holm, p',
            'final accuracy',
            'average',
          ],
          pairRows,
        )),
    '',
    `Accuracies are means ± deviations over finished seeds. ${results.paidIn === 'cost' ? 'Costs' : 'Labels'} are those of the mean curve, in brackets the mean of`,
    'the seeds with its 95 % interval, or how many got there. win/tie/loss counts the other strategies by verdict,',
    `beats / beaten the shares of ${budgetWords(penaltyMatrix.budgets, results.paidIn)} at which a paired t-test is significant.`,
    ...(power === null ? [] : [power]),
  ].join('\n');
}

/** Labels of the mean curve; behind it the mean over the seeds, or how many of them got there. */
export function neededCell(needed: LabelsNeeded | undefined): string {
  if (needed === undefined || needed.n === 0) return MISSING;
  const ofMean = needed.ofMean === null ? `> ${amount(needed.observedUpTo)}` : amount(needed.ofMean);
  if (needed.mean === null) return `${ofMean} (${needed.reached} of ${count(needed.n, 'seed')})`;
  return `${ofMean} (${needed.mean.toFixed(0)}${needed.interval === null ? '' : `, ${wholeInterval(needed.interval)}`})`;
}

/** Budgets in words. */
export function budgetWords(budgets: readonly number[], paidIn: Results['paidIn']): string {
  const amounts = list(budgets.map(amount));
  return `the ${budgets.length === 1 ? 'budget' : 'budgets'} of ${budgetOf(paidIn, amounts)}`;
}

function wholeInterval({ low, high }: Interval): string {
  return `${figure(Math.round(low))} to ${figure(Math.round(high))}`;
}

function seedsCell(n: number, perSeed: Comparison['results']['strategies'][number]['perSeed']): string {
  const words = (status: 'failed' | 'unfinished') => {
    const seeds = perSeed.filter((seed) => seed.status === status).map(({ seed }) => seed);
    return seeds.length === 0 ? [] : [`${status} on ${list(seeds)}`];
  };
  return [`${n} of ${perSeed.length}`, ...words('failed'), ...words('unfinished')].join(', ');
}

/** Rows under a head, each column as wide as its widest cell. */
function columns(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const whole = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...whole.map((row) => (row[column] ?? '').length)));
  return whole.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
