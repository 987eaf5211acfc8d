/**
 * Numbers of SciPy and statsmodels; `test/fixtures/comparison-statistics.py` made them.
 */
import { readFileSync } from 'node:fs';
import type { StrategyCurves } from '../../../src/experiments/statistics/budget-curve.ts';

export interface Reference {
  readonly criticalT: readonly { alpha: number; freedom: number; t: number }[];
  readonly power: readonly { n: number; effect: number; alpha: number; power: number }[];
  readonly seeds: readonly {
    standardDeviation: number;
    difference: number;
    power: number;
    alpha: number;
    n: number;
  }[];
  readonly matrix: { readonly budgets: readonly number[]; readonly entries: readonly (readonly number[])[] };
  readonly pairs: readonly {
    a: number;
    b: number;
    meanDifference: number;
    standardDeviation: number;
    interval: readonly [number, number];
    pairedT: number;
    holm: number;
    wilcoxon: number;
    wins: number;
    losses: number;
  }[];
  /** Accuracies `[strategy][seed][point]` at 20 labels and the budgets of the matrix. */
  readonly curves: readonly (readonly (readonly number[])[])[];
}

export const reference: Reference = JSON.parse(
  readFileSync(new URL('../../fixtures/comparison-statistics.json', import.meta.url), 'utf8'),
);

const budgets = [20, ...reference.matrix.budgets];

/** The fixture's strategies, `s0`, `s1`, ..., on seeds 1 to 5. */
export const referenceCurves: readonly StrategyCurves[] = reference.curves.map((seeds, strategy) => ({
  strategy: `s${strategy}`,
  curves: new Map(
    seeds.map((accuracies, seed) => [
      seed + 1,
      accuracies.map((testAccuracy, i) => ({ labelsCharged: budgets[i]!, testAccuracy })),
    ]),
  ),
}));
