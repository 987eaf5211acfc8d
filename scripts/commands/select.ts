import {
  ARRAY_STRATEGIES,
  ArrayStrategyConfig,
  selectFromArrays,
} from '../../src/acquisition/select-from-arrays.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { applyOverrides } from '../../src/experiments/config.ts';
import { ConfigError } from '../../src/experiments/config-error.ts';
import { rootStream } from '../../src/random.ts';
import { type Arguments, backendFlag, type Command } from '../command.ts';
import { parseConfig } from '../parse-config.ts';
import { readArrays } from '../read-arrays.ts';
import { SUMMARIES } from '../summaries.ts';

export const selectCommand: Command = {
  name: 'select',
  usage: '--strategy NAME --batch N',
  summary: SUMMARIES.select,
  details: `
Strategies: ${ARRAY_STRATEGIES.join(', ')}.

FEATURES is [n, size]: what stands before a model's last layer. PROBABILITIES is [n, classes], after the softmax; for bald,
variation-ratios, mean-std, mc-entropy and query-by-committee [models, n, classes], of passes with dropout or of a committee.
Both hold all images, labelled ones too, in the same order. Rows already labelled, as a JSON list such as [3, 17], are never
picked, and core-set and typiclust stay away from them.

Prints one row number a line, in the order they were picked; with --json also why. docs/select.md tells which strategy
needs which array, and shows the way from PyTorch.`,
  flags: {
    strategy: { type: 'string', value: 'NAME', help: 'What picks; see below' },
    batch: { type: 'string', value: 'N', help: 'Rows to pick' },
    features: { type: 'string', value: 'FILE.npy', help: 'Features of all images' },
    probabilities: { type: 'string', value: 'FILE.npy', help: 'Class probabilities of all images' },
    labelled: { type: 'string', value: 'FILE.json', help: 'Rows already labelled; none if left out' },
    seed: { type: 'string', value: 'S', help: 'Root seed of ties and draws; 1 if left out' },
    set: {
      type: 'string',
      value: 'NAME=VALUE',
      multiple: true,
      help: "A strategy's option, such as beta=50",
    },
    json: { type: 'boolean', help: 'Print {strategy, selected, scores} as JSON and nothing else' },
    backend: backendFlag,
  },
  run: async (args) => {
    args.none();
    const kind = required(args, 'strategy');
    if (!ARRAY_STRATEGIES.some((name) => name === kind)) {
      throw new ConfigError(`--strategy: expected one of ${ARRAY_STRATEGIES.join(', ')}, got "${kind}"`);
    }
    const config = parseConfig('--set', ArrayStrategyConfig, applyOverrides({ kind }, args.list('set')));
    required(args, 'batch');
    const batch = args.integer('batch', 1) as number;
    const stream = rootStream(args.integer('seed', 1) ?? 1).of('select');
    const arrays = await readArrays({
      features: args.text('features'),
      probabilities: args.text('probabilities'),
      labelled: args.text('labelled'),
    });
    await selectBackend(args.backend());
    const { rows, scores } = await pick(() => selectFromArrays(config, arrays, batch, stream));
    console.log(
      args.has('json') ? JSON.stringify({ strategy: kind, selected: rows, scores }) : rows.join('\n'),
    );
    return 0;
  },
};

function required(args: Arguments, flag: string): string {
  const text = args.text(flag);
  if (text === undefined) throw new ConfigError(`--${flag}: expected a value, got nothing; see --help`);
  return text;
}

/** What the arrays lack is the user's to know by the flag's name. */
async function pick<Picked>(choose: () => Promise<Picked>): Promise<Picked> {
  try {
    return await choose();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConfigError(error.message.replace('selectFromArrays.', '--').replace('--count', '--batch'));
  }
}
