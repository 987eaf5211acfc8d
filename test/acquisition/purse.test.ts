import { describe, expect, test } from 'vitest';
import { Purse } from '../../src/acquisition/purse.ts';

const prices = { perClass: [0.1, 3], abstention: 1 };
const answer = (label: number | null, cost: number) => ({ label, confidence: 1, cost });

describe('Purse', () => {
  test('counts labels and sums costs', () => {
    const purse = new Purse({ chargeAbstentions: true, prices });
    purse.pay([answer(0, 0.1), answer(null, 1), answer(1, 3)]);
    expect([purse.labels, purse.cost]).toEqual([3, 4.1]);
    const lenient = new Purse({ chargeAbstentions: false, prices });
    lenient.pay([answer(0, 0.1), answer(null, 0)]);
    expect([lenient.labels, lenient.cost]).toEqual([1, 0.1]);
  });

  test('without prices counts labels, knows no cost and never ends', () => {
    const purse = new Purse({ chargeAbstentions: true, prices: undefined });
    const answers = Array.from({ length: 1000 }, () => ({ label: 0, confidence: 1 }));
    expect(purse.affordable(answers)).toBe(1000);
    purse.pay(answers);
    expect([purse.labels, purse.cost, purse.isSpent]).toEqual([1000, undefined, false]);
  });

  test('pays for all before the first that exceeds the budget, though cheaper ones follow', () => {
    const purse = new Purse({ chargeAbstentions: true, prices, budget: 4 });
    expect(purse.affordable([answer(1, 3), answer(0, 0.1), answer(1, 3), answer(0, 0.1)])).toBe(2);
    expect(purse.affordable([answer(1, 3), answer(null, 1)])).toBe(2);
  });

  test('is spent when it cannot buy the cheapest label, and not before', () => {
    const purse = new Purse({ chargeAbstentions: true, prices, budget: 3.1 });
    purse.pay([answer(1, 3)]);
    expect(purse.isSpent).toBe(false);
    purse.pay([answer(0, 0.1)]);
    expect(purse.isSpent).toBe(true);
  });

  test('reaches its budget exactly in decimals that doubles do not have', () => {
    const purse = new Purse({ chargeAbstentions: true, prices, budget: 0.3 });
    const three = [answer(0, 0.1), answer(0, 0.1), answer(0, 0.1)];
    expect(0.1 + 0.1 + 0.1).toBeGreaterThan(0.3);
    expect(purse.affordable([...three, answer(0, 0.1)])).toBe(3);
    purse.pay(three);
    expect(purse.isSpent).toBe(true);
  });

  test('refuses a budget without prices', () => {
    expect(() => new Purse({ chargeAbstentions: true, prices: undefined, budget: 2 })).toThrow(
      'Purse.budget: expected prices beside a budget of 2, got none',
    );
  });
});
