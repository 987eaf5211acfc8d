/**
 * What a set of seeds says about a strategy, and what paired seeds say about two.
 *
 * Every strategy of an experiment runs on the same seeds (same split, initial set, initial weights), so two
 * strategies are compared by their differences seed by seed, never by two separate means.
 *
 * A figure that does not exist is null, with the reason beside it; nothing here returns NaN or Infinity.
 */
import ttest from '@stdlib/stats-ttest';
import wilcoxon from '@stdlib/stats-wilcoxon';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** A value of each seed that has one. */
export interface SeedScores {
  readonly strategy: string;
  readonly scores: ReadonlyMap<number, number>;
}

/** A p-value, or null and why there is none. */
export interface PValue {
  readonly p: number | null;
  readonly reason: string | null;
}

export type Verdict = 'A better' | 'B better' | 'not significant' | 'too few seeds';

/** Strategy `a` against `b` on the seeds both have; differences are `a - b`. */
export interface PairComparison {
  readonly a: string;
  readonly b: string;
  /** Seeds both strategies have a score for. */
  readonly n: number;
  readonly meanDifference: number | null;
  /** Of the differences (n - 1). */
  readonly standardDeviation: number | null;
  /** Seeds on which `a` was above, level with and below `b`. */
  readonly wins: number;
  readonly ties: number;
  readonly losses: number;
  /** 95 % interval of the mean difference, by Student's t. */
  readonly interval: Interval | null;
  /** Two-sided p of the paired t-test. */
  readonly pairedT: number | null;
  /** Two-sided p of the Wilcoxon signed-rank test. */
  readonly wilcoxon: number | null;
  /** The paired t-test's p, corrected for the number of pairs by Holm's method. The verdict rests on it. */
  readonly holm: number | null;
  readonly verdict: Verdict;
  /** Why a figure above is null; null if none is. */
  readonly reason: string | null;
}

export interface ComparisonOptions {
  /** Corrected p below which one strategy is called better; 0.05 by convention. */
  readonly alpha?: number;
  /** Seeds below which no verdict is given. Three runs can turn a ranking round (CDALBench), two always can. */
  readonly minimumSeeds?: number;
}

/** Accuracies are ratios of integers, so differences that are equal on paper part in the 16th digit. */
const TIE_DIGITS = 12;

/** Beyond this many pairs the normal approximation of the signed-rank distribution is good to four digits. */
const EXACT_LIMIT = 50;

/** `sum x / n`; null of nothing. */
export function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  checked('mean.values', values);
  // Summing equal values and dividing again is not always exact.
  if (isConstant(values)) return values[0] as number;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** `sqrt(sum (x - mean)^2 / (n - 1))`, the sample's; null of fewer than two values. */
