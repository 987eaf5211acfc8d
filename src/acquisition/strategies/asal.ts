/**
 * ASAL: images are synthesised where the task model is uncertain, and each is replaced by the most similar image of the
 * pool, which is labelled in its stead. The pool is never scored: what a round costs hardly depends on its size.
 *
 *     z    = argmin_z objective(f(G(z)))            a latent search, `batch` of them at once
 *     x    = phi(G(z))                              features of the synthesised images, rounded to bytes
 *     row  = argmin_row |x - phi(pool image)|       of the unlabelled rows, no row twice
 *
 * Source: Mayer and Timofte 2020, "Adversarial Sampling for Active Learning" (WACV; arXiv:1808.06671), section 3.
 * Differs: the search is that of `../../queries/latent-search.ts` (latents stay where the prior has its mass); queries
 * that want the same image are told apart (`../../../matching/match-collisions.ts`).
 */
import type { Generator } from '../../../generators/generator.ts';
import { type FeaturePlane, featurePlane } from '../../../matching/feature-plane.ts';
import { featuresOfBytes } from '../../../matching/features/feature-map.ts';
import { hashClassifier } from '../../../matching/features/model-hash.ts';
import { taskModelFeatures } from '../../../matching/features/task-model.ts';
import { buildIndex } from '../../../matching/indexes/build.ts';
import { matchedRows, matchQueries } from '../../../matching/match.ts';
import { MatchIndex } from '../../../matching/match-index.ts';
import type { Matcher } from '../../../matching/matcher.ts';
import { searchLatents } from '../../queries/latent-search.ts';
import type { Round, Selection, Strategy } from '../strategy.ts';
import type { AsalConfig } from './asal-config.ts';
import { asalEvidence, uncertaintyMeasure } from './asal-evidence.ts';
import { Stopwatch } from './stopwatch.ts';

export interface AsalResources {
  /** Trained on images of the pool's shape. It stays the caller's. */
  readonly generator: Generator;
  /** Over all rows of the pool; needed for all features but those of the task model. It stays the caller's. */
  readonly matcher?: Matcher | undefined;
}

/**
 * A strategy that buys `batch` rows of the pool, with the figures of `SearchDiagnostics` and of {@link asalEvidence}.
 *
 * @throws RangeError if the features need a matcher and none is given. `select` throws one if the generator's images
 *   have another shape than the pool's, or the pool has fewer candidates than the batch
 */
export function createAsal(options: AsalConfig, { generator, matcher }: AsalResources): Strategy {
  if (options.features.kind !== 'task-model' && matcher === undefined) {
    throw new RangeError(`createAsal.matcher: expected one for ${options.features.kind} features, got none`);
  }
  // The same in all rounds, and not made before it is needed: it takes seconds.
  let storedPlane: FeaturePlane | undefined;
  return {
    select: async (round): Promise<Selection> => {
      const { batch, classifier, pool, stream } = round;
      const objective =
        options.objective === 'auto' ? (pool.classes === 2 ? 'boundary' : 'entropy') : options.objective;
      const watch = new Stopwatch();

      const search = await watch.time('generateMs', () =>
        searchLatents(generator, classifier, stream, {
          ...searchOptionsOf(options),
          objective,
          queries: batch,
        }),
      );
      const current = matcher ?? (await watch.time('matchMs', () => taskModelMatcher(options, round)));
      try {
        const matched = await watch.time('matchMs', async () =>
          matchQueries(await featuresOfBytes(current.map, search.images, pool.shape), current.index, {
            ...options.match,
            candidates: pool.candidates,
            entropies: (rows) =>
              watch.time('scoreMs', () => uncertaintyMeasure('entropy', classifier, pool.bytes(rows))),
          }),
        );
        const times = watch.times();
        const plane = storedPlane ?? featurePlane(current.index);
        if (current === matcher) storedPlane = plane;
        const evidence = await asalEvidence({ search, matched, matcher: current, plane, round, options });
        return { kind: 'pool', rows: matchedRows(matched), times, ...evidence };
      } finally {
        if (current !== matcher) current.dispose();
      }
    },
  };
}

function searchOptionsOf(options: AsalConfig) {
  const { steps, restarts, learningRate, prior, priorWidth, diversityWeight } = options;
  return { steps, restarts, learningRate, prior, priorWidth, diversityWeight };
}

/** An index of the candidates by what the present task model sees in them. The caller disposes it. */
async function taskModelMatcher(
  { features, index: config }: AsalConfig,
  { classifier, pool, stream }: Round,
): Promise<Matcher> {
  if (features.kind !== 'task-model') throw new Error(`expected task-model features, got ${features.kind}`);
  const map = taskModelFeatures({ classifier, sha256: await hashClassifier(classifier) }, features);
  const values = await featuresOfBytes(map, pool.bytes(pool.candidates), pool.shape);
  const vectors = { values, size: map.size };
  const index = new MatchIndex(
    await buildIndex(config, vectors, stream.of('index')),
    vectors,
    pool.candidates,
  );
  const dispose = (): void => {
    index.dispose();
    map.dispose();
  };
  return { map, index, dispose };
}
