import { describe, expect, test } from 'vitest';
import { accuracyAt, type StrategyCurves } from '../../../src/experiments/statistics/budget-curve.ts';
import { penaltyBudgets, penaltyMatrix } from '../../../src/experiments/statistics/penalty-matrix.ts';
import { comparePairs } from '../../../src/experiments/statistics.ts';
import { reference, referenceCurves } from './comparison-fixture.ts';

/** Every seed's curve: `accuracies[i]` after `10 + 10 i` labels, shifted by the seed's own amount. */
function strategy(
  name: string,
  accuracies: readonly number[],
  shifts: readonly number[] = [0, 0.001, -0.001, 0.002, 0],
): StrategyCurves {
  return {
    strategy: name,
    curves: new Map(
      shifts.map((shift, seed) => [
        seed + 1,
        accuracies.map((accuracy, i) => ({ labelsCharged: 10 + 10 * i, testAccuracy: accuracy + shift })),
      ]),
    ),
  };
}

describe('accuracy at a budget', () => {
  const [curve] = strategy('a', [0.5, 0.6, 0.7], [0]).curves.values();

  test('is that of the last point at or below it, and does not exist below the first', () => {
    expect([10, 19, 20, 30, 1000].map((budget) => accuracyAt(curve!, budget))).toEqual([
      0.5, 0.5, 0.6, 0.7, 0.7,
    ]);
    expect(accuracyAt(curve!, 9)).toBeNull();
  });
});

describe('the penalty matrix', () => {
  test("agrees with the paper's formula in NumPy, t above 2.776 over five seeds", () => {
    const { budgets, entries } = reference.matrix;
    expect(penaltyMatrix(referenceCurves, budgets).entries).toEqual(entries);
  });

  test('row sums count wins and column sums losses, in budgets', () => {
    const { entries, rowSums, columnSums } = penaltyMatrix(referenceCurves, reference.matrix.budgets);
    entries.forEach((row, i) => {
      expect(rowSums[i]).toBeCloseTo(
        row.reduce((sum, entry) => sum + entry, 0),
        12,
      );
      expect(columnSums[i]).toBeCloseTo(
        entries.reduce((sum, other) => sum + other[i]!, 0),
        12,
      );
    });
    expect(rowSums.at(-1)).toBeGreaterThan(1);
    expect(columnSums.at(-1)).toBe(0);
  });

  test('the winner owns the row: one budget of two gives one half', () => {
    const low = strategy('low', [0.5, 0.6, 0.6]);
    const high = strategy('high', [0.5, 0.6, 0.7], [0.001, 0, 0.001, -0.002, 0]);
    const { entries } = penaltyMatrix([low, high], [20, 30]);
    expect(entries).toEqual([
      [0, 0],
      [0.5, 0],
    ]);
    expect(penaltyMatrix([high, low], [20, 30]).entries[0]).toEqual([0, 0.5]);
  });

  test('two seeds, equal differences and no difference are no win', () => {
    const low = strategy('low', [0.5, 0.6]);
    const shifted = strategy('shifted', [0.6, 0.7]);
    const apart = strategy('apart', [0.9, 0.9], [0, 0.003]);
    expect(penaltyMatrix([low, shifted, low, apart], [20]).rowSums).toEqual([0, 0, 0, 0]);
  });

  test('no budget gives a matrix of zeros', () => {
    expect(
      penaltyMatrix(referenceCurves, [])
        .entries.flat()
        .every((entry) => entry === 0),
    ).toBe(true);
  });
});

describe('the budgets of the penalty matrix', () => {
  const rising = strategy('random', [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.87, 0.88, 0.9], [0, 0]);

  test('double from the first round on and leave out the initial set', () => {
    expect(penaltyBudgets([rising], { initial: 10, batch: 10, final: 90 })).toEqual([20, 30, 50, 90]);
    expect(penaltyBudgets([rising], { initial: 10, batch: 10, final: 89 })).toEqual([20, 30, 50]);
  });

  test('end before the baseline is within a hundredth of its final accuracy', () => {
    const plan = { initial: 10, batch: 10, final: 90, baseline: 'random' };
    expect(penaltyBudgets([rising], plan)).toEqual([20, 30, 50]);
    const early = strategy('random', [0.5, 0.6, 0.895, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9], [0, 0]);
    expect(penaltyBudgets([early], plan)).toEqual([20]);
  });

  test('keep the first even of a baseline that is there at once', () => {
    const flat = strategy('random', [0.9, 0.9, 0.9], [0]);
    expect(penaltyBudgets([flat], { initial: 10, batch: 10, final: 30, baseline: 'random' })).toEqual([20]);
  });
});

test('intervals, tests, Holm and counts of all pairs agree with SciPy and statsmodels', () => {
  const scores = referenceCurves.map(({ strategy: name, curves }) => ({
    strategy: name,
    scores: new Map([...curves].map(([seed, curve]) => [seed, accuracyAt(curve, 100)!])),
  }));
  comparePairs(scores).forEach((pair, i) => {
    const expected = reference.pairs[i]!;
    expect([pair.a, pair.b]).toEqual([`s${expected.a}`, `s${expected.b}`]);
    expect(pair.meanDifference).toBeCloseTo(expected.meanDifference, 12);
    expect(pair.standardDeviation).toBeCloseTo(expected.standardDeviation, 12);
    expect(pair.interval!.low).toBeCloseTo(expected.interval[0], 10);
    expect(pair.interval!.high).toBeCloseTo(expected.interval[1], 10);
    expect(pair.pairedT).toBeCloseTo(expected.pairedT, 10);
    expect(pair.wilcoxon).toBeCloseTo(expected.wilcoxon, 10);
    expect(pair.holm).toBeCloseTo(expected.holm, 10);
    expect([pair.wins, pair.ties, pair.losses]).toEqual([
      expected.wins,
      5 - expected.wins - expected.losses,
      expected.losses,
    ]);
  });
});
