#!/usr/bin/env node
/**
 * Runs an ASAL experiment and prints what its matches are worth beside what they bought.
 *
 *     npx tsx scripts/reproduce-asal.ts [--preset asal-mnist-2] [any flag of genal run]
 *
 * Writes the run folder of the preset, `runs/<preset>/`, report included. `--preset asal-smoke` takes a minute or two.
 */
import { mean } from '../src/experiments/statistics.ts';
import type { Results } from '../src/reports/results.ts';
import type { CellRecord } from '../src/reports/run-record.ts';
import { accuracyAt, digits, markdownTable, percent, reproduce } from './reproduce.ts';

/** Accuracies at the first, a quarter, half and the last budget, and over all of them. */
function accuracies({ strategies }: Results): string[] {
  const budgets = (strategies[0]?.curve ?? []).map(({ labelsCharged }) => labelsCharged);
  const chosen = [
    ...new Set([0, 0.25, 0.5, 1].map((share) => budgets[Math.round(share * (budgets.length - 1))])),
  ];
  return markdownTable(
    ['strategy', ...chosen.map((labels) => `${labels} labels`), 'mean over the curve'],
    strategies.map((strategy) => [
      strategy.name,
      ...chosen.map((labels) => accuracyAt(strategy, labels as number)),
      `${digits(strategy.areaUnderBudgetCurve.mean)} ± ${digits(strategy.areaUnderBudgetCurve.standardDeviation)}`,
    ]),
  );
}

/** Means over all rounds and seeds of what matching says of itself. */
function matches({ strategies }: Results, cells: readonly CellRecord[]): string[] {
  const matching = strategies.flatMap(({ name }) => {
    const rounds = cells
      .filter(({ strategy }) => strategy === name)
      .flatMap((cell) => cell.rounds.filter(({ diagnostics }) => 'matchDistance' in diagnostics));
    const of = (key: string): number | null =>
      mean(
        rounds.flatMap(({ diagnostics }) => (typeof diagnostics[key] === 'number' ? [diagnostics[key]] : [])),
      );
    if (rounds.length === 0) return [];
    return [
      [
        name,
        percent(of('labelAgreement')),
        ratio(of('matchDistanceRatio')),
        percent(of('collisionRate')),
        ...['uncertaintyStart', 'uncertaintyEnd', 'uncertaintyMatched'].map((key) => ratio(of(key))),
      ],
    ];
  });
  const [first] = cells.flatMap(({ rounds }) =>
    rounds.flatMap(({ diagnostics }) => diagnostics.uncertaintyMeasure ?? []),
  );
  const measure = typeof first === 'string' ? first : 'uncertainty';
  return markdownTable(
    [
      'strategy',
      'label agreement',
      'distance / pool',
      'collisions',
      `${measure} at random samples`,
      `${measure} synthesised`,
      `${measure} matched`,
    ],
    matching,
  );
}

function ratio(value: number | null): string {
  return value === null ? '' : value.toPrecision(3);
}

/** How far every strategy lies above random, by its mean over the curve; negative is below. */
function againstRandom({ pairs }: Results): string[] {
  const rows = pairs.areaUnderBudgetCurve.flatMap((pair) => {
    if (pair.a !== 'random' && pair.b !== 'random') return [];
    const sign = pair.a === 'random' ? -1 : 1;
    const signed = (value: number | null | undefined): string => (value == null ? '' : digits(sign * value));
    const { interval } = pair;
    const ends = interval === null ? [] : [signed(interval.low), signed(interval.high)];
    return [
      [
        sign === 1 ? pair.a : pair.b,
        signed(pair.meanDifference),
        (sign === 1 ? ends : ends.reverse()).join(' to '),
        digits(pair.pairedT),
        digits(pair.holm),
        pair.verdict.replace('A', pair.a).replace('B', pair.b),
      ],
    ];
  });
  return markdownTable(
    ['strategy', 'above random', '95 % interval', 'p of paired t', 'Holm', 'verdict'],
    rows,
  );
}

await reproduce({
  name: 'reproduce-asal',
  summary: 'Runs an ASAL experiment and prints accuracies, and how good its matches are',
  presets: ['asal-mnist-2', 'asal-mnist-10', 'asal-fashion', 'asal-cifar-2', 'asal-smoke'],
  tell: (results, cells) => [
    ...accuracies(results),
    '',
    ...matches(results, cells),
    '',
    ...againstRandom(results),
  ],
});
