/**
 * Whether runs may be compared: everything but the strategies must have been the same, or a difference in accuracy
 * could be due to that. A run has one protocol for all its strategies, so it is across runs that they can part.
 *
 * A strategy that adds training images of its own is told too: its curve compares, and shows more than its choice.
 *
 * The settings are compared and, because code may have changed under the same settings, what they led to: on one seed
 * all strategies start from the same labels and the same accuracy.
 */
import type { RoundRecord } from '../acquisition/round-record.ts';
import { ExperimentConfig } from './config.ts';

/** What is asked of a run; `readRun` of the reports gives it. */
export interface ComparedRun {
  /** Its folder, by which sentences call it. */
  readonly dir: string;
  /** Content of `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Content of `manifest.json`; null if there is none. */
  readonly manifest: Readonly<Record<string, unknown>> | null;
  readonly cells: readonly {
    readonly strategy: string;
    readonly seed: number;
    readonly rounds: readonly RoundRecord[];
  }[];
}

/** A difference between runs other than their strategies. */
export interface Difference {
  readonly about: string;
  /** `unfair`: accuracies do not compare. `notable`: they do, and a reader should know. */
  readonly severity: 'unfair' | 'notable';
  readonly sentence: string;
}

/** Keys of a config that say what is compared, or that have a check of their own; all others are the protocol. */
const NOT_PROTOCOL: readonly string[] = [
  'name',
  'strategies',
  'generators',
  'seeds',
  'rounds',
  'budget',
  'stopping',
  'dataset',
];

const WORDS: Readonly<Record<string, string>> = {
  classifier: 'the classifier and its training',
  initial: 'the initial set',
  batch: 'the batch',
  oracle: 'the oracle',
  unlabelled: 'the use of unlabelled images',
};

/** Leaves of a setting that one sentence spells out. */
const MOST_LEAVES = 4;

/**
 * Every difference of each run from the first, and starts that differ within one. Empty if nothing differs.
 *
 * Defaults are filled in first, so that a setting which an older run does not have is no difference.
 */
export function differencesBetween(runs: readonly ComparedRun[]): Difference[] {
  const whole = runs.map((run) => ({ ...run, config: withDefaults(run.config) }));
  const [first, ...others] = whole;
  if (first === undefined) return [];
  return [
    ...whole.flatMap(startsWithin),
    ...whole.flatMap(extraWithin),
    ...others.flatMap((other) => {
      const found = [
        ...dataDifferences(first, other),
        ...protocolDifferences(first, other),
        ...seedDifferences(first, other),
      ];
      const isExplained = found.some(({ severity }) => severity === 'unfair');
      return [
        ...found,
        ...backendDifferences(first, other),
        // Other settings lead to other starts, which need no sentence of their own.
        ...(isExplained ? [] : startDifferences(first, other)),
      ];
    }),
  ];
}

function dataDifferences(a: ComparedRun, b: ComparedRun): Difference[] {
  const [before, now] = [a.manifest?.dataSha256, b.manifest?.dataSha256];
  const settings = leafDifferences(a.config.dataset, b.config.dataset);
  if (typeof before !== 'string' || typeof now !== 'string') {
    const silent = typeof before === 'string' ? b : a;
    return [
      settings.length === 0
        ? notable(
            'data',
            `${silent.dir} has no manifest.json, so whether its images are the same is unknown.`,
          )
        : unfair('data', a, b, 'the data set', settings),
    ];
  }
  if (before === now) return [];
  const sizes = (run: ComparedRun) => `${run.manifest?.trainImages} and ${run.manifest?.testImages} images`;
  const found: Difference[] = [
    unfair('data', a, b, 'the images or labels of the data set', [
      ...settings,
      `${sizes(b)} with SHA-256 ${now.slice(0, 12)}, not ${sizes(a)} with ${before.slice(0, 12)}`,
    ]),
  ];
  if (a.manifest?.testImages !== b.manifest?.testImages) {
    found.push(
      unfair('test set', a, b, 'the test set', [
        `${b.manifest?.testImages} images, not ${a.manifest?.testImages}`,
      ]),
    );
  }
  return found;
}

function protocolDifferences(a: ComparedRun, b: ComparedRun): Difference[] {
  const keys = [...new Set([...Object.keys(a.config), ...Object.keys(b.config)])];
  return keys
    .filter((key) => !NOT_PROTOCOL.includes(key))
    .flatMap((key) => {
      const leaves = leafDifferences(a.config[key], b.config[key]);
      return leaves.length === 0 ? [] : [unfair(key, a, b, WORDS[key] ?? `the setting "${key}"`, leaves)];
    });
}

function seedDifferences(a: ComparedRun, b: ComparedRun): Difference[] {
  const [before, now] = [a.config.seeds as number[], b.config.seeds as number[]];
  if (now.some((seed) => before.includes(seed))) return [];
  return [unfair('seeds', a, b, 'all seeds', [`${now.join(', ')}, not ${before.join(', ')}`])];
}

function backendDifferences(a: ComparedRun, b: ComparedRun): Difference[] {
  const [before, now] = [a.manifest?.backend, b.manifest?.backend];
  const backend =
    before === now || before === undefined || now === undefined
      ? []
      : [
          notable(
            'backend',
            `${b.dir} was computed on ${now}, ${a.dir} on ${before}: the same experiment differs between them by rounding.`,
          ),
        ];
  const [older, newer] = [a.manifest?.genal, b.manifest?.genal];
  const version =
    older === newer || older === undefined || newer === undefined
      ? []
      : [notable('version', `${b.dir} was made by genal ${newer}, ${a.dir} by genal ${older}.`)];
  return [...backend, ...version];
}

