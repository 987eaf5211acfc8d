import wilcoxon from '@stdlib/stats-wilcoxon';
import { describe, expect, test } from 'vitest';
import {
  areaUnderBudgetCurve,
  comparePairs,
  holmCorrection,
  interval95,
  mean,
  pairedTTest,
  type SeedScores,
  signedRankTest,
  standardDeviation,
} from '../../src/experiments/statistics.ts';

/*
 * Numbers of SciPy 1.17.1 and statsmodels:
 *   d = np.round(np.array([.9712,.9688,.9755,.9731,.9699,.9760,.9742,.9718])
 *              - np.array([.9698,.9690,.9731,.9712,.9701,.9733,.9735,.9702]), 12)
 *   r = stats.ttest_1samp(d, 0); r.pvalue, r.confidence_interval(); d.std(ddof=1); stats.wilcoxon(d).pvalue
 */
const a = [0.9712, 0.9688, 0.9755, 0.9731, 0.9699, 0.976, 0.9742, 0.9718];
const b = [0.9698, 0.969, 0.9731, 0.9712, 0.9701, 0.9733, 0.9735, 0.9702];
const differences = a.map((value, i) => value - b[i]!);

const scores = (strategy: string, values: readonly number[]): SeedScores => ({
  strategy,
  scores: new Map(values.map((value, i) => [i + 1, value])),
});

describe('one set of seeds', () => {
  test('mean, standard deviation and interval agree with NumPy and SciPy', () => {
    expect(mean(differences)).toBeCloseTo(0.0012875, 12);
    expect(standardDeviation(differences)).toBeCloseTo(0.0011012168594008046, 12);
    expect(interval95(differences)!.low).toBeCloseTo(0.0003668596662895632, 12);
    expect(interval95(differences)!.high).toBeCloseTo(0.002208140333710437, 12);
  });

  test('the interval of five values uses t with four degrees of freedom, 2.7764451', () => {
    const interval = interval95([1, 2, 3, 4, 5])!;
    expect(interval.high - 3).toBeCloseTo((2.7764451051977934 * Math.sqrt(2.5)) / Math.sqrt(5), 10);
    expect(3 - interval.low).toBeCloseTo(interval.high - 3, 12);
  });

  test('what does not exist is null', () => {
    expect(mean([])).toBeNull();
    expect(standardDeviation([0.5])).toBeNull();
    expect(interval95([0.5])).toBeNull();
  });

  test('values that do not vary have a deviation of zero and an interval of no width', () => {
    expect(standardDeviation([0.7, 0.7, 0.7])).toBe(0);
    expect(interval95([0.5, 0.5, 0.5])).toEqual({ low: 0.5, high: 0.5 });
  });

  test('refuses what is not a finite number', () => {
    expect(() => mean([1, Number.NaN])).toThrow('mean.values: expected finite numbers, got NaN');
  });
});

describe('area under the budget curve', () => {
  const curve = (...points: [number, number][]) =>
    points.map(([labelsCharged, testAccuracy]) => ({ labelsCharged, testAccuracy }));

  test('is the accuracy of a flat curve, whatever the spacing of its points', () => {
    expect(areaUnderBudgetCurve(curve([50, 0.8], [60, 0.8], [350, 0.8]))).toBeCloseTo(0.8, 12);
  });

  test('weights each stretch by the labels it cost', () => {
    // (10 * 0.55 + 30 * 0.75) / 40
    expect(areaUnderBudgetCurve(curve([10, 0.5], [20, 0.6], [50, 0.9]))).toBeCloseTo(0.7, 12);
  });

  test('does not exist where no budget is spanned', () => {
    expect(areaUnderBudgetCurve(curve([50, 0.8]))).toBeNull();
    expect(areaUnderBudgetCurve(curve([50, 0.8], [50, 0.9]))).toBeNull();
    expect(areaUnderBudgetCurve([])).toBeNull();
  });

  test('refuses a budget that falls', () => {
    expect(() => areaUnderBudgetCurve(curve([50, 0.8], [40, 0.9]))).toThrow('got 50 then 40');
  });

  test('a curve that spent less is averaged over the same budget, flat from its end', () => {
    // 0.5 to 0.7 over ten labels, then 0.7 over thirty: (10 x 0.6 + 30 x 0.7) / 40.
    expect(areaUnderBudgetCurve(curve([10, 0.5], [20, 0.7]), 50)).toBeCloseTo(0.675, 12);
    expect(areaUnderBudgetCurve(curve([10, 0.6]), 50)).toBeCloseTo(0.6, 12);
    expect(areaUnderBudgetCurve(curve([10, 0.5], [20, 0.7]), 15)).toBeCloseTo(0.6, 12);
  });
});

