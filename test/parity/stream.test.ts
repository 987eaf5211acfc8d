import { expect, test } from 'vitest';
import { StreamConfig } from '../../src/acquisition/strategies/stream-config.ts';
import { StreamBudget } from '../../src/acquisition/stream-budget.ts';
import { expectEqual, fixture } from './fixture.ts';

interface Decisions {
  readonly decided: readonly number[];
  readonly spent: readonly number[];
}
const reference = fixture<{
  readonly budget: number;
  readonly window: number;
  readonly draws: readonly number[];
  readonly random: Decisions;
  readonly certainties: readonly number[];
  readonly fixed: Decisions;
}>('stream');
const { budget, window } = reference;

function decisions(certainties: readonly number[], threshold: number): Decisions {
  const options = StreamConfig.parse({ manager: 'fixed', budget, window });
  const manager = new StreamBudget(options, { threshold, spent: 0 });
  const made = certainties.map((certainty) => {
    const decided = manager.decide(certainty, () => Number.NaN);
    return { decided: Number(decided), spent: manager.state.spent };
  });
  return { decided: made.map(({ decided }) => decided), spent: made.map(({ spent }) => spent) };
}

test("a fixed threshold at the budget and certainties by chance make scikit-activeml's manager of chance alone", () => {
  const ours = decisions(reference.draws, budget);
  expect(ours.decided).toEqual(reference.random.decided);
  expectEqual(ours.spent, reference.random.spent, 1e-12);
  expect(ours.decided).toContain(1);
  // Some were cheap enough and came when the budget was spent.
  const cheap = reference.draws.filter((draw) => draw < budget).length;
  expect(cheap).toBeGreaterThan(ours.decided.reduce((sum, one) => sum + one, 0));
});

test('an image as certain as the fixed threshold is bought by scikit-activeml, the paper and ours want one below it', () => {
  const threshold = 1 / 2 + budget * (1 - 1 / 2);
  expect(reference.certainties).toEqual([0.75, threshold]);
  expect(reference.fixed.decided).toEqual([0, 1]);
  expect(decisions(reference.certainties, threshold).decided).toEqual([0, 0]);
  expect(decisions([threshold - 2 ** -52], threshold).decided).toEqual([1]);
});
