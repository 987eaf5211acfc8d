/**
 * Strategies on arrays of any framework: what a model said of the pool in, rows to label out.
 *
 * The choice is that of the strategy of the same name, from the same code; only where probabilities and features come from
 * differs. Strategies that train a model of their own, or synthesise images, are not among them.
 */
import { z } from 'zod';
import { entropies, margins } from '../classifiers/predict.ts';
import { gatherRows } from '../gather-rows.ts';
import type { Stream } from '../random.ts';
import { checkInteger } from '../shapes.ts';
import { GradientEmbeddings } from './gradient-embeddings.ts';
import { greedyCentresBeside } from './greedy-centres.ts';
import type { MemberProbabilities } from './member-probabilities.ts';
import { nearestSquared } from './nearest-centre.ts';
import { highest, lowest } from './ranking.ts';
import { robustCentres } from './robust-centres.ts';
import { seedGradients } from './strategies/badge.ts';
import { mutualInformation } from './strategies/bald.ts';
import { CoreSetConfig } from './strategies/core-set-config.ts';
import { pickDiverse } from './strategies/dbal.ts';
import { DbalConfig } from './strategies/dbal-config.ts';
import { expectedGradientLengths } from './strategies/expected-gradient-length.ts';
import { informationDensities, meanCosines } from './strategies/information-density.ts';
import { InformationDensityConfig } from './strategies/information-density-config.ts';
import { leastConfidences } from './strategies/least-confidence.ts';
import { consensusEntropies } from './strategies/mc-entropy.ts';
import { meanDeviations } from './strategies/mean-std.ts';
import { voteEntropies } from './strategies/query-by-committee.ts';
import { QueryByCommitteeConfig } from './strategies/query-by-committee-config.ts';
import { mostTypical } from './strategies/typiclust.ts';
import { TypiclustConfig } from './strategies/typiclust-config.ts';
import { reduceVariance } from './strategies/variance-reduction.ts';
import { VarianceReductionConfig } from './strategies/variance-reduction-config.ts';
import { variationRatios } from './strategies/variation-ratios.ts';

/** A strategy and those of its options that mean something on arrays. */
export const ArrayStrategyConfig = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('random') }),
  z.strictObject({ kind: z.literal('least-confidence') }),
  z.strictObject({ kind: z.literal('margin') }),
  z.strictObject({ kind: z.literal('entropy') }),
  CoreSetConfig.extend({ kind: z.literal('core-set') }),
  z.strictObject({ kind: z.literal('badge') }),
  DbalConfig.extend({ kind: z.literal('dbal') }),
  InformationDensityConfig.extend({ kind: z.literal('information-density') }),
  TypiclustConfig.extend({ kind: z.literal('typiclust') }),
  z.strictObject({ kind: z.literal('expected-gradient-length') }),
  VarianceReductionConfig.extend({ kind: z.literal('variance-reduction') }),
  z.strictObject({ kind: z.literal('bald') }),
  z.strictObject({ kind: z.literal('variation-ratios') }),
  z.strictObject({ kind: z.literal('mean-std') }),
  z.strictObject({ kind: z.literal('mc-entropy') }),
  QueryByCommitteeConfig.pick({ disagreement: true }).extend({ kind: z.literal('query-by-committee') }),
]);

export type ArrayStrategyConfig = z.output<typeof ArrayStrategyConfig>;

/** Names of all strategies that work on arrays. */
export const ARRAY_STRATEGIES = ArrayStrategyConfig.options.map(({ shape }) => shape.kind.value);

/** What is known of a pool; a row is the same image in every array. */
export interface PoolArrays {
  /** Rows of every array. */
  readonly n: number;
  /** Rows that have a label, which no strategy picks. */
  readonly labelled: readonly number[];
  /** Class probabilities of one model or of several, `[n, members, classes]`, each summing to 1. */
  readonly probabilities?: MemberProbabilities;
  /** `[n, size]`, finite. */
  readonly features?: { readonly values: Float32Array; readonly size: number };
}

/** Rows to label, in the order they were picked. */
export interface ArraySelection {
  readonly rows: number[];
  /**
   * Why each was picked; null where there is no such number. The strategy's score; of `core-set` the distance to the nearest
   * row that was labelled or picked before, or null in its robust form, of `badge` the length of the gradient, of `dbal` the margin, of `typiclust` the
   * typicality, of `variance-reduction` by how much it lowers the variance.
   */
  readonly scores: (number | null)[];
}

/**
 * Picks `count` different rows without a label.
 *
 * Memory: beside the arrays, a copy of the features or probabilities of the candidates, and what the strategy's page says.
 * `core-set`, `dbal` and `typiclust` need a backend.
 *
 * @param stream ties, first centres and random picks; the same for the same seed
 * @throws RangeError if the strategy needs an array that is not given, or there are fewer candidates than asked for
 */
export async function selectFromArrays(
  config: ArrayStrategyConfig,
  arrays: PoolArrays,
  count: number,
  stream: Stream,
): Promise<ArraySelection> {
  const labelled = new Set(arrays.labelled);
  const candidates = Array.from({ length: arrays.n }, (_, row) => row).filter((row) => !labelled.has(row));
  checkInteger('selectFromArrays.count', count, 1);
  if (count > candidates.length) {
    throw new RangeError(
      `selectFromArrays.count: expected at most ${candidates.length}, the rows without a label, got ${count}`,
    );
  }
  const { picked, scores } = await pick(
    config,
    new Candidates(config.kind, arrays, candidates),
    count,
    stream,
  );
  return {
    rows: picked.map((at) => candidates[at] as number),
    scores: picked.map((at, turn) => {
      const score = scores?.(at, turn);
      return score !== undefined && Number.isFinite(score) ? score : null;
    }),
  };
}