export function standardDeviation(values: readonly number[]): number | null {
  const centre = mean(values);
  if (centre === null || values.length < 2) return null;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** 95 % interval of the mean, `mean +- t(0.975, n - 1) sd / sqrt(n)`; null of fewer than two values. */
export function interval95(values: readonly number[]): Interval | null {
  const centre = mean(values);
  if (centre === null || values.length < 2) return null;
  // The library divides zero by zero where nothing varies.
  if (isConstant(values)) return { low: centre, high: centre };
  const [low, high] = ttest([...values]).ci as [number, number];
  return { low, high };
}

/** A point of a learning curve. */
export interface BudgetPoint {
  readonly labelsCharged: number;
  /** What they cost, where answers have prices. */
  readonly cost?: number;
  readonly testAccuracy: number;
}

/** Where a point lies on the axis of budgets: at its cost, or at its labels where there are no costs. */
export function paid({ labelsCharged, cost }: Pick<BudgetPoint, 'labelsCharged' | 'cost'>): number {
  return cost ?? labelsCharged;
}

/**
 * Area under the budget curve divided by the budget span, that is, the accuracy averaged over the budget:
 * `sum_i (x_{i+1} - x_i)(y_i + y_{i+1}) / 2 / (x_last - x_first)` of accuracy `y` at budget `x`, see {@link paid}.
 * In [0, 1]. Null if the curve spans no budget.
 *
 * RangeError if what was paid ever falls.
 *
 * @param until continues a curve that ends below it flat up to there, so that strategies which spent less than
 *   others are averaged over the same budget: who stops buying keeps the accuracy there is
 */
export function areaUnderBudgetCurve(
  curve: readonly BudgetPoint[],
  until = Number.NEGATIVE_INFINITY,
): number | null {
  const points = curve.map((point) => ({ at: paid(point), testAccuracy: point.testAccuracy }));
  const last = points.at(-1);
  const whole = last !== undefined && last.at < until ? [...points, { ...last, at: until }] : points;
  let area = 0;
  let span = 0;
  for (let i = 1; i < whole.length; i++) {
    const from = whole[i - 1] as (typeof whole)[number];
    const to = whole[i] as (typeof whole)[number];
    const step = to.at - from.at;
    if (!(step >= 0)) {
      throw new RangeError(
        `areaUnderBudgetCurve.curve: expected labelsCharged not to fall, got ${from.at} then ${to.at}`,
      );
    }
    area += (step * (from.testAccuracy + to.testAccuracy)) / 2;
    span += step;
  }
  return span > 0 ? area / span : null;
}

/** Two-sided p of Student's t-test that the mean of paired differences is zero. */
export function pairedTTest(differences: readonly number[]): PValue {
  const rounded = withoutRoundingNoise(differences);
  if (rounded.length < 2) return { p: null, reason: 'fewer than two seeds in common' };
  if (rounded.every((difference) => difference === 0)) {
    return { p: null, reason: 'every difference is zero' };
  }
  if (isConstant(rounded)) return { p: null, reason: 'the difference is the same in every seed' };
  return { p: ttest(rounded).pValue, reason: null };
}

/**
 * Two-sided p of Wilcoxon's signed-rank test that paired differences are symmetric around zero. Zeros are
 * dropped and ties share their mean rank.
 *
 * Up to 50 differences p is exact, by counting the sign patterns with ties as they are: `2 min(P(T <= t),
 * P(T >= t))`. The library counts only where there are neither ties nor zeros and else takes a normal
 * approximation, which at five seeds gives 0.048 where the smallest p there is, is 2 / 2^5 = 0.0625.
 */
export function signedRankTest(differences: readonly number[]): PValue {
  const rounded = withoutRoundingNoise(differences);
  if (rounded.length < 2) return { p: null, reason: 'fewer than two seeds in common' };
  const nonZero = rounded.filter((difference) => difference !== 0);
  if (nonZero.length === 0) return { p: null, reason: 'every difference is zero' };
  if (nonZero.length > EXACT_LIMIT) return { p: wilcoxon(nonZero).pValue, reason: null };
  return { p: exactSignedRank(nonZero), reason: null };
}

/**
 * Holm's step-down correction (Holm 1979): the k-th smallest of m p-values is multiplied by `m - k + 1`,
 * then none may be smaller than the one before, nor exceed 1. Nulls are not tests: they stay null and are
 * not counted.
 */
export function holmCorrection(pValues: readonly (number | null)[]): (number | null)[] {
  const corrected: (number | null)[] = pValues.map(() => null);
  const tests = pValues
    .flatMap((p, position) => (p === null ? [] : [{ p, position }]))
    .sort((first, second) => first.p - second.p);
  let largest = 0;
  tests.forEach(({ p, position }, rank) => {
    largest = Math.min(1, Math.max(largest, p * (tests.length - rank)));
    corrected[position] = largest;
  });
  return corrected;
}

/**
 * Compares every two strategies on the seeds they share, in the order given, and corrects for the number of
 * pairs. A strategy is called better if its mean difference has that sign and the corrected p is below
 * `alpha`.
 */
export function comparePairs(
  strategies: readonly SeedScores[],
  { alpha = 0.05, minimumSeeds = 3 }: ComparisonOptions = {},
): PairComparison[] {
  const pairs = strategies.flatMap((a, position) => strategies.slice(position + 1).map((b) => measure(a, b)));
  const corrected = holmCorrection(pairs.map((pair) => pair.pairedT));
  return pairs.map((pair, position) => {
    const holm = corrected[position] ?? null;
    return { ...pair, holm, verdict: verdict(pair.n, pair.meanDifference, holm, alpha, minimumSeeds) };
  });
}

function measure(a: SeedScores, b: SeedScores): Omit<PairComparison, 'holm' | 'verdict'> {
  const seeds = [...a.scores.keys()].filter((seed) => b.scores.has(seed)).sort((x, y) => x - y);
  const differences = withoutRoundingNoise(
    seeds.map((seed) => (a.scores.get(seed) as number) - (b.scores.get(seed) as number)),
  );
  const t = pairedTTest(differences);
  const ranks = signedRankTest(differences);
  return {
    a: a.strategy,
    b: b.strategy,
    n: seeds.length,
    meanDifference: mean(differences),
    standardDeviation: standardDeviation(differences),
    wins: differences.filter((difference) => difference > 0).length,
    ties: differences.filter((difference) => difference === 0).length,
    losses: differences.filter((difference) => difference < 0).length,
    interval: interval95(differences),
    pairedT: t.p,
    wilcoxon: ranks.p,
    reason: t.reason ?? ranks.reason,
  };
}

function verdict(
  n: number,
  difference: number | null,
  holm: number | null,
  alpha: number,
  minimumSeeds: number,
): Verdict {
  if (n < Math.max(2, minimumSeeds) || difference === null) return 'too few seeds';
  if (holm === null || holm >= alpha) return 'not significant';
  return difference > 0 ? 'A better' : 'B better';
}

/** Counts, over all sign patterns, how often the positive ranks sum to each value; ranks doubled to be whole. */
function exactSignedRank(nonZero: readonly number[]): number {
  const doubledRanks = nonZero.map((difference) => {
    const below = nonZero.filter((other) => Math.abs(other) < Math.abs(difference)).length;
    const equal = nonZero.filter((other) => Math.abs(other) === Math.abs(difference)).length;
    return 2 * below + equal + 1;
  });
  const largest = doubledRanks.reduce((sum, rank) => sum + rank, 0);
  let chances = new Float64Array(largest + 1);
  chances[0] = 1;
  for (const rank of doubledRanks) {
    const next = new Float64Array(largest + 1);
    for (let sum = 0; sum <= largest; sum++) {
      const without = chances[sum] as number;
      const withRank = sum >= rank ? (chances[sum - rank] as number) : 0;
      next[sum] = (without + withRank) / 2;
    }
    chances = next;
  }
  const observed = doubledRanks.reduce((sum, rank, i) => sum + ((nonZero[i] as number) > 0 ? rank : 0), 0);
  const total = (from: number, to: number) => chances.subarray(from, to).reduce((sum, p) => sum + p, 0);
  return Math.min(1, 2 * Math.min(total(0, observed + 1), total(observed, largest + 1)));
}

function withoutRoundingNoise(differences: readonly number[]): number[] {
  return checked('differences', differences).map((difference) => Number(difference.toFixed(TIE_DIGITS)));
}

function isConstant(values: readonly number[]): boolean {
  return values.every((value) => value === values[0]);
}

function checked(name: string, values: readonly number[]): readonly number[] {
  const broken = values.find((value) => !Number.isFinite(value));
  if (broken !== undefined) throw new RangeError(`${name}: expected finite numbers, got ${broken}`);
  return values;
}
