/**
 * Whether to buy an image that has just arrived: an estimate of what was spent lately, and a threshold of certainty.
 *
 *     may buy      u_{t-1} / w < B
 *     fixed        buy if c_t < theta
 *     variable     buy if c_t < theta_t; then theta_{t+1} = theta_t (1 - s) if bought, theta_t (1 + s) if not
 *     split        with chance v: buy with chance B; else as variable
 *     spending     u_t = u_{t-1} (w - 1) / w + [bought]
 *
 * where nothing is decided, and the threshold does not move, while spending is at the budget.
 *
 * Source: Zliobaite, Bifet, Pfahringer and Holmes 2014, "Active learning with drifting streaming data", IEEE Transactions on
 * Neural Networks and Learning Systems 25(1), 27-39.
 */
import type { StreamConfig } from './strategies/stream-config.ts';

/** Where a manager stands. */
export interface StreamBudgetState {
  /** Certainty below which an image is bought. */
  readonly threshold: number;
  /** `u`, the labels of the last `window` arrivals as they are estimated. */
  readonly spent: number;
}

/** The options of a manager; see {@link StreamConfig}. */
export type StreamBudgetOptions = Pick<
  StreamConfig,
  'manager' | 'budget' | 'window' | 'step' | 'randomShare'
>;

/** Decides about one arrival after the other. */
export class StreamBudget {
  readonly #options: StreamBudgetOptions;
  #threshold: number;
  #spent: number;

  constructor(options: StreamBudgetOptions, { threshold, spent }: StreamBudgetState) {
    this.#options = options;
    this.#threshold = threshold;
    this.#spent = spent;
  }

  get state(): StreamBudgetState {
    return { threshold: this.#threshold, spent: this.#spent };
  }

  /**
   * Whether the next arrival is bought.
   *
   * @param certainty the lower the less certain; finite, RangeError otherwise
   * @param draw uniform in [0, 1); called by `split` alone
   */
  decide(certainty: number, draw: () => number): boolean {
    if (!Number.isFinite(certainty)) {
      throw new RangeError(`StreamBudget.decide.certainty: expected a finite number, got ${certainty}`);
    }
    const { budget, window } = this.#options;
    const buys = this.#spent / window < budget && this.#wants(certainty, draw);
    this.#spent = this.#spent * ((window - 1) / window) + (buys ? 1 : 0);
    return buys;
  }

  #wants(certainty: number, draw: () => number): boolean {
    const { manager, budget, randomShare, step } = this.#options;
    if (manager === 'split' && draw() < randomShare) return draw() < budget;
    const wants = certainty < this.#threshold;
    if (manager !== 'fixed') this.#threshold *= wants ? 1 - step : 1 + step;
    return wants;
  }
}
