#!/usr/bin/env node
/**
 * Runs an ASAL experiment and prints what its matches are worth beside what they bought.
 *
 *     npx tsx scripts/reproduce-asal.ts [--preset asal-mnist-2] [any flag of genal run]
 *
 * Writes the run folder of the preset, `runs/<preset>/`, report included. `--preset asal-smoke` takes a minute or two.
 */
import { comparePairs, holmCorrection, mean, standardDeviation } from '../src/experiments/statistics.ts';
import { matchFigures } from '../src/reports/match-figures.ts';
import { isMatched } from '../src/reports/matched-rounds.ts';
import type { CellRecord, RunRecord } from '../src/reports/run-record.ts';
import { accuracies, againstRandom, digits, markdownTable, percent, reproduce } from './reproduce.ts';

/** What matching says of itself: agreement over the seeds, the rest as means over all rounds and seeds. */
function matches({ strategies, cells }: RunRecord): string[] {
  const rows = strategies.flatMap(({ name }) => {
    const own = cells.filter(({ strategy }) => strategy === name);
    const rounds = own.flatMap((cell) => cell.rounds.filter(isMatched));
    if (rounds.length === 0) return [];
    const of = (key: string): string => {
      const value = mean(rounds.flatMap(({ diagnostics }) => numberIn(diagnostics[key])));
      return value === null ? '' : value.toPrecision(3);
    };
    const agreement = [...agreementBySeed(own).values()];
    return [
      [
        name,
        [mean(agreement), standardDeviation(agreement)]
          .flatMap((of) => (of === null ? [] : percent(of)))
          .join(' ± '),
        of('matchDistanceRatio'),
        of('collisionRate'),
        of('uncertaintyStart'),
        of('uncertaintyEnd'),
        of('uncertaintyMatched'),
      ],
    ];
  });
  const measures = cells.flatMap(({ rounds }) =>
    rounds.flatMap(({ diagnostics }) => diagnostics.uncertaintyMeasure ?? []),
  );
  const measure = `${measures[0] ?? 'uncertainty'}`;
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
    rows,
  );
}

/** Whether one generator's matches agree more than another's by the same features; p is corrected for these tests alone. */
function generators({ config, strategies, cells }: RunRecord): string[] {
  const featuresOf = (at: number) => JSON.stringify(config.strategies[at]?.features);
  const scoresOf = (strategy: string) => ({
    strategy,
    scores: agreementBySeed(cells.filter((cell) => cell.strategy === strategy)),
  });
  const pairs = strategies.flatMap((first, at) =>
    strategies.flatMap((second, other) => {
      const alike = other > at && first.kind === 'asal' && featuresOf(at) === featuresOf(other);
      return alike ? comparePairs([scoresOf(second.name), scoresOf(first.name)]) : [];
    }),
  );
  const corrected = holmCorrection(pairs.map(({ pairedT }) => pairedT));
  return markdownTable(
    ['label agreement', 'difference', '95 % interval', 'p of paired t', 'Holm'],
    pairs.map(({ a, b, meanDifference, interval, pairedT }, row) => [
      `${a} - ${b}`,
      digits(meanDifference),
      interval === null ? '' : `${digits(interval.low)} to ${digits(interval.high)}`,
      digits(pairedT),
      digits(corrected[row]),
    ]),
  );
}

/** Label agreement of each seed that has one, every readable query counting alike. */
function agreementBySeed(cells: readonly CellRecord[]): Map<number, number> {
  return new Map(
    cells.flatMap((cell) => {
      const { labelAgreement } = matchFigures(cell.strategy, [cell]);
      return labelAgreement === null ? [] : [[cell.seed, labelAgreement] as const];
    }),
  );
}

function numberIn(value: unknown): number[] {
  return typeof value === 'number' ? [value] : [];
}

await reproduce({
  name: 'reproduce-asal',
  summary: 'Runs an ASAL experiment and prints accuracies, and how good its matches are',
  presets: ['asal-mnist-2', 'asal-mnist-10', 'asal-fashion', 'asal-cifar-2', 'asal-smoke'],
  tell: (results, run) => [
    ...accuracies(results),
    '',
    ...againstRandom(results),
    '',
    ...matches(run),
    '',
    ...generators(run),
  ],
});
