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
import { ConfigError } from '../src/experiments/config.ts';
import type { Results } from '../src/reports/results.ts';
import { readArguments } from './command.ts';
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
  flags: {
    ...runCommand.flags,
    preset: { type: 'string' as const, value: 'NAME', help: 'gaal-mnist-5v7 or gaal-smoke' },
  },
};

async function main(words: readonly string[]): Promise<number> {
  const args = readArguments(command, words);
  const preset = args.text('preset') ?? 'gaal-mnist-5v7';
  const passed = words.filter((word, position) => word !== '--preset' && words[position - 1] !== '--preset');
  const status = await runCommand.run(readArguments(runCommand, [preset, ...passed]));
  if (status !== 0) return status;
  const run = args.text('out') ?? join('runs', preset);
  const results = JSON.parse(readFileSync(join(run, 'report', 'results.json'), 'utf8')) as Results;
  console.log(tableOf(results).join('\n'));
  return 0;
}

/** Ours at the budgets the replication shows, as Markdown. */
function tableOf({ strategies }: Results): string[] {
  const cell = (value: number | null | undefined): string => (value == null ? '' : value.toFixed(4));
  const at = (name: string, labels: number): number | null =>
    strategies
      .find((strategy) => strategy.name === name)
      ?.curve.find((point) => point.labelsCharged === labels)?.mean ?? null;
  const names = strategies.map(({ name }) => name);
  const rows = published.map(({ labels, random, gaal }) => [
    `${labels}`,
    ...names.map((name) => cell(at(name, labels))),
    cell(random),
    cell(gaal),
  ]);
  const head = [
    'labels',
    ...names.map((name) => `${name}, ours`),
    'random, replication',
    'gaal, replication',
  ];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
