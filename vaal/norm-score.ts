/**
 * Norm scores: the images whose label, even the one that fits best, would change the interpolating function most.
 *
 *     f       = the function of least norm through the labelled images
 *     f^u_y   = the same with u labelled y beside them
 *     f^u     = f^u_y of least norm over y
 *     score   = |f^u| ("function")   or   |f^u - f|, the root mean square over pool images ("data")
 *     take argmax_u score(u), count it as labelled with that y, and so on until the batch is full
 *
 * Source: Karzand and Nowak 2020, "MaxiMin Active Learning in Overparameterized Model Classes" (arXiv:1905.12782).
 * Differs: several classes, each against the rest, with norms summed over them; functions of features of M2, not of pixels; a
 * ridge; the mean square over references; a batch, where the paper takes one image a training. `interpolator.ts` has the
 * closed forms by which no function is fitted for any candidate.
 */

import { highest } from '../src/acquisition/ranking.ts';
import { poolFeatures } from '../src/acquisition/score-pool.ts';
import type { Strategy } from '../src/acquisition/strategy.ts';
import { featuresOfImages } from '../src/classifiers/predict.ts';
import { bestRow } from './best-row.ts';
import { createFromM2, meanOf } from './from-m2.ts';
import { describeRows, fitInterpolator, type RowRelations, relateRows } from './interpolator.ts';
import {
  centred,
  countOf,
  type Kernel,
  medianDistance,
  pickRows,
  type Rows,
  withConstant,
} from './kernels.ts';
import type { NormScoreConfig } from './norm-score-config.ts';

type Norm = NormScoreConfig['norm'];

/**
 * What a row adds to the squared norm (`function`), or the squared data norm of what it changes (`data`).
 *
 * @param values `f(u)`, `[classes]`
 * @param slack `s(u)`
 * @param spread the mean of `r(u, v)^2`
 */
export function normGrowth(norm: Norm, values: ArrayLike<number>, slack: number, spread: number): number {
  const label = likeliest(values);
  // Least over labels of |y - f(u)|^2, which is that of the class of the largest value.
  let gap = 0;
  for (let k = 0; k < values.length; k++) gap += ((k === label ? 1 : -1) - (values[k] as number)) ** 2;
  return norm === 'function' ? gap / slack : (gap * Math.max(0, spread)) / slack ** 2;
}

/**
 * `count` rows, each of the largest growth with those before it labelled as they fit best; ties by `tieBreak`. Cost: `n^2` a
 * row taken.
 *
 * @param relations of `n` rows
 * @param lambda of the interpolator
 * @param tieBreak `[n]`: a permutation
 */
export function greedyNormScores(
  relations: RowRelations,
  { classes, lambda, norm }: { readonly classes: number; readonly lambda: number; readonly norm: Norm },
  count: number,
  tieBreak: ArrayLike<number>,
): number[] {
  const n = relations.values.length / classes;
  const values = relations.values.slice();
  const residuals = relations.residuals.slice();
  const products = relations.products.slice();
  const left = new Set(Array.from({ length: n }, (_, row) => row));
  const taken: number[] = [];
  const growths = new Float64Array(n);
  while (taken.length < count) {
    for (const row of left) {
      growths[row] = normGrowth(
        norm,
        values.subarray(row * classes, (row + 1) * classes),
        Math.max(0, residuals[row * n + row] as number) + lambda,
        products[row * n + row] as number,
      );
    }
    const best = bestRow(left, growths, tieBreak);
    if (best < 0) throw new RangeError(`greedyNormScores.count: expected at most ${n}, got ${count}`);
    left.delete(best);
    taken.push(best);
    const own = values.slice(best * classes, (best + 1) * classes);
    const label = likeliest(own);
    const r = Float64Array.from({ length: n }, (_, row) => residuals[row * n + best] as number);
    const h = Float64Array.from({ length: n }, (_, row) => products[row * n + best] as number);
    const slack = Math.max(0, r[best] as number) + lambda;
    for (const v of left) {
      const share = (r[v] as number) / slack;
      for (let k = 0; k < classes; k++) {
        const at = v * classes + k;
        values[at] = (values[at] as number) + ((k === label ? 1 : -1) - (own[k] as number)) * share;
      }
      for (const w of left) {
        const at = v * n + w;
        const other = (r[w] as number) / slack;
        residuals[at] = (residuals[at] as number) - share * (r[w] as number);
        products[at] =
          (products[at] as number) -
          share * (h[w] as number) -
          other * (h[v] as number) +
          share * other * (h[best] as number);
      }
    }
  }
  return taken;
}

