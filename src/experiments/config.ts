/**
 * What an experiment is: one JSON file, checked before any work starts. An unknown key, a wrong type or a plan
 * that cannot be carried out is reported with every other problem at once.
 */
import { z } from 'zod';
import { AutoencoderConfig } from '../../generators/autoencoder-config.ts';
import { DcganConfig } from '../../generators/dcgan-config.ts';
import { m2Layers } from '../../generators/m2-networks.ts';
import { VaeConfig } from '../../generators/vae-config.ts';
import { WganGpConfig } from '../../generators/wgan-gp-config.ts';
import { checkTrainable } from '../../generators/zoo.ts';
import { drawInitialRows } from '../acquisition/asking.ts';
import { StoppingRule } from '../acquisition/stopping-config.ts';
import { TaskModelConfig } from '../acquisition/task-model/config.ts';
import { ownOptions } from '../acquisition/task-model/open-m2.ts';
import { UnlabelledConfig, unlabelledProblem } from '../acquisition/unlabelled/config.ts';
import { DatasetConfig } from '../datasets/config.ts';
import type { Dataset } from '../datasets/dataset.ts';
import { rootStream } from '../random.ts';
import { ConfigError } from './config-error.ts';
import { BudgetConfig, OracleConfig, oracleProblems, startProblems } from './oracle-config.ts';
import { classifierProblem } from './strategies/classifier-needs.ts';
import { StrategyConfig } from './strategies/config.ts';
import { needProblems } from './strategy-needs.ts';

const seed = z.int().min(1).max(2_147_483_647);
const folderName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]*$/, 'expected lower-case letters, digits, dots and hyphens');

const generatorSeeds = {
  seed: seed.default(1).describe('Root seed when one generator serves all seeds'),
  perSeed: z.boolean().default(false).describe('Train one generator a seed instead of one for all'),
};
const FolderGenerator = z.strictObject({
  kind: z.literal('folder').describe('A trained generator, which is copied into the run'),
  path: z.string().min(1).describe('Its folder'),
});
const ExperimentGenerator = z.discriminatedUnion('kind', [
  DcganConfig.extend(generatorSeeds),
  WganGpConfig.extend(generatorSeeds),
  VaeConfig.extend(generatorSeeds),
  AutoencoderConfig.extend(generatorSeeds),
  FolderGenerator,
]);

export const ExperimentConfig = z
  .strictObject({
    name: folderName.describe('Names the run folder'),
    dataset: DatasetConfig,
    initial: z.strictObject({
      size: z.int().min(2).describe('Labels before the first round'),
      balanced: z.boolean().default(false).describe('As many of each class as can be, instead of at random'),
      classes: z
        .array(z.int().min(0))
        .min(2)
        .optional()
        .describe('Numbers of the classes that have labels at first, counted from 0; all if left out'),
    }),
    batch: z.int().min(1).describe('Queries a round'),
    candidates: z
      .int()
      .min(1)
      .optional()
      .describe(
        'Unlabelled images that a round chooses from, drawn anew each round and alike for all strategies; all if left out',
      ),
    rounds: z.int().min(1).describe('Rounds after the initial one'),
    seeds: z.array(seed).min(1).describe('Root seeds; every strategy runs once a seed'),
    classifier: TaskModelConfig,
    unlabelled: UnlabelledConfig.optional().describe(
      'What the task model learns from images that nobody labelled, the same for every strategy; nothing if left out',
    ),
    generators: z
      .record(folderName, ExperimentGenerator)
      .default({})
      .describe('Generators and other models by name'),
    oracle: OracleConfig.prefault({}),
    budget: BudgetConfig.optional().describe('When a cell has paid enough; after its rounds if left out'),
    stopping: z
      .array(StoppingRule)
      .default([])
      .describe('Rules that say when to stop, recorded in every round'),
    strategies: z.array(StrategyConfig).min(1),
  })
  .superRefine((config, context) => {
    const problem = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    if (new Set(config.seeds).size !== config.seeds.length) {
      problem(['seeds'], `expected different seeds, got ${JSON.stringify(config.seeds)}`);
    }
    const ofUnlabelled = config.unlabelled && unlabelledProblem(config.classifier);
    if (ofUnlabelled !== undefined) problem(['unlabelled'], ofUnlabelled);
    if (config.candidates !== undefined && config.candidates < config.batch) {
      problem(['candidates'], `expected at least a batch, ${config.batch}, got ${config.candidates}`);
    }
    const names = config.strategies.map((strategy) => strategy.name ?? strategy.kind);
    config.strategies.forEach((strategy, position) => {
      const name = names[position] as string;
      if (names.indexOf(name) !== position) {
        problem(['strategies', position], `expected a name of its own, got "${name}" again; set "name"`);
      }
      if (strategy.kind === 'stream' && config.candidates !== undefined) {
        problem(['candidates'], `expected none beside ${name}, to which images come one by one`);
      }
      const ofClassifier = classifierProblem(strategy, config.classifier);
      if (ofClassifier !== undefined) problem(['strategies', position], ofClassifier);
      if (strategy.kind === 'stream' && config.candidates !== undefined) {
        problem(
          ['candidates'],
          `expected none beside ${name}, whose images arrive one by one, got a subset a round`,
        );
      }
      for (const { key, message } of needProblems(config, strategy)) {
        problem(['strategies', position, key], message);
      }
    });
  });

