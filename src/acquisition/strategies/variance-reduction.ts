/**
 * Variance reduction: candidates after whose labels the last layer's predictions on the pool would vary least.
 *
 *     repeat batch times: take argmin_x tr(A (F + F_x)^-1), and count it as labelled: F := F + F_x
 *
 * Source: Cohn, Ghahramani and Jordan 1996, "Active learning with statistical models"; for multinomial regression by A-optimality
 * Schein and Ungar 2007, "Active learning for logistic regression: an evaluation". The arithmetic is `fisher-information.ts`.
 * Differs: the regression is the task model's last layer, at the task model's probabilities; its inputs are reduced to their
 * leading directions, and candidates drawn from the pool.
 */
import { featuresOfImages, probabilities, scoreImages } from '../../classifiers/predict.ts';
import { gatherRows } from '../../gather-rows.ts';
import type { Stream } from '../../random.ts';
import { candidateRow, toPoolIndex } from '../../shapes.ts';
import { FisherInformation, type PredictedRows } from '../fisher-information.ts';
import { lastLayerMap } from '../last-layer-rows.ts';
import { highest } from '../ranking.ts';
import { poolFeatures, poolProbabilities } from '../score-pool.ts';
import type { Strategy } from '../strategy.ts';
import type { VarianceReductionConfig } from './variance-reduction-config.ts';

/** Features and probabilities of images, row by row. */
export interface FeaturesAndProbabilities {
  /** `[n, size]` */
  readonly features: Float32Array;
  /** `[n, classes]` */
  readonly probs: Float32Array;
}

/** What {@link reduceVariance} takes. */
export interface VarianceReduction {
  readonly rows: number[];
  /** By how much each lowers the variance, given those before it. */
  readonly reductions: number[];
  /** Mean variance of a prediction, summed over classes, before and after. */
  readonly before: number;
  readonly after: number;
}

/**
 * `count` different rows of the pool, one by one; of equal reductions the first in an order drawn from `stream`.
 *
 * Cost, with `d = (components + 1) classes`: `count (subset d^2 + 3 d^3)` multiplications. Memory: `24 d^2` bytes, and a copy of the
 * rows that are drawn.
 */
export function reduceVariance(
  pool: FeaturesAndProbabilities,
  labelled: FeaturesAndProbabilities,
  { size, classes }: { readonly size: number; readonly classes: number },
  count: number,
  { subset, evaluated, penalty, components }: VarianceReductionConfig,
  stream: Stream,
): VarianceReduction {
  const n = pool.features.length / size;
  const map = lastLayerMap(pool.features, size, components, stream.of('directions'));
  const rowsOf = ({ features, probs }: FeaturesAndProbabilities, rows: readonly number[]): PredictedRows => ({
    values: map.rows(gatherRows(features, size, rows)),
    size: map.size,
    probs: gatherRows(probs, classes, rows),
    classes,
  });
  const every = Array.from({ length: labelled.features.length / size }, (_, row) => row);
  const judged = stream.of('evaluated').permutation(n).slice(0, evaluated);
  const information = new FisherInformation(rowsOf(labelled, every), rowsOf(pool, judged), penalty);
  const before = information.variance;
  const left = [...stream.of('subset').permutation(n).slice(0, Math.max(subset, count))];
  const rows: number[] = [];
  const reductions: number[] = [];
  while (rows.length < count) {
    const scores = information.reductions(rowsOf(pool, left));
    const [best] = highest(scores, 1, stream.of('ties', rows.length));
    const at = best as number;
    const [row] = left.splice(at, 1) as [number];
    rows.push(row);
    reductions.push(scores[at] as number);
    information.add(rowsOf(pool, [row]));
  }
  const mean = (variance: number) => variance / judged.length;
  return { rows, reductions, before: mean(before), after: mean(information.variance) };
}

/**
 * A strategy that takes {@link reduceVariance}. Diagnostics: `predictionVarianceBefore` and `predictionVarianceAfter`, the mean over
 * the candidates judged by, summed over classes.
 */
export function createVarianceReduction(config: VarianceReductionConfig): Strategy {
  return {
    select: async ({ pool, batch, classifier, labelled, stream }) => {
      const { classes } = classifier;
      const features = await poolFeatures(classifier, pool);
      const size = features.length / pool.candidates.length;
      const own = {
        features: await featuresOfImages(classifier, labelled.images),
        probs: probabilities(await scoreImages(classifier, labelled.images), classes),
      };
      const all = { features, probs: await poolProbabilities(classifier, pool) };
      const { rows, before, after } = reduceVariance(all, own, { size, classes }, batch, config, stream);
      return {
        kind: 'pool',
        rows: rows.map((row) => toPoolIndex(pool.candidates, candidateRow(row))),
        diagnostics: { predictionVarianceBefore: before, predictionVarianceAfter: after },
      };
    },
  };
}
