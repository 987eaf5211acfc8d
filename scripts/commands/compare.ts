import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFileAtomic } from '../../src/atomic-write.ts';
import { ConfigError } from '../../src/experiments/config-error.ts';
import { compareRuns } from '../../src/reports/compare.ts';
import { comparisonPage } from '../../src/reports/compare-page.ts';
import { comparisonText } from '../../src/reports/compare-text.ts';
import type { Arguments, Command } from '../command.ts';
import { SUMMARIES } from '../summaries.ts';

export const compareCommand: Command = {
  name: 'compare',
  usage: '<run folder>...',
  summary: SUMMARIES.compare,
  details: `
Strategies are compared seed by seed, on the seeds all runs have and up to the labels all runs planned to pay for; what
that leaves out is said. Where two runs have a strategy of the same name, the run's name goes before it. Failed cells
stay in the tables as failed.

Runs that differ in data, test set, initial set, classifier or its training, batch, oracle or any other setting but
their strategies are refused, each difference in a sentence. With --anyway they are compared and marked in red. Another
backend or version of genal is marked only.

Prints tables and writes a page with curves, tests and the penalty matrix, compare.html in the current folder, which
replaces the one there. With --json the page is written only if --out asks for it. docs/compare.md defines every figure.`,
  flags: {
    out: { type: 'string', value: 'FILE.html', help: 'The page; compare.html if left out' },
    json: { type: 'boolean', help: 'Print all figures as JSON and nothing else' },
    target: {
      type: 'string',
      value: 'SHARE',
      help: 'Accuracy, such as 0.95, for which labels needed are counted; what random reaches if left out',
    },
    anyway: { type: 'boolean', help: 'Compare runs that differ in more than their strategies' },
  },
  run: async (args) => {
    if (args.positionals.length === 0) {
      throw new ConfigError('expected one or more run folders, got nothing; see --help');
    }
    const comparison = await compareRuns(args.positionals, { target: targetOf(args) });
    if (!comparison.fair && !args.has('anyway')) {
      const unfair = comparison.differences.filter(({ severity }) => severity === 'unfair');
      throw new ConfigError(
        `${unfair.map(({ sentence }) => sentence).join('\n')}\nNot compared; --anyway does it all the same and says so in the result.`,
      );
    }
    const isJson = args.has('json');
    const page = args.text('out') ?? (isJson ? undefined : 'compare.html');
    if (page !== undefined) await writePage(page, await comparisonPage(comparison));
    console.log(isJson ? JSON.stringify(comparison, null, 2) : comparisonText(comparison, red()));
    if (!isJson) console.log(`page: ${page}`);
    return 0;
  },
};

function targetOf(args: Arguments): number | undefined {
  const text = args.text('target');
  if (text === undefined) return undefined;
  const target = Number(text);
  if (!(target > 0 && target <= 1)) {
    throw new ConfigError(
      `--target: expected an accuracy above 0 and at most 1, such as 0.95, got "${text}"`,
    );
  }
  return target;
}

async function writePage(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFileAtomic(file, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(`--out: expected a file that can be written, got "${file}" (${code})`);
  }
}

/** Red on a terminal that has colours, plain in a file or a pipe. */
function red(): (text: string) => string {
  const hasColours = process.stdout.isTTY && !process.env.NO_COLOR;
  return (text) => (hasColours ? `\x1b[31m${text}\x1b[39m` : text);
}