export type ExperimentConfig = z.output<typeof ExperimentConfig>;
export type ExperimentGenerator = z.output<typeof ExperimentGenerator>;

/** The value of a JSON text; ConfigError naming its source if it is none. */
export function parseJson(source: string, text: string): unknown {
  try {
    // Some editors begin a file with a byte order mark.
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new ConfigError(`${source}: expected JSON, got ${(error as Error).message}`);
  }
}

/**
 * The config with every default written out, without `$schema`, which is for editors. ConfigError listing every problem, one a
 * line.
 */
export function parseConfig(source: string, raw: unknown): ExperimentConfig {
  const parsed = ExperimentConfig.safeParse(withoutSchema(raw));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    (issue) => `  ${issue.path.join('.') || '(whole file)'}: ${issue.message}`,
  );
  throw new ConfigError(`${source}: ${count(problems.length, 'problem')}\n${problems.join('\n')}`);
}

function withoutSchema(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return raw;
  const { $schema: _, ...config } = raw as Record<string, unknown>;
  return config;
}

/** ConfigError listing every way in which the data set cannot carry the plan. */
export function checkPlan(source: string, config: ExperimentConfig, dataset: Dataset): void {
  const problems: string[] = [];
  const { initial, batch, rounds } = config;
  const budget = initial.size + batch * rounds;
  if (budget > dataset.train.n) {
    problems.push(
      `  rounds: expected initial.size + batch x rounds to fit the ${dataset.train.n} rows of the pool, got ${initial.size} + ${batch} x ${rounds} = ${budget}`,
    );
  }
  const strange = initial.classes?.find((label) => label >= dataset.classNames.length);
  if (strange !== undefined) {
    problems.push(`  initial.classes: expected classes in [0, ${dataset.classNames.length}), got ${strange}`);
  }
  if (initial.balanced && initial.classes === undefined && initial.size < dataset.classNames.length) {
    problems.push(
      `  initial.size: expected at least one label for each of ${dataset.classNames.length} classes, got ${initial.size}`,
    );
  }
  const clusters = (config.unlabelled?.pretraining?.clustersPerClass ?? 0) * dataset.classNames.length;
  if (clusters > dataset.train.n) {
    problems.push(
      `  unlabelled.pretraining.clustersPerClass: expected no more clusters than the ${dataset.train.n} images of the pool, got ${clusters}`,
    );
  }
  if (dataset.test.n === 0) problems.push('  dataset: expected test images, got none');
  const attempt = (path: string, check: () => unknown): void => {
    try {
      check();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.push(`  ${path}: ${error.message}`);
    }
  };
  const { classifier } = config;
  if (classifier.kind === 'm2') {
    attempt('classifier', () =>
      m2Layers({ ...ownOptions(classifier, dataset.classNames.length), shape: dataset.shape }),
    );
    if (budget === dataset.train.n) {
      problems.push(
        `  rounds: expected to leave a row of the pool unlabelled for m2 to learn from, got ${budget} of ${budget}`,
      );
    }
  }
  for (const [name, model] of Object.entries(config.generators)) {
    // What is in a folder is checked when it is opened: `checkGeneratorFolders`.
    if (model.kind === 'folder') continue;
    attempt(`generators.${name}`, () =>
      checkTrainable(model, dataset.shape, { images: dataset.train.n, labelled: 0 }),
    );
  }
  // More than a model can doubt would always be met.
  const doubt = Math.log(dataset.classNames.length);
  config.stopping.forEach((rule, position) => {
    if (rule.kind === 'uncertainty' && rule.threshold > doubt) {
      problems.push(
        `  stopping.${position}.threshold: expected an entropy of at most ${doubt.toFixed(3)} for ${dataset.classNames.length} classes, got ${rule.threshold}`,
      );
    }
  });
  // A draw of one class alone is told now, and not when its turn comes.
  for (const seed of budget > dataset.train.n ? [] : config.seeds) {
    attempt(`seeds, ${seed}`, () => drawInitialRows(dataset, initial, rootStream(seed)));
  }
  problems.push(...oracleProblems(config.oracle, dataset).map((line) => `  ${line}`));
  if (problems.length === 0) {
    const lines = config.seeds.flatMap((seed) => startProblems(config, dataset, seed));
    problems.push(...lines.map((line) => `  ${line}`));
  }
  if (problems.length > 0) {
    throw new ConfigError(`${source}: ${count(problems.length, 'problem')}\n${problems.join('\n')}`);
  }
}

