/**
 * What strategies with a discriminator come to, as Markdown tables: a row a strategy, for the documentation.
 */
import { mean } from '../src/experiments/statistics.ts';
import type { RunRecord } from '../src/reports/run-record.ts';
import { className } from '../src/reports/run-record.ts';
import { isVaal, vaalFigures } from '../src/reports/vaal-figures.ts';
import { causesWords } from '../src/reports/vaal-sections.ts';
import { markdownTable, percent } from './reproduce.ts';

/**
 * Means over rounds and seeds: on held-out images AUC, loss, active units, divergence and the accuracy of a semi-supervised
 * model of the strategy's own; of what is bought the overlap with a draw and with entropy, the different classes of a round and
 * the share of its most frequent one. Last, what may make it look like chance.
 */
export function discriminatorTable({ strategies, cells }: RunRecord): string[] {
  const rows = strategies.flatMap(({ name }) => {
    const own = cells.filter(({ strategy }) => strategy === name);
    if (!own.some(({ rounds }) => rounds.some(isVaal))) return [];
    const one = vaalFigures(name, own);
    return [
      [
        name,
        fixed(one.auc, 3),
        fixed(one.loss, 3),
        `${fixed(one.activeUnits, 1)} of ${one.latentSize ?? ''}`,
        fixed(one.divergence, 2),
        percent(one.classifierAccuracy),
        percent(one.overlapRandom),
        percent(one.overlapEntropy),
        percent(one.overlapChance),
        fixed(one.classes, 1),
        percent(one.largestClass),
        causesWords(one),
      ],
    ];
  });
  return markdownTable(
    [
      'strategy',
      'AUC',
      'loss',
      'active units',
      'KL, nats',
      "own M2's accuracy",
      'overlap with a draw',
      'with entropy',
      'by chance',
      'classes a round',
      'largest class',
      'cause of chance',
    ],
    rows,
  );
}

/** Answers of each class in the first round after the initial set, or in every round: means over rounds and seeds. */
export function classesTable(run: RunRecord, which: 'first round' | 'every round'): string[] {
  const labels = run.classNames.map((_, label) => label);
  const last = which === 'first round' ? 2 : undefined;
  return markdownTable(
    [
      `bought in ${which === 'first round' ? 'the first round' : 'a round'}`,
      ...labels.map((label) => className(run, label)),
    ],
    run.strategies.map(({ name }) => {
      const rounds = run.cells
        .filter(({ strategy }) => strategy === name)
        .flatMap((cell) => cell.rounds.slice(1, last));
      const counts = (wanted: number) =>
        rounds.map(({ answers }) => answers.filter(({ label }) => label === wanted).length);
      return [name, ...labels.map((label) => fixed(mean(counts(label)), 1))];
    }),
  );
}

function fixed(value: number | null, digits: number): string {
  return value === null ? '' : value.toFixed(digits);
}