/**
 * A strategy that takes {@link greedyNormScores} among the candidates of highest score. Diagnostics: the means
 * `meanNormScorePool` and `meanNormScoreSelected` of the scores before the batch; `interpolatorAgreement`, the share of
 * candidates that the interpolator gives M2's likeliest class; `kernelWidth`, null for the last layer.
 */
export function createNormScore(options: NormScoreConfig): Strategy {
  const { norm, form, ridge } = options;
  return createFromM2(options, async ({ pool, labelled, batch, stream }, tables, model) => {
    const { candidates, classes } = pool;
    const fromLatents = form === 'kernel' && options.features === 'latents';
    const ofPool = fromLatents ? tables.pool.latents : await poolFeatures(model, pool);
    const ofLabelled = fromLatents ? tables.labelled.latents : await featuresOfImages(model, labelled.images);
    const raw = { pool: rowsOf(ofPool, candidates.length), labelled: rowsOf(ofLabelled, labelled.n) };
    const every = candidates.map((_, row) => row);
    const drawn = stream.of('references').choose(every, Math.min(options.references, every.length));
    const around = pickRows(raw.pool, drawn);
    const prepared = (rows: Rows) => (form === 'kernel' ? centred(rows, around) : withConstant(rows));
    const asked = prepared(raw.pool);
    const references = prepared(around);
    const kernel: Kernel =
      form === 'kernel'
        ? { kind: options.kernel, width: options.width ?? medianDistance(references) }
        : { kind: 'linear' };
    const rows = prepared(raw.labelled);
    const interpolator = fitInterpolator({ kernel, rows, labels: labelled.labels, classes, ridge });
    const { values, slack, spread } = await describeRows(interpolator, asked, references);
    const growths = Float64Array.from(slack, (own, row) =>
      normGrowth(norm, values.subarray(row * classes, (row + 1) * classes), own, spread[row] as number),
    );
    const listed = highest(
      growths,
      Math.min(options.shortlist * batch, countOf(asked)),
      stream.of('shortlist'),
    );
    const relations = relateRows(interpolator, pickRows(asked, listed), references);
    const { lambda } = interpolator;
    const tieBreak = stream.of('ties').permutation(listed.length);
    const taken = greedyNormScores(relations, { classes, lambda, norm }, batch, tieBreak).map(
      (position) => listed[position] as number,
    );
    const base = norm === 'function' ? interpolator.squaredNorm : 0;
    const scores = growths.map((growth) => Math.sqrt(base + growth));
    const agreeing = tables.pool.predicted.filter(
      (predicted, row) => likeliest(values.subarray(row * classes, (row + 1) * classes)) === predicted,
    );
    return {
      rows: taken,
      diagnostics: {
        meanNormScorePool: meanOf(scores),
        meanNormScoreSelected: meanOf(taken.map((row) => scores[row] as number)),
        interpolatorAgreement: agreeing.length / candidates.length,
        kernelWidth: kernel.kind === 'linear' ? null : kernel.width,
      },
    };
  });
}

function rowsOf(values: Float32Array, count: number): Rows {
  return { values, size: values.length / count };
}

/** The class of the largest value, of equal ones the first. */
function likeliest(values: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < values.length; k++) if ((values[k] as number) > (values[best] as number)) best = k;
  return best;
}
