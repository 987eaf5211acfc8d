/**
 * Learning curves as functions of the labels paid for, so that curves whose rounds cost differently can be read at the
 * same budget.
 */
import type { BudgetPoint } from '../statistics.ts';

/** A strategy's learning curve on each seed that finished. */
export interface StrategyCurves {
  readonly strategy: string;
  readonly curves: ReadonlyMap<number, readonly BudgetPoint[]>;
}

/**
 * Test accuracy when `budget` labels were paid for: that of the last point at or below it, since between two rounds
 * the model stays what it was, and who stops buying keeps what there is. Null below the first point.
 */
export function accuracyAt(curve: readonly BudgetPoint[], budget: number): number | null {
  return curve.findLast(({ labelsCharged }) => labelsCharged <= budget)?.testAccuracy ?? null;
}

/** Every number of labels at which some curve has a point, rising. */
export function budgetsOf(curves: Iterable<readonly BudgetPoint[]>): number[] {
  const all = [...curves].flatMap((curve) => curve.map(({ labelsCharged }) => labelsCharged));
  return [...new Set(all)].sort((a, b) => a - b);
}
