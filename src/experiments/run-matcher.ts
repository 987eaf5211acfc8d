/**
 * Indexes of the pool in a run folder, which cells share.
 */
import { loadGenerator } from '../../generators/load.ts';
import { hashGeneratorFolder } from '../../matching/features/model-hash.ts';
import { type Matcher, openMatcher } from '../../matching/matcher.ts';
import type { Dataset } from '../datasets/dataset.ts';
import { loadDataset } from '../datasets/registry.ts';
import { rootStream } from '../random.ts';
import { poolIndex } from '../shapes.ts';
import type { ExperimentConfig } from './config.ts';
import { runPaths } from './run-folder.ts';
import { generatorDir, isPerSeed, type MatcherNeed, needsOf } from './strategy-needs.ts';

export interface MatcherContext {
  readonly run: string;
  readonly config: ExperimentConfig;
}

/** Root of what an index draws. It is no seed of the experiment, because all of them share the index. */
const ROOT = 1;
/** Pool images that recall is measured with, each as a query. */
const RECALL_SAMPLE = 200;
const RECALL_AT = 10;

/**
 * The index that a cell of this seed searches, from the run folder; made there if it is missing or does not fit.
 *
 * @returns the caller disposes the matcher; `built` says why it was made, null if it was there
 */
export async function openRunMatcher(
  { name, features, index, model }: MatcherNeed,
  { train, shape }: Dataset,
  seed: number,
  { run, config }: MatcherContext,
): Promise<{ readonly matcher: Matcher; readonly built: string | null }> {
  const modelDir = model === undefined ? undefined : generatorDir(run, config, model, seed);
  const generator = modelDir === undefined ? undefined : await loadGenerator(modelDir);
  try {
    const { matcher, built } = await openMatcher(matcherDir(run, config, { name, model }, seed), {
      bytes: train.images,
      shape,
      rows: Array.from({ length: train.n }, (_, row) => poolIndex(row)),
      features,
      index,
      stream: rootStream(ROOT).of('matching', name),
      ...(generator !== undefined &&
        modelDir !== undefined && {
          generator: { generator, sha256: await hashGeneratorFolder(modelDir) },
        }),
    });
    const dispose = (): void => {
      matcher.dispose();
      generator?.dispose();
    };
    return { matcher: { map: matcher.map, index: matcher.index, dispose }, built };
  } catch (error) {
    generator?.dispose();
    throw error;
  }
}

/** Makes an index, or sees that the one in the run folder fits, and says in a line what it is worth. */
export async function makeMatcher(
  name: string,
  seed: number | null,
  context: MatcherContext & { readonly dataDirs: readonly string[]; readonly onLine: (text: string) => void },
): Promise<void> {
  const { config, dataDirs, onLine } = context;
  const need = config.strategies
    .map((strategy) => needsOf(config, strategy).matcher)
    .find((matcher) => matcher?.name === name);
  if (need === undefined)
    throw new Error(`index ${name}: expected a strategy of the config that searches it`);
  const dataset = await loadDataset(config.dataset, { dataDirs });
  const { matcher, built } = await openRunMatcher(need, dataset, seed ?? ROOT, context);
  try {
    const { map, index } = matcher;
    const stream = rootStream(ROOT).of('matching', name, 'recall');
    const recall =
      need.index.kind === 'exact'
        ? ''
        : `, recall@${RECALL_AT} ${(await index.recall(stream, { k: RECALL_AT, rows: RECALL_SAMPLE })).recall.toFixed(3)}`;
    const made = built === null ? 'was there' : 'made';
    onLine(`${made}: ${index.count} images by ${map.size} ${map.kind} features, ${need.index.kind}${recall}`);
  } finally {
    matcher.dispose();
  }
}

function matcherDir(
  run: string,
  config: ExperimentConfig,
  { name, model }: Pick<MatcherNeed, 'name' | 'model'>,
  seed: number,
): string {
  return runPaths.matcher(run, name, model !== undefined && isPerSeed(config, model) ? seed : null);
}
