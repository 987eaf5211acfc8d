import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { StreamBudget, type StreamBudgetOptions } from '../../src/acquisition/stream-budget.ts';
import { rootStream } from '../../src/random.ts';

interface Case {
  readonly decided: number[];
  /** Threshold (-1 where the manager has none) and spending after every 25th arrival, from the first on. */
  readonly states: [number, number][];
  readonly draws?: number[];
}
const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/stream-budget.json', import.meta.url), 'utf8'),
) as {
  classes: number;
  budget: number;
  window: number;
  step: number;
  randomShare: number;
  certainty: number[];
  cases: Record<StreamBudgetOptions['manager'], Case>;
};
const { classes, budget, window, step, randomShare, certainty, cases } = fixture;
const options = (manager: StreamBudgetOptions['manager']) => ({
  manager,
  budget,
  window,
  step,
  randomShare,
});
const noDraw = () => {
  throw new Error('expected no draw');
};

describe('StreamBudget', () => {
  test.each(['fixed', 'variable', 'split'] as const)(
    "%s decides and moves as scikit-activeml's",
    (manager) => {
      const { decided, states, draws = [] } = cases[manager];
      const threshold = manager === 'fixed' ? 1 / classes + budget * (1 - 1 / classes) : 1;
      const manages = new StreamBudget(options(manager), { threshold, spent: 0 });
      let drawn = 0;
      certainty.forEach((value, at) => {
        const buys = manages.decide(value, manager === 'split' ? () => draws[drawn++]! : noDraw);
        expect(buys, `arrival ${at}`).toBe(decided[at] === 1);
        if (at % 25 !== 0) return;
        const [theta, spent] = states[at / 25]!;
        if (manager !== 'fixed') expect(manages.state.threshold).toBeCloseTo(theta, 12);
        expect(manages.state.spent).toBeCloseTo(spent, 12);
      });
      expect(decided.filter((one) => one === 1).length).toBeGreaterThan(100);
    },
  );

  test.each(['fixed', 'variable', 'split'] as const)('%s buys no larger share than its budget', (manager) => {
    const draw = rootStream(3);
    const manages = new StreamBudget(options(manager), { threshold: 1, spent: 0 });
    // Everything is uncertain, so the budget alone holds back.
    const bought = Array.from({ length: 5000 }, () => manages.decide(0, () => draw.uniform()));
    const share = bought.slice(500).filter((buys) => buys).length / 4500;
    expect(share).toBeLessThanOrEqual(budget + 1 / window);
    expect(share).toBeGreaterThan(budget - 1 / window);
  });

  test('neither buys nor moves its threshold while the budget is spent', () => {
    const manages = new StreamBudget(options('variable'), { threshold: 0.5, spent: budget * window });
    expect(manages.decide(0, noDraw)).toBe(false);
    expect(manages.state).toEqual({ threshold: 0.5, spent: budget * window * ((window - 1) / window) });
  });

  test('moves its threshold down by a share when it buys and up when it does not', () => {
    const manages = new StreamBudget(options('variable'), { threshold: 0.5, spent: 0 });
    expect(manages.decide(0.4, noDraw)).toBe(true);
    expect(manages.state.threshold).toBe(0.5 * 0.95);
    expect(manages.decide(0.5, noDraw)).toBe(false);
    expect(manages.state.threshold).toBe(0.5 * 0.95 * 1.05);
  });

  test('goes on from its state to the same decisions', () => {
    const whole = new StreamBudget(options('variable'), { threshold: 1, spent: 0 });
    const decisions = certainty.map((value) => whole.decide(value, noDraw));
    const first = new StreamBudget(options('variable'), { threshold: 1, spent: 0 });
    for (const value of certainty.slice(0, 137)) first.decide(value, noDraw);
    const second = new StreamBudget(options('variable'), JSON.parse(JSON.stringify(first.state)));
    expect(certainty.slice(137).map((value) => second.decide(value, noDraw))).toEqual(decisions.slice(137));
  });

  test('refuses a certainty that is no number', () => {
    const manages = new StreamBudget(options('fixed'), { threshold: 1, spent: 0 });
    expect(() => manages.decide(Number.NaN, noDraw)).toThrow('expected a finite number, got NaN');
  });
});
