import { describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/datasets/dataset.ts';
import { checkPlan, parseConfig } from '../../src/experiments/config.ts';
import { createOracle } from '../../src/experiments/oracle-config.ts';
import { rootStream } from '../../src/random.ts';
import { poolIndex } from '../../src/shapes.ts';

const raw = {
  name: 'test',
  dataset: { name: 'digits' },
  initial: { size: 10 },
  batch: 5,
  rounds: 2,
  seeds: [1, 2],
  classifier: { kind: 'linear-svm' },
  strategies: [{ kind: 'random' }],
};
const split = (n: number) => ({
  images: new Uint8Array(n),
  labels: Uint8Array.from({ length: n }, (_, row) => row % 2),
  n,
});
const dataset: Dataset = {
  name: 'tiny',
  shape: [1, 1, 1],
  classNames: ['even', 'odd'],
  train: split(40),
  test: split(2),
};
const plan = (change: object) => parseConfig('plan.json', { ...raw, ...change });
const rows = [0, 1, 2, 3].map((row) => poolIndex(row));
const costs = (change: object) =>
  createOracle(plan(change), dataset, rootStream(1))
    .answerRows(rows)
    .map(({ cost }) => cost);

describe('the config', () => {
  test.each([
    [
      'noise in two ways',
      { noise: 0.1, confusion: [[1]] },
      'oracle.confusion: expected "noise" or "confusion"',
    ],
    [
      'chances that do not sum to 1',
      {
        confusion: [
          [0.5, 0.4],
          [0, 1],
        ],
      },
      'oracle.confusion.0: expected chances that sum to 1, got 0.9',
    ],
    [
      'a matrix that is not square',
      { confusion: [[1], [0, 1]] },
      'oracle.confusion.0: expected 2 chances, got 1',
    ],
    ['labels for nothing', { cost: 0 }, 'oracle.cost'],
    ['a chance above 1', { abstain: [0, 1.1] }, 'oracle.abstain'],
    [
      'a price of what is free',
      { abstentionCost: 1, chargeAbstentions: false },
      'oracle.abstentionCost: expected none where "chargeAbstentions" is false',
    ],
  ])('refuses %s', (_, oracle, message) => {
    expect(() => plan({ oracle })).toThrow(message);
  });

  test('takes chances that sum to 1 as well as decimals can', () => {
    expect(() =>
      plan({
        oracle: {
          confusion: [
            [0.7, 0.2, 0.1],
            [0.1, 0.1, 0.8],
            [0, 0, 1],
          ],
        },
      }),
    ).not.toThrow();
  });

  test('refuses to choose from a few of the images that a stream brings', () => {
    expect(() => plan({ candidates: 10, strategies: [{ kind: 'stream' }] })).toThrow(
      'candidates: expected none beside stream',
    );
  });
});

describe('prices', () => {
  test('are absent where nothing speaks of costs', () => {
    expect(costs({})).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('are 1 under a budget alone, one number, or one a class', () => {
    expect(costs({ budget: { cost: 30 } })).toEqual([1, 1, 1, 1]);
    expect(costs({ oracle: { cost: 2.5 } })).toEqual([2.5, 2.5, 2.5, 2.5]);
    expect(costs({ oracle: { cost: [1, 3] } })).toEqual([1, 3, 1, 3]);
  });

  test('of what is not answered are the mean, what is named, or nothing where it is not charged', () => {
    const silent = { cost: [1, 3], abstain: 1 };
    expect(costs({ oracle: silent })).toEqual([2, 2, 2, 2]);
    expect(costs({ oracle: { ...silent, abstentionCost: 0.5 } })).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(costs({ oracle: { ...silent, chargeAbstentions: false } })).toEqual([0, 0, 0, 0]);
  });
});

describe('a plan', () => {
  const check = (change: object) => () => checkPlan('plan.json', plan(change), dataset);

  test('must have an entry for each class, which is told of all at once', () => {
    const oracle = { confusion: [[1]], abstain: [0, 0, 0], cost: [1] };
    expect(check({ oracle })).toThrow(
      'plan.json: 3 problems\n' +
        '  oracle.confusion: expected 2 entries, one a class, got 1\n' +
        '  oracle.abstain: expected 2 entries, one a class, got 3\n' +
        '  oracle.cost: expected 2 entries, one a class, got 1',
    );
  });

  test('must pay more than the initial labels', () => {
    expect(check({ budget: { cost: 10 } })).toThrow(
      'budget.cost: expected more than the 10 that the initial labels of seed 1 cost, got 10',
    );
    expect(check({ budget: { cost: 11 } })).not.toThrow();
  });

  test('must begin with answers of two classes', () => {
    expect(check({ oracle: { abstain: [1, 0] } })).toThrow(
      'seeds, 1: expected answers of two classes at least before the first round, got 1',
    );
    expect(
      check({
        oracle: {
          confusion: [
            [0, 1],
            [0, 1],
          ],
        },
      }),
    ).toThrow('before the first round, got 1');
  });

  test('must not wait for more doubt than there is', () => {
    expect(check({ stopping: [{ kind: 'uncertainty', threshold: 0.7 }] })).toThrow(
      'stopping.0.threshold: expected an entropy of at most 0.693 for 2 classes, got 0.7',
    );
  });
});
