/**
 * Who beats whom how often along the budget: the pairwise penalty matrix of BADGE.
 *
 * Source: Ash et al. 2020 (arXiv:1906.03671), section 5, "Pairwise comparisons".
 * Reference code: JordanAsh/badge@7532c8f scripts/agg_results.py, plot_matrix.
 * Differs: t = sqrt(n) mean / deviation over all n shared seeds and its critical value of n - 1 degrees of freedom, where
 * the paper has n = 5 and 2.776; differences are taken seed by seed, where the code pairs runs by their position; the
 * initial set, at which all strategies are equal here, is no checkpoint, as in the paper and unlike the code; equal
 * differences on all seeds have no t and are no win.
 */
import { comparePairs, mean } from '../statistics.ts';
import { accuracyAt, type StrategyCurves } from './budget-curve.ts';

export interface PenaltyMatrix {
  readonly strategies: readonly string[];
  /** Labels paid for at which strategies were compared. */
  readonly budgets: readonly number[];
  /** `[i][j]`: share of the budgets at which strategy i beat strategy j, in [0, 1]; 0 on the diagonal. */
  readonly entries: readonly (readonly number[])[];
  /** Sum of row i: how often strategy i beat others. */
  readonly rowSums: readonly number[];
  /** Sum of column j: how often strategy j was beaten. The fewer the better; the paper prints it over the strategies. */
  readonly columnSums: readonly number[];
}

export interface BudgetPlan {
  /** Labels before the first round. */
  readonly initial: number;
  /** Labels a round. */
  readonly batch: number;
  /** Labels at the end. */
  readonly final: number;
  /** Name of the random baseline; without it no budget is cut off. */
  readonly baseline?: string | undefined;
}

/** Share of random sampling's final accuracy from which on the paper compares no more. */
const SATURATED = 0.99;

/**
 * The budgets of the comparison: `initial + 2^(m - 1) batch` for m = 1, 2, ... up to `final`, and only as long as the
 * baseline's mean accuracy there is at most 99 % of its final one, because afterwards all curves meet. At least one if
 * there is one before `final`.
 */
export function penaltyBudgets(
  strategies: readonly StrategyCurves[],
  { initial, batch, final, baseline }: BudgetPlan,
): number[] {
  const budgets: number[] = [];
  for (let paid = initial + batch; paid <= final; paid = initial + 2 * (paid - initial)) budgets.push(paid);
  const random = strategies.find(({ strategy }) => strategy === baseline);
  const at = (budget: number) =>
    mean([...(random?.curves.values() ?? [])].flatMap((curve) => accuracyAt(curve, budget) ?? []));
  const end = at(final);
  const saturated = budgets.findIndex((budget) => end !== null && (at(budget) ?? 0) > SATURATED * end);
  return saturated < 0 ? budgets : budgets.slice(0, Math.max(1, saturated));
}

/**
 * For every two strategies and each of the L budgets a two-sided paired t-test over the seeds both have; where it is
 * significant at `alpha`, entry (better, worse) grows by 1 / L. Uncorrected, as in the paper: read sums, not entries.
 *
 * @param minimumSeeds seeds below which nobody wins; 3 by default, as for verdicts
 */
export function penaltyMatrix(
  strategies: readonly StrategyCurves[],
  budgets: readonly number[],
  { alpha = 0.05, minimumSeeds = 3 }: { readonly alpha?: number; readonly minimumSeeds?: number } = {},
): PenaltyMatrix {
  const names = strategies.map(({ strategy }) => strategy);
  const wins = names.map(() => names.map(() => 0));
  for (const budget of budgets) {
    const scores = strategies.map(({ strategy, curves }) => ({
      strategy,
      scores: new Map(
        [...curves].flatMap(([seed, curve]): [number, number][] => {
          const accuracy = accuracyAt(curve, budget);
          return accuracy === null ? [] : [[seed, accuracy]];
        }),
      ),
    }));
    for (const { a, b, n, meanDifference, pairedT } of comparePairs(scores)) {
      if (n < minimumSeeds || pairedT === null || pairedT >= alpha || meanDifference === null) continue;
      const [better, worse] = meanDifference > 0 ? [a, b] : [b, a];
      const row = wins[names.indexOf(better)] as number[];
      row[names.indexOf(worse)] = (row[names.indexOf(worse)] ?? 0) + 1;
    }
  }
  const share = (count: number) => count / budgets.length;
  const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
  return {
    strategies: names,
    budgets,
    entries: wins.map((row) => row.map((count) => (count === 0 ? 0 : share(count)))),
    rowSums: wins.map((row) => (budgets.length === 0 ? 0 : share(total(row)))),
    columnSums: names.map((_, column) =>
      budgets.length === 0 ? 0 : share(total(wins.map((row) => row[column] ?? 0))),
    ),
  };
}
