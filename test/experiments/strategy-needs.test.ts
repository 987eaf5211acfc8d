import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/experiments/config.ts';
import { planTasks } from '../../src/experiments/runner.ts';
import { isPerSeed, needsOf, rolesOf } from '../../src/experiments/strategy-needs.ts';
import { taskName } from '../../src/experiments/tasks.ts';

const MODELS = {
  dcgan: { kind: 'dcgan' },
  wgan: { kind: 'wgan-gp' },
  codes: { kind: 'autoencoder' },
};

function configOf(strategies: object[], generators: object = MODELS) {
  return parseConfig('test', {
    name: 'test',
    dataset: { name: 'digits' },
    initial: { size: 10 },
    batch: 2,
    rounds: 2,
    seeds: [1, 2],
    classifier: { kind: 'linear-svm' },
    generators,
    strategies,
  });
}

const asal = (options: object) => ({ kind: 'asal', generator: 'dcgan', ...options });

function needs(strategy: object, generators?: object) {
  const config = configOf([strategy], generators);
  return needsOf(config, config.strategies[0]!);
}

describe('a strategy needs', () => {
  test('nothing, if it only looks at the pool', () => {
    expect(needs({ kind: 'random' })).toEqual({ reference: false });
  });

  test('the generator it names and the reference, if it synthesises', () => {
    expect(needs({ kind: 'gaal', generator: 'wgan' })).toEqual({ searched: 'wgan', reference: true });
  });

  test('an index by components, of no model', () => {
    const { searched, matcher } = needs(asal({}));
    expect(searched).toBe('dcgan');
    expect(matcher).toMatchObject({ model: undefined, features: { kind: 'pca' }, index: { kind: 'exact' } });
    expect(matcher?.name).toMatch(/^pca-exact-[0-9a-f]{6}$/);
  });

  test('the only autoencoder for codes, and its own generator for discriminator features', () => {
    expect(needs(asal({ features: { kind: 'autoencoder' } })).matcher?.model).toBe('codes');
    expect(needs(asal({ features: { kind: 'discriminator' } })).matcher?.model).toBe('dcgan');
    expect(needs(asal({ features: { kind: 'discriminator' }, featuresOf: 'wgan' })).matcher?.model).toBe(
      'wgan',
    );
  });

  test('no index of features that change every round', () => {
    expect(needs(asal({ features: { kind: 'task-model' } })).matcher).toBeUndefined();
  });

  test('the same index as another that asks for the same, and no other', () => {
    const nameOf = (options: object) => needs(asal(options)).matcher?.name;
    expect(nameOf({ generator: 'wgan' })).toBe(nameOf({}));
    const different = [
      nameOf({}),
      nameOf({ features: { kind: 'pca', whiten: true } }),
      nameOf({ index: { kind: 'hnsw' } }),
      nameOf({ features: { kind: 'discriminator' } }),
      nameOf({ features: { kind: 'discriminator' }, featuresOf: 'wgan' }),
    ];
    expect(new Set(different).size).toBe(5);
  });
});

describe('a config is refused', () => {
  test.each([
    [
      'if no model has codes',
      asal({ features: { kind: 'autoencoder' } }),
      { dcgan: { kind: 'dcgan' } },
      'featuresOf: expected an entry under "generators" (autoencoder, vae, folder), got none',
    ],
    [
      'if two models have codes',
      asal({ features: { kind: 'autoencoder' } }),
      { ...MODELS, vae: { kind: 'vae' } },
      'featuresOf: expected one of codes, vae, got none',
    ],
    [
      'if the model named has no discriminator',
      asal({ features: { kind: 'discriminator' }, featuresOf: 'codes' }),
      MODELS,
      'featuresOf: expected one of dcgan, wgan, got codes',
    ],
    [
      'if the generator cannot be searched',
      asal({ generator: 'codes' }),
      MODELS,
      'generator: expected one of dcgan, wgan, got codes',
    ],
    [
      'if two generators can be searched',
      { kind: 'asal' },
      MODELS,
      'generator: expected one of dcgan, wgan, got none',
    ],
  ])('%s', (_, strategy, generators, message) => {
    expect(() => configOf([{ kind: 'random' }, strategy], generators)).toThrow(`strategies.1.${message}`);
  });
});

describe('the plan', () => {
  test('makes models, then indexes, then cells, each waiting for what it needs', () => {
    const config = configOf([
      { kind: 'random' },
      asal({ name: 'one' }),
      asal({ name: 'two', generator: 'wgan' }),
      asal({ name: 'three', features: { kind: 'autoencoder' } }),
    ]);
    const plan = planTasks(config);
    const names = plan.map(({ task }) => taskName(task));
    const [pca, codes] = [1, 3].map((at) => needsOf(config, config.strategies[at]!).matcher!.name);
    expect(names.slice(0, 6)).toEqual([
      'generator dcgan',
      'generator wgan',
      'generator codes',
      'reference classifier',
      `index ${pca}`,
      `index ${codes}`,
    ]);
    expect(names).toHaveLength(6 + 8);
    const needsOfTask = (name: string) => plan[names.indexOf(name)]?.needs;
    expect(needsOfTask(`index ${pca}`)).toEqual([]);
    expect(needsOfTask(`index ${codes}`)).toEqual(['generator codes']);
    expect(needsOfTask('three, seed 2')).toEqual([
      'generator dcgan',
      `index ${codes}`,
      'reference classifier',
    ]);
    expect(needsOfTask('random, seed 1')).toEqual([]);
  });

  test('has a model and an index a seed where the model is so', () => {
    const config = configOf([asal({ features: { kind: 'discriminator' } })], {
      dcgan: { kind: 'dcgan', perSeed: true },
    });
    expect(isPerSeed(config, 'dcgan')).toBe(true);
    const names = planTasks(config).map(({ task }) => taskName(task));
    const { name } = needsOf(config, config.strategies[0]!).matcher!;
    expect(names).toContain(`index ${name}, seed 1`);
    expect(names).toContain(`index ${name}, seed 2`);
  });
});

test('a model is asked for all that any strategy wants of it', () => {
  const config = configOf([
    { kind: 'gaal', generator: 'dcgan' },
    asal({ generator: 'wgan', features: { kind: 'discriminator' }, featuresOf: 'dcgan' }),
  ]);
  expect(rolesOf(config, 'dcgan')).toEqual(['search', 'discriminate']);
  expect(rolesOf(config, 'wgan')).toEqual(['search']);
  expect(rolesOf(config, 'codes')).toEqual([]);
});
