/**
 * What a round of VAAL tells about itself: whether the discriminator tells the pools apart, whether the autoencoder has
 * learned anything, and what the scores look like.
 */
import { lowest } from '../src/acquisition/ranking.ts';
import { scorePool } from '../src/acquisition/score-pool.ts';
import type { Diagnostics, Round } from '../src/acquisition/strategy.ts';
import { entropies, probabilities } from '../src/classifiers/predict.ts';
import type { VaeTable } from './round-model.ts';

/** Variance over images above which a latent dimension is active: Burda et al. 2015, appendix C. */
const ACTIVE_VARIANCE = 0.01;
/** Probability of "labelled" nearer to 0 or to 1 than this: the discriminator has no doubt left to rank by. */
export const SATURATED = 0.01;
/**
 * Logits count as tied that differ by less than this, relative to the larger of 1 and their size: float32 rounding of a few
 * hundred terms, which another backend would round otherwise.
 */
export const TIE_WIDTH = 1e-6;
const QUANTILES = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1];
const BINS = 10;

/**
 * The probability that a labelled image has the higher score of a random pair, ties counting half: the area under the ROC
 * curve. Null if one list is empty.
 */
export function areaUnderCurve(labelled: ArrayLike<number>, unlabelled: ArrayLike<number>): number | null {
  if (labelled.length === 0 || unlabelled.length === 0) return null;
  const sorted = Float64Array.from(unlabelled).sort();
  /** How many are below `score`, or at most it. */
  const count = (score: number, inclusive: boolean): number => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const value = sorted[middle] as number;
      if (value < score || (inclusive && value === score)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const wins = Array.from(labelled, (score) => (count(score, false) + count(score, true)) / 2);
  return wins.reduce((sum, win) => sum + win, 0) / (labelled.length * unlabelled.length);
}

/** Mean of `-log D` of the labelled and `-log(1 - D)` of the unlabelled, each half, in nats; null if one list is empty. */
export function crossEntropy(labelled: ArrayLike<number>, unlabelled: ArrayLike<number>): number | null {
  if (labelled.length === 0 || unlabelled.length === 0) return null;
  const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  const ofLabelled = mean(Array.from(labelled, (logit) => softplus(-logit)));
  return (ofLabelled + mean(Array.from(unlabelled, softplus))) / 2;
}

/**
 * Dimensions whose posterior mean varies over images by more than 0.01 (population variance): how many of the code's numbers
 * say anything about an image.
 *
 * @param means `[n, latentSize]`
 */
export function activeUnits(means: ArrayLike<number>, latentSize: number): number {
  const n = means.length / latentSize;
  let active = 0;
  for (let unit = 0; unit < latentSize; unit++) {
    const values = Array.from({ length: n }, (_, row) => means[row * latentSize + unit] as number);
    const centre = mean(values);
    if (mean(values.map((value) => (value - centre) ** 2)) > ACTIVE_VARIANCE) active++;
  }
  return active;
}

/**
 * Share of the rows bought that chance, and not their score, decided on: those whose logit ties with that of the last one
 * bought, if candidates of that logit were left over. 0 if the batch ends between two scores.
 *
 * @param bought positions in `logits`, at least one
 */
export function tiedShare(logits: ArrayLike<number>, bought: readonly number[]): number {
  const cut = bought.reduce((most, row) => Math.max(most, logits[row] as number), Number.NEGATIVE_INFINITY);
  const width = TIE_WIDTH * Math.max(1, Math.abs(cut));
  const tied = (logit: number) => Math.abs(logit - cut) <= width;
  let candidates = 0;
  for (let row = 0; row < logits.length; row++) if (tied(logits[row] as number)) candidates++;
  const taken = bought.filter((row) => tied(logits[row] as number)).length;
  return candidates > taken ? taken / bought.length : 0;
}

/** What the figures are computed from. */
export interface VaalRound {
  readonly round: Round;
  /** Logits of all candidates. */
  readonly logits: Float32Array;
  /** Positions bought, in the list of candidates. */
  readonly bought: readonly number[];
  /** Logits of images that no network was trained on. */
  readonly heldOut: { readonly labelled: Float32Array; readonly unlabelled: Float32Array };
  /** Of the unlabelled ones of them. */
  readonly vae: VaeTable;
  readonly latentSize: number;
  readonly tolerance: number;
}

/**
 * On images held out, and null where none were: `discriminatorAuc`, {@link areaUnderCurve}; `discriminatorLoss`,
 * {@link crossEntropy}; `cannotTellApart`, 1 if the AUC is within `tolerance` of 1/2, else 0; `heldOutLabelled` and
 * `heldOutUnlabelled`, how many. Of the unlabelled ones: `reconstruction`, mean squared error summed over pixels;
 * `divergence`, mean in nats, and `divergencePerUnit`; `activeUnits`.
 *
 * Of all candidates: `scoreQuantiles` of the probability of "labelled" (least, 5, 25, 50, 75, 95 percent, largest) and
 * `scoreHistogram`, shares in ten equal bins of [0, 1], beside `scoreHistogramLabelled` of held-out labelled images (null if
 * there are none) and `scoreHistogramSelected` of the rows bought; `saturatedShare` of the candidates within
 * {@link SATURATED} of 0 or 1. Shares of the batch: {@link tiedShare}, `overlapRandom` with a uniform draw of as many
 * candidates, `overlapEntropy` with those whose softmax has the largest entropy, `overlapChance` what is to be expected.
 */
export async function vaalEvidence(options: VaalRound): Promise<Diagnostics> {
  const { logits, bought, heldOut, vae, latentSize, tolerance } = options;
  const auc = areaUnderCurve(heldOut.labelled, heldOut.unlabelled);
  const perUnit = Array.from({ length: latentSize }, (_, unit) =>
    mean(Array.from({ length: vae.n }, (_, row) => vae.divergences[row * latentSize + unit] as number)),
  );
  const scores = Float64Array.from(logits, probability);
  return {
    discriminatorAuc: auc,
    discriminatorLoss: crossEntropy(heldOut.labelled, heldOut.unlabelled),
    cannotTellApart: auc === null ? null : Number(Math.abs(auc - 0.5) <= tolerance),
    heldOutLabelled: heldOut.labelled.length,
    heldOutUnlabelled: heldOut.unlabelled.length,
    reconstruction: vae.n === 0 ? null : mean([...vae.errors]),
    divergence: vae.n === 0 ? null : perUnit.reduce((sum, value) => sum + value, 0),
    divergencePerUnit: vae.n === 0 ? null : perUnit,
    activeUnits: vae.n === 0 ? null : activeUnits(vae.means, latentSize),
    scoreQuantiles: quantiles(scores),
    scoreHistogram: histogram(scores),
    scoreHistogramLabelled:
      heldOut.labelled.length === 0 ? null : histogram(Float64Array.from(heldOut.labelled, probability)),
    scoreHistogramSelected: histogram(Float64Array.from(bought, (row) => scores[row] as number)),
    saturatedShare: scores.filter((score) => Math.min(score, 1 - score) < SATURATED).length / scores.length,
    tiedShare: tiedShare(logits, bought),
    ...(await overlaps(options)),
  };
}

async function overlaps({ round, bought }: VaalRound): Promise<Diagnostics> {
  const { classifier, pool, batch, stream } = round;
  const { length } = pool.candidates;
  const taken = new Set<number>(bought);
  const share = (rows: readonly number[]) => rows.filter((row) => taken.has(row)).length / batch;
  const certainty = entropies(
    probabilities(await scorePool(classifier, pool), classifier.classes),
    classifier.classes,
  ).map((entropy) => -entropy);
  return {
    overlapRandom: share(stream.of('random').permutation(length).slice(0, batch)),
    overlapEntropy: share(lowest(certainty, batch, stream.of('entropy'))),
    overlapChance: batch / length,
  };
}

/** Of "labelled". */
function probability(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** By linear interpolation between the sorted values. */
function quantiles(values: Float64Array): number[] {
  const sorted = Float64Array.from(values).sort();
  return QUANTILES.map((share) => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)] as number;
    return below + (place % 1) * ((sorted[Math.ceil(place)] as number) - below);
  });
}

function histogram(values: Float64Array): number[] {
  const counts = new Array<number>(BINS).fill(0);
  for (const value of values) {
    const bin = Math.min(BINS - 1, Math.floor(value * BINS));
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts.map((count) => count / values.length);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
