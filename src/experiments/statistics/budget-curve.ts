/**
 * Learning curves as functions of what was paid, so that curves whose rounds cost differently can be read at the
 * same budget.
 */
import { type BudgetPoint, paid } from '../statistics.ts';

/** A strategy's learning curve on each seed that finished. */
export interface StrategyCurves {
  readonly strategy: string;
  readonly curves: ReadonlyMap<number, readonly BudgetPoint[]>;
}

/**
 * Test accuracy when `budget` was paid, in labels or at their cost: that of the last point at or below it, since between two rounds
 * the model stays what it was, and who stops buying keeps what there is. Null below the first point.
 */
export function accuracyAt(curve: readonly BudgetPoint[], budget: number): number | null {
  return curve.findLast((point) => paid(point) <= budget)?.testAccuracy ?? null;
}

/** Every budget at which some curve has a point, rising. */
export function budgetsOf(curves: Iterable<readonly BudgetPoint[]>): number[] {
  const all = [...curves].flatMap((curve) => curve.map(paid));
  return [...new Set(all)].sort((a, b) => a - b);
}
