import { expect, test } from 'vitest';
import { parseConfig } from '../../src/experiments/config.ts';

const config = (classifier: object, strategy: object) => () =>
  parseConfig('a.json', {
    name: 'a',
    dataset: { name: 'digits' },
    initial: { size: 20 },
    batch: 5,
    rounds: 2,
    seeds: [1],
    classifier,
    strategies: [strategy],
  });

test.each(['bald', 'variation-ratios', 'mean-std', 'mc-entropy', 'bgadl'])(
  '%s wants a task model with dropout',
  (kind) => {
    const missing = `strategies.0: expected a classifier with "dropout" (lenet, conv13, vgg, resnet18) for ${kind}, got`;
    expect(config({ kind: 'mlp' }, { kind })).toThrow(`${missing} mlp without`);
    expect(config({ kind: 'lenet' }, { kind })).toThrow(`${missing} lenet without`);
    expect(config({ kind: 'lenet', dropout: { pooling: 0, dense: 0 } }, { kind })).toThrow(missing);
    expect(config({ kind: 'lenet', dropout: {} }, { kind })().strategies[0]).toMatchObject({
      kind,
      passes: 20,
    });
  },
);

test('a committee of linear machines wants bagging', () => {
  const committee = { kind: 'query-by-committee' };
  expect(config({ kind: 'linear-svm' }, committee)).toThrow(
    'strategies.0: expected "bagging" for a committee',
  );
  expect(config({ kind: 'linear-svm' }, { ...committee, bagging: true })).not.toThrow();
  expect(config({ kind: 'mlp' }, committee)).not.toThrow();
});
