/**
 * Expected error reduction: the candidates whose label, whatever it is, would leave the least error on the others.
 *
 *     score(x) = sum_k p_k(x) mean_{u not x} loss(P_{L + (x, k)}(. | u))       lowest first
 *
 * `P` is the last layer alone, softmax regression on the task model's features, trained anew to its minimum for every candidate
 * and class.
 *
 * Source: Roy and McCallum 2001, "Toward optimal active learning through sampling estimation of error reduction", section 2.
 * Differs: they retrain naive Bayes. Here the layers before the last stay as the round has trained them, `p` is the refitted
 * layer's too, and candidates are drawn from the pool. A batch takes the lowest scores, as if each were bought alone.
 */
import { featuresOfImages } from '../../classifiers/predict.ts';
import { gatherRows } from '../../gather-rows.ts';
import { candidateRow, toPoolIndex } from '../../shapes.ts';
import { lastLayerMap } from '../last-layer-rows.ts';
import { lowest } from '../ranking.ts';
import { poolFeatures } from '../score-pool.ts';
import { fitSoftmax, type LabelledRows, softmaxOf } from '../softmax-regression.ts';
import type { Strategy } from '../strategy.ts';
import type { ExpectedErrorReductionConfig } from './expected-error-reduction-config.ts';

/** Losses of one row of probabilities, at least 0. */
const LOSSES: Readonly<Record<ExpectedErrorReductionConfig['loss'], (probs: Float64Array) => number>> = {
  log: (probs) => probs.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0),
  'zero-one': (probs) => 1 - probs.reduce((most, p) => Math.max(most, p), 0),
};

/**
 * Scores `[candidates.length]`: the expected mean loss over `evaluated`, in nats or as a share; a candidate is not among the rows
 * it is judged by.
 *
 * Cost: `candidates classes` trainings from the weights before, each some tens of steps of `2 labels size classes` multiplications.
 * Memory: `8 size` bytes a row.
 *
 * @param pool `[n, size]`, inputs of the last layer
 * @param candidates rows of the pool that are scored
 * @param evaluated rows of the pool that the error is expected on
 */
export function expectedErrors(
  labelled: LabelledRows,
  pool: Float64Array,
  candidates: readonly number[],
  evaluated: readonly number[],
  { loss, penalty }: Pick<ExpectedErrorReductionConfig, 'loss' | 'penalty'>,
): Float64Array {
  const { size, classes, values, labels } = labelled;
  const lossOf = LOSSES[loss];
  const rowOf = (row: number) => pool.subarray(row * size, (row + 1) * size);
  const before = fitSoftmax(labelled, penalty);
  const extended = new Float64Array(values.length + size);
  extended.set(values);
  const withLabel = Uint8Array.from({ length: labels.length + 1 }, (_, row) => labels[row] ?? 0);
  return Float64Array.from(candidates, (candidate) => {
    extended.set(rowOf(candidate), values.length);
    const others = evaluated.filter((row) => row !== candidate);
    return softmaxOf(rowOf(candidate), size, before, classes).reduce((expected, p, label) => {
      withLabel[labels.length] = label;
      const after = fitSoftmax({ values: extended, size, labels: withLabel, classes }, penalty, before);
      const losses = others.map((row) => lossOf(softmaxOf(rowOf(row), size, after, classes)));
      return expected + (p * losses.reduce((sum, value) => sum + value, 0)) / Math.max(1, others.length);
    }, 0);
  });
}

/**
 * A strategy that takes the lowest {@link expectedErrors} of the candidates it draws. Diagnostics: `meanExpectedErrorSubset` and
 * `meanExpectedErrorSelected`.
 */
export function createExpectedErrorReduction(config: ExpectedErrorReductionConfig): Strategy {
  return {
    select: async ({ pool, batch, classifier, labelled, stream }) => {
      const features = await poolFeatures(classifier, pool);
      const n = pool.candidates.length;
      const width = features.length / n;
      const map = lastLayerMap(features, width, config.components, stream.of('directions'));
      const drawn = stream.of('subset').permutation(n).slice(0, Math.max(config.subset, batch));
      const judged = stream.of('evaluated').permutation(n).slice(0, config.evaluated);
      const own = {
        values: map.rows(await featuresOfImages(classifier, labelled.images)),
        size: map.size,
        labels: labelled.labels,
        classes: classifier.classes,
      };
      // Rows that are neither scored nor judged by are not mapped.
      const used = [...new Set([...drawn, ...judged])];
      const place = new Map(used.map((row, at) => [row, at]));
      const placesOf = (rows: readonly number[]) => rows.map((row) => place.get(row) as number);
      const inputs = map.rows(gatherRows(features, width, used));
      const scores = expectedErrors(own, inputs, placesOf(drawn), placesOf(judged), config);
      const picked = lowest(scores, batch, stream);
      const mean = (values: readonly number[]) =>
        values.reduce((sum, value) => sum + value, 0) / values.length;
      return {
        kind: 'pool',
        rows: picked.map((at) => toPoolIndex(pool.candidates, candidateRow(drawn[at] as number))),
        diagnostics: {
          meanExpectedErrorSubset: mean([...scores]),
          meanExpectedErrorSelected: mean(picked.map((at) => scores[at] as number)),
        },
      };
    },
  };
}
