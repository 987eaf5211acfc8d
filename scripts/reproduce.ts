/**
 * What scripts that reproduce a published experiment share: a preset run as `genal run` runs it, then a table.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../src/experiments/config-error.ts';
import type { Results } from '../src/reports/results.ts';
import { type RunRecord, readRun } from '../src/reports/run-record.ts';
import { helpOf, readArguments } from './command.ts';
import { runCommand } from './commands/run.ts';

export interface Reproduction {
  readonly name: string;
  readonly summary: string;
  /** The first is taken if none is named. */
  readonly presets: readonly [string, ...string[]];
  /** What is printed once the run is finished. */
  readonly tell: (results: Results, run: RunRecord) => string[] | Promise<string[]>;
}

/** Runs the script and sets the exit code: that of `genal run`. */
export async function reproduce(script: Reproduction): Promise<void> {
  try {
    process.exitCode = await main(script, process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

async function main(
  { name, summary, presets, tell }: Reproduction,
  words: readonly string[],
): Promise<number> {
  const command = {
    ...runCommand,
    name,
    usage: '[--preset NAME]',
    summary,
    flags: {
      ...runCommand.flags,
      preset: {
        type: 'string' as const,
        value: 'NAME',
        help: `${presets.join(', ')}; ${presets[0]} if left out`,
      },
    },
  };
  if (words.includes('--help')) {
    console.log(helpOf(command));
    return 0;
  }
  const args = readArguments(command, words);
  const preset = args.text('preset') ?? presets[0];
  const passed = words.filter((word, position) => word !== '--preset' && words[position - 1] !== '--preset');
  const status = await runCommand.run(readArguments(runCommand, [preset, ...passed]));
  if (status !== 0) return status;
  const run = args.text('out') ?? join('runs', preset);
  const results = JSON.parse(readFileSync(join(run, 'report', 'results.json'), 'utf8')) as Results;
  console.log((await tell(results, await readRun(run))).join('\n'));
  return 0;
}

/** A Markdown table. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
}

/** Accuracies at the first, a quarter, half and the last budget, and over all of them. */
export function accuracies({ strategies }: Results): string[] {
  const budgets = (strategies[0]?.curve ?? []).map(({ labelsCharged }) => labelsCharged);
  const chosen = [
    ...new Set([0, 0.25, 0.5, 1].map((share) => budgets[Math.round(share * (budgets.length - 1))])),
  ];
  return markdownTable(
    ['strategy', ...chosen.map((labels) => `${labels} labels`), 'mean over the curve'],
    strategies.map((strategy) => [
      strategy.name,
      ...chosen.map((labels) => accuracyAt(strategy, labels as number)),
      meanAndDeviation(strategy.areaUnderBudgetCurve),
    ]),
  );
}

/** How far every strategy lies above random, by its mean over the curve; negative is below. */
export function againstRandom({ pairs }: Results): string[] {
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

/** Mean and standard deviation of a strategy's accuracy at a budget; empty where it has no such point. */
export function accuracyAt({ curve }: Results['strategies'][number], labels: number): string {
  const point = curve.find(({ labelsCharged }) => labelsCharged === labels);
  return point === undefined ? '' : meanAndDeviation(point);
}

/** A mean with its standard deviation, or alone where one seed has none. */
function meanAndDeviation(of: {
  readonly mean: number | null;
  readonly standardDeviation: number | null;
}): string {
  return of.standardDeviation === null
    ? digits(of.mean)
    : `${digits(of.mean)} ± ${digits(of.standardDeviation)}`;
}

/** Four digits after the point; empty for what is not there. */
export function digits(value: number | null | undefined): string {
  return value == null ? '' : value.toFixed(4);
}

/** A share as a percentage. */
export function percent(share: number | null | undefined): string {
  return share == null ? '' : `${(100 * share).toFixed(1)} %`;
}