describe('paired tests', () => {
  test('agree with SciPy', () => {
    expect(pairedTTest(differences).p).toBeCloseTo(0.012997043600952916, 10);
    expect(signedRankTest(differences).p).toBeCloseTo(0.0390625, 12);
  });

  test.each([
    // python -c "from scipy import stats; print(stats.ttest_1samp(d, 0).pvalue, stats.wilcoxon(d).pvalue)"
    { name: 'ties', d: [1, -1, 2, 2, 3], t: 0.10793882229227655, ranks: 0.1875 },
    { name: 'a zero', d: [0.01, 0.02, 0, 0.03, -0.01, 0.02], t: 0.10986650103422642, ranks: 0.1875 },
    { name: 'neither', d: [1, 2, 3, 4, 5, 6, -7, 8], t: 0.12951011022489162, ranks: 0.1484375 },
    {
      name: 'many ties',
      d: [1, 1, 2, 2, 3, 3, 4, 4, -1, 5],
      t: 0.002072940836569012,
      ranks: 0.0078125,
    },
  ])('agree with SciPy on differences with $name', ({ d, t, ranks }) => {
    expect(pairedTTest(d).p).toBeCloseTo(t, 10);
    expect(signedRankTest(d).p).toBeCloseTo(ranks, 12);
  });

  const spread = Array.from({ length: 60 }, (_, i) => (((i * 37) % 101) - 40) / 100 + i * 1e-5);

  test('forty pairs are still counted exactly, sixty approximated as in SciPy', () => {
    // stats.wilcoxon(d[:40], method='exact'); stats.wilcoxon(d, correction=True, method='asymptotic')
    expect(signedRankTest(spread.slice(0, 40)).p).toBeCloseTo(0.05308265297571779, 10);
    expect(signedRankTest(spread).p).toBeCloseTo(0.021419856207743976, 8);
    expect(pairedTTest(spread).p).toBeCloseTo(0.014630140353965515, 10);
  });

  test('the exact count equals the library where the library counts too', () => {
    for (const n of [5, 9, 17, 33]) {
      const d = spread.slice(0, n);
      expect(signedRankTest(d).p).toBeCloseTo(wilcoxon(d).pValue, 10);
    }
  });

  test('five tied seeds cannot go below 2 / 2^5, which the normal approximation does', () => {
    const tied = [0.01, 0.01, 0.01, 0.01, 0.02];
    expect(signedRankTest(tied).p).toBeCloseTo(0.0625, 12);
    expect(wilcoxon(tied).pValue).toBeLessThan(0.06);
  });

  test('differences that are equal on paper are ties whatever their last digits', () => {
    // 0.3 - 0.2 and 0.2 - 0.1 differ in the 17th digit.
    expect(pairedTTest([0.3 - 0.2, 0.2 - 0.1]).reason).toBe('the difference is the same in every seed');
  });

  test('differences that are all zero, constant or too few have no p but a reason', () => {
    expect(pairedTTest([0, 0, 0])).toEqual({ p: null, reason: 'every difference is zero' });
    expect(signedRankTest([0, 0, 0])).toEqual({ p: null, reason: 'every difference is zero' });
    expect(pairedTTest([0.5, 0.5, 0.5])).toEqual({
      p: null,
      reason: 'the difference is the same in every seed',
    });
    expect(signedRankTest([0.5, 0.5, 0.5]).p).toBeCloseTo(0.25, 12);
    expect(pairedTTest([0.5])).toEqual({ p: null, reason: 'fewer than two seeds in common' });
    expect(signedRankTest([])).toEqual({ p: null, reason: 'fewer than two seeds in common' });
  });
});

