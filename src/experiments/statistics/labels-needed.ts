/**
 * How many labels a strategy needs to reach an accuracy; what it must pay for them, where curves have costs.
 */
import { type BudgetPoint, type Interval, interval95, mean, paid } from '../statistics.ts';
import { accuracyAt, budgetsOf } from './budget-curve.ts';

export interface LabelsNeeded {
  /** Labels paid for when the mean curve first was at the target; null if it never was. */
  readonly ofMean: number | null;
  /** The same of each seed's own curve, in the order given; null where the target was not reached. */
  readonly perSeed: readonly { readonly seed: number; readonly labels: number | null }[];
  /** Seeds that reached the target. */
  readonly reached: number;
  /** Seeds looked at. */
  readonly n: number;
  /** Mean over the seeds; null unless every one reached the target. */
  readonly mean: number | null;
  /** Its 95 % interval, by Student's t; null unless every one of at least two seeds reached the target. */
  readonly interval: Interval | null;
  /** Labels at the end of the longest curve: a seed that has not reached the target needs more than that. */
  readonly observedUpTo: number | null;
}

/** Accuracies are means of ratios of integers; a target read off the same curve must count as reached. */
const ROUNDING = 1e-12;

/**
 * First budgets at which a strategy's curves are at `target` or above.
 *
 * A seed that never gets there is censored: it needs more labels than were looked at, so no mean over the seeds
 * exists, and leaving it out would flatter the strategy. First hits are early for noisy curves, on every strategy
 * alike.
 *
 * @param curves of each finished seed
 * @param target accuracy in (0, 1]; RangeError otherwise
 */
export function labelsNeeded(
  curves: ReadonlyMap<number, readonly BudgetPoint[]>,
  target: number,
): LabelsNeeded {
  if (!(target > 0 && target <= 1)) {
    throw new RangeError(`labelsNeeded.target: expected an accuracy in (0, 1], got ${target}`);
  }
  const isThere = (accuracy: number | null) => accuracy !== null && accuracy >= target - ROUNDING;
  const perSeed = [...curves].map(([seed, curve]) => {
    const first = curve.find(({ testAccuracy }) => isThere(testAccuracy));
    return { seed, labels: first === undefined ? null : paid(first) };
  });
  const hits = perSeed.flatMap(({ labels }) => labels ?? []);
  const isWhole = hits.length === perSeed.length;
  const budgets = budgetsOf(curves.values());
  const meanAt = (budget: number) => {
    const accuracies = [...curves.values()].flatMap((curve) => accuracyAt(curve, budget) ?? []);
    return accuracies.length === curves.size ? mean(accuracies) : null;
  };
  return {
    ofMean: budgets.find((budget) => isThere(meanAt(budget))) ?? null,
    perSeed,
    reached: hits.length,
    n: perSeed.length,
    mean: isWhole ? mean(hits) : null,
    interval: isWhole ? interval95(hits) : null,
    observedUpTo: budgets.at(-1) ?? null,
  };
}
