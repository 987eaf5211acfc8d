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
  readonly tell: (results: Results, run: RunRecord) => string[];
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
  console.log(tell(results, await readRun(run)).join('\n'));
  return 0;
}

/** A Markdown table. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
}

/** Mean and standard deviation of a strategy's accuracy at a budget; empty where it has no such point. */
export function accuracyAt({ curve }: Results['strategies'][number], labels: number): string {
  const point = curve.find(({ labelsCharged }) => labelsCharged === labels);
  return point === undefined ? '' : `${digits(point.mean)} ± ${digits(point.standardDeviation)}`;
}

/** Four digits after the point; empty for what is not there. */
export function digits(value: number | null | undefined): string {
  return value == null ? '' : value.toFixed(4);
}

/** A share as a percentage. */
export function percent(share: number | null | undefined): string {
  return share == null ? '' : `${(100 * share).toFixed(1)} %`;
}