/** The name under which a strategy's cells and curves go. */
export function strategyName(strategy: StrategyConfig): string {
  return strategy.name ?? strategy.kind;
}

/**
 * Sets `path=value` pairs in a raw config: dots go down, numbers index lists, values are JSON or else text.
 * ConfigError for a pair without `=`, or a path through something that is no object or list, or out of a list.
 */
export function applyOverrides(raw: unknown, overrides: readonly string[]): unknown {
  const config = structuredClone(raw);
  for (const override of overrides) {
    const split = override.indexOf('=');
    if (split < 1) throw new ConfigError(`--set: expected path=value, got "${override}"`);
    const keys = override.slice(0, split).split('.');
    const last = keys.pop() as string;
    let place: unknown = config;
    for (const key of keys) {
      const parent = placeOf(place, key, override);
      if (!Object.hasOwn(parent, key)) parent[key] = {};
      place = parent[key];
    }
    placeOf(place, last, override)[last] = parseValue(override.slice(split + 1));
  }
  return config;
}

/** `place` as something that can hold `key`. */
function placeOf(place: unknown, key: string, override: string): Record<string, unknown> {
  if (Array.isArray(place) && !(/^\d+$/.test(key) && Number(key) <= place.length)) {
    throw new ConfigError(
      `--set: expected a position from 0 to ${place.length} in a list, got "${key}" in "${override}"`,
    );
  }
  if (!isContainer(place) || key === '__proto__') {
    throw new ConfigError(`--set: expected a path into the config, got "${override}"`);
  }
  return place;
}

/** Each leaf that differs between two configs, `path: saved X, asked Y`. */
export function differences(saved: unknown, asked: unknown, path = ''): string[] {
  if (isContainer(saved) && isContainer(asked)) {
    const keys = new Set([...Object.keys(saved), ...Object.keys(asked)]);
    return [...keys].flatMap((key) =>
      differences(saved[key], asked[key], path === '' ? key : `${path}.${key}`),
    );
  }
  if (Object.is(saved, asked)) return [];
  return [
    `${path}: saved ${JSON.stringify(saved) ?? 'nothing'}, asked ${JSON.stringify(asked) ?? 'nothing'}`,
  ];
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
