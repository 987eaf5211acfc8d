import { expect, test } from 'vitest';
import { digitsDataset } from '../../src/datasets/digits.ts';
import { checkPlan, parseConfig } from '../../src/experiments/config.ts';

const config = (change: object = {}) =>
  parseConfig('a.json', {
    name: 'a',
    dataset: { name: 'digits' },
    initial: { size: 20 },
    batch: 5,
    rounds: 2,
    seeds: [1],
    classifier: { kind: 'm2' },
    strategies: [{ kind: 'entropy' }],
    ...change,
  });

test('M2 may be the task model of strategies that ask for a classifier', () => {
  expect(config().classifier).toMatchObject({ kind: 'm2', steps: 1000 });
});

test('M2 is refused where a model learns from labels alone', () => {
  const reference = { oracle: { reference: { classifier: { kind: 'm2' } } } };
  expect(() => config(reference)).toThrow('oracle.reference.classifier.kind: Invalid discriminator value');
  expect(() => config({ strategies: [{ kind: 'query-by-committee' }] })).toThrow(
    'strategies.0: expected a classifier that learns from labels alone for query-by-committee',
  );
  expect(() => config({ strategies: [{ kind: 'bald' }] })).toThrow('for bald, got m2 without');
});

test.each(['m2-farthest', 'm2-weighted-confidence', 'norm-score', 'latent-combination'])(
  '%s asks for M2 as the task model, or for options of its own',
  (kind) => {
    const mlp = { classifier: { kind: 'mlp' } };
    expect(() => config({ ...mlp, strategies: [{ kind }] })).toThrow(
      `strategies.0: expected a classifier of kind m2 for ${kind}, or an M2 of its own under "m2", got mlp`,
    );
    expect(config({ strategies: [{ kind }] }).strategies[0]).not.toHaveProperty('m2');
    expect(config({ ...mlp, strategies: [{ kind, m2: { steps: 7 } }] }).strategies[0]).toMatchObject({
      m2: { steps: 7, weighting: { alpha: 60 } },
    });
  },
);

test('M2-VAAL asks the task model only where it is M2, and does not deceive then', () => {
  const strategy = { kind: 'm2-vaal', model: 'task', adversary: 0, discriminate: 'after' };
  expect(config({ strategies: [strategy] }).strategies[0]).toMatchObject(strategy);
  expect(() => config({ classifier: { kind: 'mlp' }, strategies: [strategy] })).toThrow(
    'strategies.0: expected a classifier of kind m2 for "model" task, got mlp',
  );
  for (const change of [{ adversary: 1 }, { discriminate: 'along' }]) {
    expect(() => config({ strategies: [{ ...strategy, ...change }] })).toThrow(
      'expected "adversary" 0 and "discriminate" after for "model" task, got',
    );
  }
});

test('a plan that M2 cannot carry out is refused before any work', () => {
  const dataset = digitsDataset({ trainSize: 30, testSize: 10, seed: 1 });
  expect(() => checkPlan('a.json', config(), dataset)).toThrow(
    'rounds: expected to leave a row of the pool unlabelled for m2 to learn from, got 30 of 30',
  );
  const odd = config({
    rounds: 1,
    classifier: { kind: 'm2', network: { kind: 'conv', channels: [4, 4, 4] } },
  });
  expect(() => checkPlan('a.json', odd, dataset)).toThrow(
    'classifier: m2.network.channels: expected 3 levels to halve',
  );
  expect(() => checkPlan('a.json', config({ rounds: 1 }), dataset)).not.toThrow();
});
