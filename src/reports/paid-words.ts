/**
 * What budgets are counted in, in words.
 */
import { figure } from './number-format.ts';
import type { Results } from './results.ts';

/** Names the axis of budgets. */
export const PAID: Readonly<Record<Results['paidIn'], string>> = {
  labels: 'labels paid for',
  cost: 'cost paid',
};

/** A number of labels, which is whole, or a cost, which need not be. */
export function amount(paid: number | null): string {
  return paid === null || Number.isInteger(paid) ? `${paid}` : figure(paid);
}

/** A budget with its unit, as in "350 labels" and "a cost of 350". */
export function budgetOf(paidIn: Results['paidIn'], amount: number | string): string {
  return paidIn === 'cost' ? `a cost of ${amount}` : `${amount} labels`;
}