interface Picked {
  readonly picked: readonly number[];
  /** Of a candidate that was picked in a turn. */
  readonly scores?: (candidate: number, turn: number) => number | undefined;
}

async function pick(
  config: ArrayStrategyConfig,
  of: Candidates,
  count: number,
  stream: Stream,
): Promise<Picked> {
  const best = (scores: ArrayLike<number>, take = highest): Picked => ({
    picked: take(scores, count, stream),
    scores: (at) => scores[at],
  });
  switch (config.kind) {
    case 'random':
      return { picked: stream.permutation(of.n).slice(0, count) };
    case 'least-confidence':
      return best(leastConfidences(of.probs(), of.classes()));
    case 'margin':
      return best(margins(of.probs(), of.classes()), lowest);
    case 'entropy':
      return best(entropies(of.probs(), of.classes()));
    case 'information-density': {
      const { values, size } = of.features();
      const density = meanCosines(values, size);
      return best(informationDensities(entropies(of.probs(), of.classes()), density, config.beta));
    }
    case 'expected-gradient-length': {
      const { values, size } = of.features();
      return best(expectedGradientLengths(of.probs(), of.classes(), values, size));
    }
    case 'variance-reduction': {
      const { values: features, size } = of.features();
      const pool = { features, probs: of.probs() };
      const labelled = { features: of.labelledFeatures(), probs: of.labelledProbs() };
      const sizes = { size, classes: of.classes() };
      const { rows, reductions } = reduceVariance(pool, labelled, sizes, count, config, stream);
      return { picked: rows, scores: (_, turn) => reductions[turn] };
    }
    case 'bald':
      return best(mutualInformation(of.members()));
    case 'variation-ratios':
      return best(variationRatios(of.members()));
    case 'mean-std':
      return best(meanDeviations(of.members()));
    case 'mc-entropy':
      return best(consensusEntropies(of.members()));
    case 'query-by-committee': {
      const measure = config.disagreement === 'vote-entropy' ? voteEntropies : mutualInformation;
      return best(measure(of.members()));
    }
    case 'core-set': {
      const { values, size } = of.features();
      const labelled = of.labelledFeatures();
      if (config.robust !== undefined) {
        const nearest = await nearestSquared(values, labelled, size);
        return { picked: (await robustCentres(values, size, nearest, count, config.robust, stream)).rows };
      }
      const { rows, distances } = await greedyCentresBeside(values, labelled, size, count, stream);
      return { picked: rows, scores: (_, turn) => distances[turn] };
    }
    case 'badge': {
      const { values, size } = of.features();
      const gradients = new GradientEmbeddings(of.probs(), of.classes(), values, size);
      const picked = seedGradients(gradients, count, stream);
      return { picked, scores: (at) => Math.sqrt(gradients.squaredNorms[at] as number) };
    }
    case 'dbal': {
      const margin = margins(of.probs(), of.classes());
      const featuresOf = async (rows: readonly number[]) => of.features(rows).values;
      const { picked } = await pickDiverse(margin, count, config.beta, featuresOf, stream);
      return { picked, scores: (at) => margin[at] };
    }
    case 'typiclust': {
      const { values, size } = of.features();
      const typical = await mostTypical(values, of.labelledFeatures(), size, count, config, stream);
      return { picked: typical.rows, scores: (_, turn) => typical.typicality[turn] };
    }
  }
}

/** The arrays, candidates alone; a RangeError names what a strategy misses. */
class Candidates {
  readonly #kind: string;
  readonly #arrays: PoolArrays;
  readonly #rows: readonly number[];

  constructor(kind: string, arrays: PoolArrays, rows: readonly number[]) {
    this.#kind = kind;
    this.#arrays = arrays;
    this.#rows = rows;
  }

  get n(): number {
    return this.#rows.length;
  }

  classes(): number {
    return this.#given('probabilities').classes;
  }

  /** Of one model, `[n, classes]`. */
  probs(rows = this.#rows): Float32Array {
    const { probs, members, classes } = this.#given('probabilities');
    if (members !== 1) {
      throw new RangeError(
        `selectFromArrays.probabilities: expected those of one model for ${this.#kind}, got ${members} models`,
      );
    }
    return gatherRows(probs, classes, rows);
  }

  /** Of several, `[n, members, classes]`. */
  members(): MemberProbabilities {
    const { probs, members, classes } = this.#given('probabilities');
    if (members < 2) {
      throw new RangeError(
        `selectFromArrays.probabilities: expected those of two or more models for ${this.#kind}, got one`,
      );
    }
    return { probs: gatherRows(probs, members * classes, this.#rows), members, classes };
  }

  /** Of all candidates, or of some. */
  features(candidates?: readonly number[]) {
    const { values, size } = this.#given('features');
    const rows = candidates?.map((at) => this.#rows[at] as number) ?? this.#rows;
    return { values: gatherRows(values, size, rows), size };
  }

  labelledProbs(): Float32Array {
    return this.probs(this.#arrays.labelled);
  }

  labelledFeatures(): Float32Array {
    const { values, size } = this.#given('features');
    return gatherRows(values, size, this.#arrays.labelled);
  }

  #given<Name extends 'probabilities' | 'features'>(name: Name): NonNullable<PoolArrays[Name]> {
    const given = this.#arrays[name];
    if (given === undefined) {
      throw new RangeError(`selectFromArrays.${name}: expected an array for ${this.#kind}, got none`);
    }
    return given;
  }
}