describe("Holm's correction", () => {
  test('agrees with statsmodels', () => {
    // multipletests([.01, .04, .03, .005, .2], method='holm')[1]
    const expected = [0.04, 0.09, 0.09, 0.025, 0.2];
    holmCorrection([0.01, 0.04, 0.03, 0.005, 0.2]).forEach((p, i) => {
      expect(p).toBeCloseTo(expected[i]!, 12);
    });
  });

  test('leaves out what was not tested, and never exceeds 1', () => {
    expect(holmCorrection([null, 0.02, null])).toEqual([null, 0.02, null]);
    expect(holmCorrection([0.7, 0.8])).toEqual([1, 1]);
    expect(holmCorrection([])).toEqual([]);
  });
});

describe('comparing pairs', () => {
  test('calls the better strategy better, in either order', () => {
    const [forth] = comparePairs([scores('gaal', a), scores('random', b)]);
    const [back] = comparePairs([scores('random', b), scores('gaal', a)]);
    expect(forth).toMatchObject({ a: 'gaal', b: 'random', n: 8, verdict: 'A better', reason: null });
    expect(back).toMatchObject({ a: 'random', b: 'gaal', n: 8, verdict: 'B better' });
    expect(forth!.meanDifference).toBeCloseTo(0.0012875, 12);
    expect(back!.meanDifference).toBeCloseTo(-0.0012875, 12);
    expect(forth!.interval!.low).toBeCloseTo(-back!.interval!.high, 12);
  });

  test('a pair that stands alone loses its verdict among ten others', () => {
    const noise = Array.from({ length: 4 }, (_, k) =>
      scores(
        `noise-${k}`,
        a.map((_, i) => 0.9 + (((i + 1) * (k + 3) * 17) % 29) / 1000),
      ),
    );
    const alone = comparePairs([scores('gaal', a), scores('random', b)]);
    const among = comparePairs([scores('gaal', a), scores('random', b), ...noise]);
    expect(alone[0]!.verdict).toBe('A better');
    expect(among).toHaveLength(15);
    expect(among[0]!.pairedT).toBe(alone[0]!.pairedT);
    expect(among[0]!.holm!).toBeGreaterThan(0.05);
    expect(among[0]!.verdict).toBe('not significant');
  });

  test('pairs by seed, not by position, and only seeds both have', () => {
    const first: SeedScores = {
      strategy: 'a',
      scores: new Map([
        [1, 0.9],
        [2, 0.8],
        [5, 0.7],
      ]),
    };
    const second: SeedScores = {
      strategy: 'b',
      scores: new Map([
        [5, 0.6],
        [1, 0.8],
        [9, 0.1],
      ]),
    };
    const [pair] = comparePairs([first, second]);
    expect(pair!.n).toBe(2);
    expect(pair!.meanDifference).toBeCloseTo(0.1, 12);
    expect(pair!.verdict).toBe('too few seeds');
  });

  test('identical strategies are not significantly different, and nothing is NaN', () => {
    const [pair] = comparePairs([scores('a', a), scores('b', a)]);
    expect(pair).toEqual({
      a: 'a',
      b: 'b',
      n: 8,
      meanDifference: 0,
      standardDeviation: 0,
      wins: 0,
      ties: 8,
      losses: 0,
      interval: { low: 0, high: 0 },
      pairedT: null,
      wilcoxon: null,
      holm: null,
      verdict: 'not significant',
      reason: 'every difference is zero',
    });
  });

  test('no seed in common leaves nulls and a reason', () => {
    const [pair] = comparePairs([scores('a', []), scores('b', b)]);
    expect(pair).toMatchObject({
      n: 0,
      meanDifference: null,
      interval: null,
      pairedT: null,
      holm: null,
      verdict: 'too few seeds',
      reason: 'fewer than two seeds in common',
    });
  });
});