function startsWithin(run: ComparedRun): Difference[] {
  const seeds = [...new Set(run.cells.map(({ seed }) => seed))];
  const unequal = seeds.filter((wanted) => {
    const starts = run.cells.flatMap(({ seed, rounds }) =>
      seed === wanted ? (rounds[0]?.testAccuracy ?? []) : [],
    );
    return new Set(starts).size > 1;
  });
  if (unequal.length === 0) return [];
  return [
    {
      about: 'start',
      severity: 'unfair',
      sentence: `${run.dir}: its strategies do not start from the same accuracy on ${seedWords(unequal)}, so they were not trained alike.`,
    },
  ];
}

/** Strategies whose task models are trained on more than what was bought. */
function extraWithin({ dir, cells }: ComparedRun): Difference[] {
  const strategies = [...new Set(cells.map(({ strategy }) => strategy))];
  return strategies.flatMap((strategy) => {
    const rounds = cells.flatMap((cell) => (cell.strategy === strategy ? cell.rounds : []));
    const added = rounds.flatMap(({ extra }) => extra ?? []);
    const count = added.reduce((sum, { labels }) => sum + labels.length, 0);
    if (count === 0) return [];
    const what = added.some(({ rows }) => rows === undefined)
      ? 'synthesised images, with labels bought for others,'
      : 'pool images under labels of its own';
    return [
      notable(
        'training set',
        `${dir}: ${strategy} trains the task model on ${what} beside those bought, ${count} in ${added.length} rounds, none of them charged. Its accuracy at a number of labels is due to them and to its choice together.`,
      ),
    ];
  });
}

function startDifferences(a: ComparedRun, b: ComparedRun): Difference[] {
  const [before, now] = [starts(a), starts(b)];
  const shared = [...now.keys()].filter((seed) => before.has(seed));
  const labels = shared.filter((seed) => labelsOf(before.get(seed)) !== labelsOf(now.get(seed)));
  const accuracies = shared.filter(
    (seed) => before.get(seed)?.testAccuracy !== now.get(seed)?.testAccuracy && !labels.includes(seed),
  );
  const found: Difference[] = [];
  if (labels.length > 0) {
    found.push(unfair('initial labels', a, b, `the labels they begin with on ${seedWords(labels)}`, []));
  }
  if (accuracies.length > 0) {
    const example = accuracies[0] as number;
    const detail = `${now.get(example)?.testAccuracy}, not ${before.get(example)?.testAccuracy}, on seed ${example}`;
    found.push(
      isSameArithmetic(a, b)
        ? unfair('start', a, b, `the accuracy they start from on ${seedWords(accuracies)}`, [detail])
        : notable(
            'start',
            `${b.dir} and ${a.dir} start from different accuracies on ${seedWords(accuracies)} (${detail}); they were computed on different backends, machines or numbers of threads, which may be why.`,
          ),
    );
  }
  return found;
}

/** Round 0 of the first cell of each seed that has one. */
function starts({ cells }: ComparedRun): Map<number, RoundRecord> {
  const found = new Map<number, RoundRecord>();
  for (const { seed, rounds } of cells) {
    if (rounds[0] !== undefined && !found.has(seed)) found.set(seed, rounds[0]);
  }
  return found;
}

function labelsOf(start: RoundRecord | undefined): string {
  return (start?.answers ?? []).map(({ label }) => label).join();
}

/** Whether equal work must have given equal bits: the threads of a cell follow from cores and cells. */
function isSameArithmetic(a: ComparedRun, b: ComparedRun): boolean {
  const arithmetic = ({ config, manifest }: ComparedRun) => {
    const machine = manifest?.machine as { cpu?: string; cores?: number } | undefined;
    const cells = (config.seeds as unknown[]).length * (config.strategies as unknown[]).length;
    const threads = Math.max(1, Math.floor((machine?.cores ?? 1) / cells));
    return JSON.stringify([manifest?.backend, manifest?.backendDetail, machine?.cpu, threads]);
  };
  return a.manifest !== null && b.manifest !== null && arithmetic(a) === arithmetic(b);
}

function withDefaults(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const parsed = ExperimentConfig.safeParse(config);
  return parsed.success ? parsed.data : config;
}

/** `path new, not old` for each leaf in which two settings differ. */
function leafDifferences(before: unknown, now: unknown, path = ''): string[] {
  if (isContainer(before) && isContainer(now)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
    return [...keys].flatMap((key) =>
      leafDifferences(before[key], now[key], path === '' ? key : `${path}.${key}`),
    );
  }
  if (Object.is(before, now)) return [];
  const words = (value: unknown) => JSON.stringify(value) ?? 'nothing';
  return [`${path === '' ? '' : `${path} `}${words(now)}, not ${words(before)}`];
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function unfair(
  about: string,
  a: ComparedRun,
  b: ComparedRun,
  what: string,
  details: readonly string[],
): Difference {
  const more =
    details.length > MOST_LEAVES ? [`and ${details.length - MOST_LEAVES} more differences in it`] : [];
  const shown = [...details.slice(0, MOST_LEAVES), ...more].join('; ');
  return {
    about,
    severity: 'unfair',
    sentence: `${b.dir} differs from ${a.dir} in ${what}${shown === '' ? '' : ` (${shown})`}, so a difference in accuracy may be due to that and not to the strategies.`,
  };
}

function notable(about: string, sentence: string): Difference {
  return { about, severity: 'notable', sentence };
}

function seedWords(seeds: readonly number[]): string {
  return `${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`;
}
