/**
 * One round of ASAL as an experiment pays for it, less what is done once: the pool's candidates are listed, 50 images are
 * searched for, turned into features and matched, and the matches leave the pool. And the round of exhaustive
 * uncertainty sampling, whose time is that of scoring the pool.
 */
import type { Generator } from '../../generators/generator.ts';
import { type FeatureMap, featuresOfBytes } from '../../matching/features/feature-map.ts';
import { matchedRows, matchQueries } from '../../matching/match.ts';
import { MatchConfig } from '../../matching/match-config.ts';
import type { MatchIndex } from '../../matching/match-index.ts';
import type { Pool } from '../../src/acquisition/pool.ts';
import type { Classifier } from '../../src/classifiers/classifier.ts';
import { scoreImages } from '../../src/classifiers/predict.ts';
import { imageSize, type Split } from '../../src/datasets/dataset.ts';
import { searchLatents } from '../../src/queries/latent-search.ts';
import type { Stream } from '../../src/random.ts';

/** Images a round asks for, and gradient steps that each takes. */
export const QUERIES = 50;
export const STEPS = 100;

/** Milliseconds of the parts of a round, and of all. */
export interface RoundTimes {
  /** Latents moved through the generator, to the largest entropy of the task model. */
  readonly searchMs: number;
  /** Features of what was found. */
  readonly featuresMs: number;
  /** Candidates listed, the index told of them, neighbours found, and matches taken out of the pool. */
  readonly matchMs: number;
  readonly totalMs: number;
}

export interface RoundModels {
  readonly generator: Generator;
  readonly classifier: Classifier;
  readonly map: FeatureMap;
}

/** Takes one round; the pool and the index shrink by {@link QUERIES} rows. */
export async function takeRound(
  { generator, classifier, map }: RoundModels,
  pool: Pool,
  index: MatchIndex,
  stream: Stream,
): Promise<RoundTimes> {
  const start = performance.now();
  const options = { queries: QUERIES, steps: STEPS, restarts: 1, objective: 'entropy' } as const;
  const { images } = await searchLatents(generator, classifier, stream, options);
  const searched = performance.now();
  const queries = await featuresOfBytes(map, images, generator.shape);
  const seen = performance.now();
  const batch = await matchQueries(queries, index, {
    ...MatchConfig.parse({}),
    candidates: pool.candidates,
  });
  pool.buy(matchedRows(batch));
  const end = performance.now();
  return {
    searchMs: searched - start,
    featuresMs: seen - searched,
    matchMs: end - seen,
    totalMs: end - start,
  };
}

/**
 * Milliseconds in which the task model scores `n` images. Where `n` is more than there are, it scores the same ones again
 * until it has scored `n`.
 */
export async function timeScoring(
  classifier: Classifier,
  { images, n: real }: Split,
  n: number,
): Promise<number> {
  const size = imageSize(classifier.shape);
  const start = performance.now();
  for (let done = 0; done < n; done += real) {
    await scoreImages(classifier, images.subarray(0, Math.min(real, n - done) * size));
  }
  return performance.now() - start;
}
