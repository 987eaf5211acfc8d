/**
 * What must be there before a strategy can run: trained models of the config, an index of the pool, a reference.
 */
import { createHash } from 'node:crypto';
import type { FeatureConfig } from '../../matching/features/config.ts';
import type { IndexConfig } from '../../matching/indexes/config.ts';
import type { ExperimentConfig } from './config.ts';
import { runPaths } from './run-folder.ts';
import type { StrategyConfig } from './strategies/config.ts';
import { synthesises } from './strategies/registry.ts';

/** What a strategy asks of a model under "generators". */
export type ModelRole = 'search' | 'encode' | 'discriminate';

/** Kinds of model that can play each role; what is in a folder is seen when it is opened. */
const KINDS: Readonly<Record<ModelRole, readonly string[]>> = {
  search: ['dcgan', 'wgan-gp', 'vae', 'folder'],
  encode: ['autoencoder', 'vae', 'folder'],
  discriminate: ['dcgan', 'wgan-gp', 'folder'],
};

/** An index of the pool; strategies that ask for the same one share it. */
export interface MatcherNeed {
  /** Names its folder. */
  readonly name: string;
  readonly features: FeatureConfig;
  readonly index: IndexConfig;
  /** The model that gives the features; undefined for principal components. */
  readonly model: string | undefined;
}

export interface StrategyNeeds {
  /** The generator whose latents are searched. */
  readonly searched?: string;
  /** Absent also for features that change every round. */
  readonly matcher?: MatcherNeed;
  /** Whether synthesised images are read by a reference classifier. */
  readonly reference: boolean;
}

/** The strategy's key in the config that is wrong, and how. */
export interface NeedProblem {
  readonly key: 'generator' | 'featuresOf';
  readonly message: string;
}

type Models = Pick<ExperimentConfig, 'generators'>;

/**
 * The needs of a strategy. What it does not name is taken if there is only one that can do it.
 *
 * @throws Error with the first of {@link needProblems}
 */
export function needsOf(config: Models, strategy: StrategyConfig): StrategyNeeds {
  const problem = needProblems(config, strategy)[0];
  if (problem !== undefined) throw new Error(`${problem.key}: ${problem.message}`);
  if (!synthesises(strategy)) return { reference: false };
  const searched = modelFor(config, 'search', strategy.generator) as string;
  if (strategy.kind !== 'asal' || strategy.features.kind === 'task-model')
    return { searched, reference: true };
  const { features, index } = strategy;
  const model = featureModel(config, strategy);
  const told = createHash('sha256')
    .update(JSON.stringify([features, index]))
    .digest('hex')
    .slice(0, 6);
  const name = [features.kind, ...(model === undefined ? [] : [model]), index.kind, told].join('-');
  return { searched, matcher: { name, features, index, model }, reference: true };
}

/** Models that the strategy asks for and the config does not have, or not without doubt. */
export function needProblems(config: Models, strategy: StrategyConfig): NeedProblem[] {
  if (!synthesises(strategy)) return [];
  const problems: NeedProblem[] = [];
  if (modelFor(config, 'search', strategy.generator) === undefined) {
    problems.push({ key: 'generator', message: expected(config, 'search', strategy.generator) });
  }
  const role = strategy.kind === 'asal' ? featureRole(strategy) : undefined;
  if (strategy.kind === 'asal' && role !== undefined && featureModel(config, strategy) === undefined) {
    problems.push({ key: 'featuresOf', message: expected(config, role, strategy.featuresOf) });
  }
  return problems;
}

/** What the strategies of an experiment ask of the model of this name. */
export function rolesOf(config: ExperimentConfig, name: string): ModelRole[] {
  const roles = config.strategies.flatMap((strategy): ModelRole[] => {
    const { searched, matcher } = needsOf(config, strategy);
    const role = strategy.kind === 'asal' ? featureRole(strategy) : undefined;
    return [
      ...(searched === name ? (['search'] as const) : []),
      ...(matcher?.model === name && role !== undefined ? [role] : []),
    ];
  });
  return [...new Set(roles)];
}

/** Whether each seed has a model of its own of this name. */
export function isPerSeed({ generators }: Models, name: string): boolean {
  const model = generators[name];
  return model !== undefined && 'perSeed' in model && model.perSeed;
}

/** Where the model of this name that a cell of this seed draws on lies. */
export function generatorDir(run: string, config: Models, name: string, seed: number): string {
  return runPaths.generator(run, name, isPerSeed(config, name) ? seed : null);
}

type Asal = Extract<StrategyConfig, { kind: 'asal' }>;

function featureRole({ features }: Asal): ModelRole | undefined {
  if (features.kind === 'autoencoder') return 'encode';
  return features.kind === 'discriminator' ? 'discriminate' : undefined;
}

/** The model whose features are taken; undefined also if none is needed. */
function featureModel(config: Models, strategy: Asal): string | undefined {
  const role = featureRole(strategy);
  if (role === undefined) return undefined;
  // A discriminator knows best the images of its own generator.
  const asked =
    strategy.featuresOf ??
    (role === 'discriminate' ? modelFor(config, 'search', strategy.generator) : undefined);
  return modelFor(config, role, asked);
}

function modelFor(config: Models, role: ModelRole, asked: string | undefined): string | undefined {
  const known = namesFor(config, role);
  if (asked !== undefined) return known.includes(asked) ? asked : undefined;
  return known.length === 1 ? known[0] : undefined;
}

function namesFor({ generators }: Models, role: ModelRole): string[] {
  return Object.entries(generators).flatMap(([name, { kind }]) => (KINDS[role].includes(kind) ? [name] : []));
}

function expected(config: Models, role: ModelRole, asked: string | undefined): string {
  const known = namesFor(config, role);
  const what =
    known.length > 0
      ? `one of ${known.join(', ')}`
      : `an entry under "generators" (${KINDS[role].join(', ')})`;
  return `expected ${what}, got ${asked ?? 'none'}`;
}
