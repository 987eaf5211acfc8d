#!/usr/bin/env node
/**
 * Reproduces the GAAL experiment on MNIST 5 against 7 and prints its table beside the figures of the public
 * replication it is compared with.
 *
 *     npx tsx scripts/reproduce-gaal.ts [--preset gaal-mnist-5v7] [any flag of genal run]
 *
 * Writes the run folder of the preset, `runs/<preset>/`, report included. `--preset gaal-smoke` takes a minute.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../src/experiments/config-error.ts';
import { mean } from '../src/experiments/statistics.ts';
import type { Results } from '../src/reports/results.ts';
import { type CellRecord, readRun } from '../src/reports/run-record.ts';
import { helpOf, readArguments } from './command.ts';
import { runCommand } from './commands/run.ts';

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

const command = {
  ...runCommand,
  name: 'reproduce-gaal',
  usage: '[--preset NAME]',
  summary: 'Runs the GAAL experiment and prints its figures beside published ones',
  flags: {
    ...runCommand.flags,
    preset: { type: 'string' as const, value: 'NAME', help: 'gaal-mnist-5v7 or gaal-smoke' },
  },
};

async function main(words: readonly string[]): Promise<number> {
  if (words.includes('--help')) {
    console.log(helpOf(command));
    return 0;
  }
  const args = readArguments(command, words);
  const preset = args.text('preset') ?? 'gaal-mnist-5v7';
  const passed = words.filter((word, position) => word !== '--preset' && words[position - 1] !== '--preset');
  const status = await runCommand.run(readArguments(runCommand, [preset, ...passed]));
  if (status !== 0) return status;
  const run = args.text('out') ?? join('runs', preset);
  const results = JSON.parse(readFileSync(join(run, 'report', 'results.json'), 'utf8')) as Results;
  console.log(tableOf(results).join('\n'));
  console.log(`\n${describeSearch((await readRun(run)).cells)}`);
  return 0;
}

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
        ...strategies.map((strategy) => oursAt(strategy, labels)),
        digits(point?.random),
        digits(point?.gaal),
      ];
    });
  const ours = strategies.map((strategy) => `${strategy.name}, ours`);
  const head = ['labels paid', ...ours, 'random, replication', 'gaal, replication'];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
}

function budgetOf(point: { labels: number } | { labelsCharged: number } | undefined): number[] {
  if (point === undefined) return [];
  return ['labels' in point ? point.labels : point.labelsCharged];
}

function oursAt({ curve }: Results['strategies'][number], labels: number): string {
  const point = curve.find(({ labelsCharged }) => labelsCharged === labels);
  if (point === undefined) return '';
  return `${digits(point.mean)} ± ${digits(point.standardDeviation)}`;
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

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function digits(value: number | null | undefined): string {
  return value == null ? '' : value.toFixed(4);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
