#!/usr/bin/env node
/**
 * Reproduces the GAAL experiment on MNIST 5 against 7 and prints its table beside the figures of the public
 * replication it is compared with.
 *
 *     npx tsx scripts/reproduce-gaal.ts [--preset gaal-mnist-5v7] [any flag of genal run]
 *
 * Writes the run folder of the preset, `runs/<preset>/`, report included. `--preset gaal-smoke` takes a minute.
 */
import { mean } from '../src/experiments/statistics.ts';
import type { Results } from '../src/reports/results.ts';
import type { CellRecord } from '../src/reports/run-record.ts';
import { accuracyAt, digits, markdownTable, percent, reproduce } from './reproduce.ts';

/**
 * Read off the curves of the public replication (billzhaox/PyTorch-GAAL@86cc05e, doc/img/M.png), mean of 10
 * runs, by eye to about 0.001.
 */
const published: readonly { labels: number; random: number | null; gaal: number | null }[] = [
  { labels: 50, random: 0.977, gaal: 0.977 },
  { labels: 60, random: null, gaal: 0.971 },
  { labels: 190, random: null, gaal: 0.9857 },
  { labels: 350, random: null, gaal: 0.988 },
  { labels: 400, random: 0.985, gaal: 0.988 },
];

/**
 * Mean and standard deviation over seeds at our first and last budget and, for the experiment it published, at those
 * of the replication; as Markdown.
 */
function tableOf({ name, strategies }: Results): string[] {
  const curve = strategies[0]?.curve ?? [];
  const theirs = name === 'gaal-mnist-5v7' ? published : [];
  const budgets = new Set([curve[0], curve.at(-1), ...theirs].flatMap((point) => budgetOf(point)));
  const rows = [...budgets]
    .sort((a, b) => a - b)
    .map((labels) => {
      const point = theirs.find((candidate) => candidate.labels === labels);
      return [
        `${labels}`,
        ...strategies.map((strategy) => accuracyAt(strategy, labels)),
        digits(point?.random),
        digits(point?.gaal),
      ];
    });
  const ours = strategies.map((strategy) => `${strategy.name}, ours`);
  const head = ['labels paid', ...ours, 'random, replication', 'gaal, replication'];
  return markdownTable(head, rows);
}

function budgetOf(point: { labels: number } | { labelsCharged: number } | undefined): number[] {
  if (point === undefined) return [];
  return ['labels' in point ? point.labels : point.labelsCharged];
}

/** Means over all rounds and seeds of what GAAL's searches tell about themselves. */
function describeSearch(cells: readonly CellRecord[]): string {
  const rounds = cells.flatMap((cell) => cell.rounds.filter(({ synthesised }) => synthesised !== undefined));
  const of = (name: string): number =>
    mean(rounds.map(({ diagnostics }) => diagnostics[name] as number)) ?? 0;
  const asked = rounds.reduce((sum, { answers }) => sum + answers.length, 0);
  const [start, end, bytes] = [of('objectiveStart'), of('objectiveEnd'), of('objectiveEndQuantised')];
  return [
    `${asked} queries in ${rounds.length} rounds`,
    `distance to the boundary: ${start.toPrecision(3)} at random samples, ${end.toPrecision(2)} after the search, ${bytes.toPrecision(2)} as bytes`,
    `reached ${percent(of('shareReached'))}, crossed ${percent(of('shareCrossed'))}, unreadable to the oracle ${percent(of('abstentions') / (asked / rounds.length))}`,
  ].join('; ');
}

await reproduce({
  name: 'reproduce-gaal',
  summary: 'Runs the GAAL experiment and prints its figures beside published ones',
  presets: ['gaal-mnist-5v7', 'gaal-smoke'],
  tell: (results, { cells }) => [...tableOf(results), '', describeSearch(cells)],
});
