import { describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/datasets/dataset.ts';
import { applyOverrides, checkPlan, differences, parseConfig } from '../../src/experiments/config.ts';
import { ConfigError } from '../../src/experiments/config-error.ts';

const raw = {
  name: 'test',
  dataset: { name: 'digits' },
  initial: { size: 10 },
  batch: 5,
  rounds: 4,
  seeds: [1, 2],
  classifier: { kind: 'linear-svm' },
  generators: { dcgan: { kind: 'dcgan' } },
  strategies: [{ kind: 'random' }, { kind: 'gaal' }],
};

const problemsOf = (config: unknown): string => {
  try {
    parseConfig('plan.json', config);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  return '';
};

describe('parseConfig', () => {
  test('writes every default out, and is stable when read again', () => {
    const config = parseConfig('plan.json', raw);
    expect(config.oracle.chargeAbstentions).toBe(true);
    expect(config.generators.dcgan).toMatchObject({ perSeed: false });
    expect(parseConfig('config.json', JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  test('lists every problem at once', () => {
    const message = problemsOf({ ...raw, rouns: 3, batch: '5', seeds: [0], initial: { size: 1 } });
    expect(message).toMatch(/^plan\.json: 4 problems\n/);
    for (const part of ['"rouns"', 'batch', 'seeds.0', 'initial.size']) expect(message).toContain(part);
  });

  test.each([
    ['the same seed twice', { seeds: [3, 3] }, 'seeds: expected different seeds, got [3,3]'],
    [
      'two strategies of one name',
      { strategies: [{ kind: 'random' }, { kind: 'random' }] },
      'strategies.1: expected a name of its own, got "random" again',
    ],
    [
      'a generator that is not there',
      { generators: {} },
      'strategies.1.generator: expected an entry under "generators" (dcgan, wgan-gp, vae, folder), got none',
    ],
    [
      'an unknown generator',
      { strategies: [{ kind: 'gaal', generator: 'wgan' }] },
      'strategies.0.generator: expected one of dcgan, got wgan',
    ],
    ['an unknown strategy', { strategies: [{ kind: 'magic' }] }, 'strategies.0.kind'],
  ])('refuses %s', (_, change, message) => {
    expect(problemsOf({ ...raw, ...change })).toContain(message);
  });
});

describe('checkPlan', () => {
  const plain = { generators: {}, strategies: [{ kind: 'random' }] };
  const split = (n: number) => ({
    images: new Uint8Array(n),
    labels: Uint8Array.from({ length: n }, (_, row) => row % 2),
    n,
  });
  const dataset = (train: number, test: number): Dataset => ({
    name: 'tiny',
    shape: [1, 1, 1],
    classNames: Array.from({ length: 12 }, (_, label) => `${label}`),
    train: split(train),
    test: split(test),
  });

  test('tells a generator that cannot be trained and an initial set of one class', () => {
    const lopsided: Dataset = { ...dataset(40, 1), shape: [28, 28, 1] };
    lopsided.train.labels.fill(0);
    const config = parseConfig('plan.json', {
      ...raw,
      generators: {
        dcgan: { kind: 'dcgan', channels: [4, 4, 4], batch: 8 },
        big: { kind: 'dcgan', batch: 41 },
      },
      strategies: [{ kind: 'random' }],
    });
    expect(() => checkPlan('plan.json', config, lopsided)).toThrow(
      /4 problems\n {2}generators\.dcgan: dcgan\.channels: .*\n {2}generators\.big: dcgan\.batch: expected at most the 40 images, got 41\n {2}seeds, 1: .*class 0 alone.*\n {2}seeds, 2: /,
    );
  });

  test('accepts a budget that uses the whole pool', () => {
    const config = parseConfig('plan.json', { ...raw, ...plain });
    expect(() => checkPlan('plan.json', config, dataset(30, 1))).not.toThrow();
  });

  test('lists every way in which the plan is impossible', () => {
    const config = parseConfig('plan.json', { ...raw, ...plain, initial: { size: 10, balanced: true } });
    expect(() => checkPlan('plan.json', config, dataset(29, 0))).toThrow(
      'plan.json: 3 problems\n' +
        '  rounds: expected initial.size + batch x rounds to fit the 29 rows of the pool, got 10 + 5 x 4 = 30\n' +
        '  initial.size: expected at least one label for each of 12 classes, got 10\n' +
        '  dataset: expected test images, got none',
    );
  });
});

describe('applyOverrides', () => {
  test('sets numbers, text and lists, also where there was nothing', () => {
    const changed = applyOverrides(raw, [
      'rounds=7',
      'strategies.1.steps=9',
      'dataset.name=mnist',
      'oracle.noise=0.1',
      'seeds=[4]',
    ]);
    expect(changed).toMatchObject({
      rounds: 7,
      dataset: { name: 'mnist' },
      oracle: { noise: 0.1 },
      seeds: [4],
      strategies: [{ kind: 'random' }, { kind: 'gaal', steps: 9 }],
    });
    expect(raw.rounds).toBe(4);
  });

  test('names what is wrong with a pair', () => {
    expect(() => applyOverrides(raw, ['rounds'])).toThrow('--set: expected path=value, got "rounds"');
    expect(() => applyOverrides(raw, ['strategies.x.kind=random'])).toThrow(
      '--set: expected a position from 0 to 2 in a list, got "x" in "strategies.x.kind=random"',
    );
    expect(() => applyOverrides(raw, ['strategies.9.kind=random'])).toThrow('from 0 to 2 in a list, got "9"');
    expect(() => applyOverrides(raw, ['__proto__.rounds=3'])).toThrow(
      '--set: expected a path into the config',
    );
    expect(() => applyOverrides(raw, ['rounds.deep.er=1'])).toThrow('--set: expected a path into the config');
  });
});

test('differences names each leaf that differs', () => {
  expect(differences({ a: 1, b: { c: [1, 2] }, d: 'x' }, { a: 1, b: { c: [1, 3] }, e: true })).toEqual([
    'b.c.1: saved 2, asked 3',
    'd: saved "x", asked nothing',
    'e: saved nothing, asked true',
  ]);
});
