/**
 * What a cell has paid: labels by number and, where answers have prices, their cost; and what a budget still buys.
 */
import type { Prices } from './oracle.ts';
import type { Answer } from './round-record.ts';

export interface PurseOptions {
  /** Whether an answer "cannot read it" counts as a label paid for. */
  readonly chargeAbstentions: boolean;
  /** What the oracle's answers cost; undefined if they carry no cost. */
  readonly prices: Prices | undefined;
  /** The most that may be paid, in the unit of the prices; no end if left out. */
  readonly budget?: number | undefined;
}

/** Sums of decimal prices are off in the 16th digit; three labels at 0.1 must fit a budget of 0.3. */
const ROUNDING = 1 + 1e-9;

/** Counts what answers cost. */
export class Purse {
  readonly #options: PurseOptions;
  #labels = 0;
  #cost = 0;

  /** RangeError for a budget without prices. */
  constructor(options: PurseOptions) {
    if (options.budget !== undefined && options.prices === undefined) {
      throw new RangeError(`Purse.budget: expected prices beside a budget of ${options.budget}, got none`);
    }
    this.#options = options;
  }

  /** Labels paid for. */
  get labels(): number {
    return this.#labels;
  }

  /** What all answers cost so far; undefined where they have no prices. */
  get cost(): number | undefined {
    return this.#options.prices === undefined ? undefined : this.#cost;
  }

  /** How many of the answers, in their order, can be paid: all before the first that would exceed the budget. */
  affordable(answers: readonly Answer[]): number {
    let cost = this.#cost;
    const first = answers.findIndex((answer) => {
      cost += answer.cost ?? 0;
      return !this.#covers(cost);
    });
    return first < 0 ? answers.length : first;
  }

  /** Pays for answers. */
  pay(answers: readonly Answer[]): void {
    const { chargeAbstentions } = this.#options;
    this.#labels += chargeAbstentions ? answers.length : answers.filter(({ label }) => label !== null).length;
    for (const { cost } of answers) this.#cost += cost ?? 0;
  }

  /** Whether what is left does not buy even the cheapest label. */
  get isSpent(): boolean {
    const cheapest = Math.min(...(this.#options.prices?.perClass ?? [0]));
    return !this.#covers(this.#cost + cheapest);
  }

  #covers(cost: number): boolean {
    const { budget } = this.#options;
    return budget === undefined || cost <= budget * ROUNDING;
  }
}
