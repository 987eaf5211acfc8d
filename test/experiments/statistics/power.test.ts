import { describe, expect, test } from 'vitest';
import { criticalT, pairedTPower, seedsForPower } from '../../../src/experiments/statistics/power.ts';
import { reference } from './comparison-fixture.ts';

describe('critical values of t', () => {
  test('agree with SciPy for odd and even degrees of freedom', () => {
    for (const { alpha, freedom, t } of reference.criticalT) {
      expect(criticalT(alpha, freedom) / t, `${alpha}, ${freedom}`).toBeCloseTo(1, 9);
    }
  });

  test('with one degree of freedom it is the tangent of Cauchy, with four the 2.776 of the textbooks', () => {
    expect(criticalT(0.05, 1)).toBeCloseTo(Math.tan((Math.PI * 0.95) / 2), 8);
    expect(criticalT(0.05, 4)).toBeCloseTo(2.7764451051977934, 10);
  });
});

describe('power of the paired t-test', () => {
  test("agrees with SciPy's noncentral t", () => {
    for (const { n, effect, alpha, power } of reference.power) {
      expect(pairedTPower(n, effect, alpha), `${n}, ${effect}, ${alpha}`).toBeCloseTo(power, 7);
    }
  });

  test('is the level itself where there is no difference', () => {
    for (const n of [2, 3, 10, 100]) expect(pairedTPower(n, 0, 0.05)).toBeCloseTo(0.05, 7);
  });

  test('does not depend on the sign, and grows with seeds and effect', () => {
    expect(pairedTPower(5, -0.8)).toBeCloseTo(pairedTPower(5, 0.8), 12);
    const bySeeds = [2, 3, 5, 9, 17, 40].map((n) => pairedTPower(n, 0.6));
    expect(bySeeds).toEqual([...bySeeds].sort((a, b) => a - b));
    expect(pairedTPower(5, 0.9)).toBeGreaterThan(pairedTPower(5, 0.8));
    expect(pairedTPower(500, 3)).toBeCloseTo(1, 12);
  });

  test('refuses a single seed', () => {
    expect(() => pairedTPower(1, 1)).toThrow('pairedTPower.n: expected a whole number of at least 2, got 1');
  });
});

describe('seeds needed', () => {
  test('agree with statsmodels, rounded up', () => {
    for (const { n, ...options } of reference.seeds) {
      expect(seedsForPower(options), JSON.stringify(options)).toBe(n);
    }
  });

  test('are the fewest that reach the power', () => {
    const n = seedsForPower({ standardDeviation: 0.012 })!;
    expect(pairedTPower(n, 0.01 / 0.012)).toBeGreaterThanOrEqual(0.8);
    expect(pairedTPower(n - 1, 0.01 / 0.012)).toBeLessThan(0.8);
  });

  test('more than ten thousand are not counted', () => {
    expect(seedsForPower({ standardDeviation: 1, difference: 0.01 })).toBeNull();
  });

  test('refuses what makes no sense', () => {
    expect(() => seedsForPower({ standardDeviation: 0 })).toThrow(
      'seedsForPower.standardDeviation: expected a finite number above 0, got 0',
    );
    expect(() => seedsForPower({ standardDeviation: 1, power: 1 })).toThrow('seedsForPower.power');
  });
});
