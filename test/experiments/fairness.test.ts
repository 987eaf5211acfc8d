import { describe, expect, test } from 'vitest';
import type { RoundRecord } from '../../src/acquisition/round-record.ts';
import { parseConfig } from '../../src/experiments/config.ts';
import { type ComparedRun, differencesBetween } from '../../src/experiments/fairness.ts';

const start = (testAccuracy: number, labels: readonly number[] = [0, 1, 1]): RoundRecord => ({
  round: 0,
  labels: 3,
  labelsCharged: 3,
  testAccuracy,
  answers: labels.map((label) => ({ label, confidence: 1 })),
  diagnostics: {},
});

const config = parseConfig('test', {
  name: 'plan',
  dataset: { name: 'digits' },
  initial: { size: 30 },
  batch: 10,
  rounds: 4,
  seeds: [1, 2],
  classifier: { kind: 'lenet' },
  strategies: [{ kind: 'random' }],
});

const manifest = {
  genal: '0.1.0',
  backend: 'wasm',
  backendDetail: 'SIMD',
  machine: { cpu: 'a processor', cores: 2 },
  dataSha256: 'aaaaaaaaaaaaaaaaaaaa',
  trainImages: 10_000,
  testImages: 2_000,
};

interface Change {
  readonly config?: Record<string, unknown>;
  readonly manifest?: Record<string, unknown> | null;
  readonly starts?: Record<number, RoundRecord>;
}

function run(dir: string, change: Change = {}): ComparedRun {
  const starts = change.starts ?? { 1: start(0.5), 2: start(0.6) };
  return {
    dir,
    config: { ...config, ...change.config },
    manifest: change.manifest === null ? null : { ...manifest, ...change.manifest },
    cells: Object.entries(starts).map(([seed, first]) => ({
      strategy: 'random',
      seed: Number(seed),
      rounds: [first],
    })),
  };
}

const against = (change: Change) => differencesBetween([run('a'), run('b', change)]);

describe('runs of one protocol', () => {
  test('do not differ, whatever their names, strategies, generators, seeds and rounds', () => {
    const strategies = [{ kind: 'uncertainty' }];
    expect(against({ config: { name: 'other', strategies, rounds: 9, seeds: [2, 3] } })).toEqual([]);
    expect(differencesBetween([run('a')])).toEqual([]);
  });

  test('do not differ by a setting that one has from the defaults', () => {
    const { oracle: _, ...older } = config;
    expect(differencesBetween([{ ...run('a'), config: older }, run('b')])).toEqual([]);
  });
});

describe('an unfair run', () => {
  test('whose strategy was trained longer is told in a sentence', () => {
    const classifier = { ...config.classifier, updates: 900 };
    expect(against({ config: { classifier } })).toEqual([
      {
        about: 'classifier',
        severity: 'unfair',
        sentence:
          'b differs from a in the classifier and its training (updates 900, not 300), so a difference in accuracy may be due to that and not to the strategies.',
      },
    ]);
  });

  test.each([
    ['classifier', { classifier: { kind: 'linear-svm' } }, 'the classifier and its training (kind'],
    ['initial', { initial: { size: 40, balanced: false } }, 'the initial set (size 40, not 30)'],
    ['batch', { batch: 20 }, 'the batch (20, not 10)'],
    ['oracle', { oracle: { ...config.oracle, noise: 0.1 } }, 'the oracle (noise 0.1, not 0)'],
    ['validation', { validation: { size: 500 } }, 'the setting "validation" ({"size":500}, not nothing)'],
    ['candidates', { candidates: 1000 }, 'the setting "candidates" (1000, not nothing)'],
    ['seeds', { seeds: [3, 4] }, 'all seeds (3, 4, not 1, 2)'],
  ])('that differs in its %s is told so', (about, change, words) => {
    const found = against({ config: change, ...(about === 'seeds' ? { starts: {} } : {}) });
    expect(found).toMatchObject([{ about, severity: 'unfair' }]);
    expect(found[0]!.sentence).toContain(`b differs from a in ${words}`);
  });

  test('on other images is told so, and its test set apart from that', () => {
    const found = against({ manifest: { dataSha256: 'bbbbbbbbbbbbbbbbbbbb', testImages: 500 } });
    expect(found.map(({ about, severity }) => [about, severity])).toEqual([
      ['data', 'unfair'],
      ['test set', 'unfair'],
    ]);
    expect(found[0]!.sentence).toContain(
      'with SHA-256 bbbbbbbbbbbb, not 10000 and 2000 images with aaaaaaaaaaaa',
    );
    expect(found[1]!.sentence).toContain('the test set (500 images, not 2000)');
    expect(against({ manifest: { dataSha256: 'bbbbbbbbbbbbbbbbbbbb' } })).toHaveLength(1);
  });

  test('that started from another accuracy under the same settings is told so', () => {
    expect(against({ starts: { 1: start(0.5), 2: start(0.75) } })).toMatchObject([
      { about: 'start', severity: 'unfair' },
    ]);
    expect(against({ starts: { 1: start(0.5), 2: start(0.75) } })[0]!.sentence).toContain(
      'the accuracy they start from on seed 2 (0.75, not 0.6, on seed 2)',
    );
  });

  test('that began with other labels is told so', () => {
    const found = against({ starts: { 1: start(0.5, [1, 1, 1]), 2: start(0.6) } });
    expect(found).toMatchObject([{ about: 'initial labels', severity: 'unfair' }]);
    expect(found[0]!.sentence).toContain('the labels they begin with on seed 1');
  });

  test('whose own strategies start apart is told so alone', () => {
    const one = run('a');
    const cells = [...one.cells, { strategy: 'gaal', seed: 2, rounds: [start(0.7)] }];
    expect(differencesBetween([{ ...one, cells }])).toMatchObject([
      {
        severity: 'unfair',
        sentence:
          'a: its strategies do not start from the same accuracy on seed 2, so they were not trained alike.',
      },
    ]);
  });

  test('is found among three, each held to the first', () => {
    const found = differencesBetween([run('a'), run('b'), run('c', { config: { batch: 5 } })]);
    expect(found.map(({ sentence }) => sentence.slice(0, 18))).toEqual(['c differs from a i']);
  });

  test('that differs in many details has four of them spelt out', () => {
    const [found] = against({
      config: { classifier: { kind: 'mlp', hidden: [1, 2], updates: 7, batch: 1 } },
    });
    expect(found!.sentence).toMatch(/; and \d more differences in it\)/);
  });
});

describe('what is notable and no more', () => {
  test('is another backend, from which starts may part by rounding', () => {
    const found = against({ manifest: { backend: 'tensorflow' }, starts: { 1: start(0.5), 2: start(0.61) } });
    expect(found.map(({ about, severity }) => [about, severity])).toEqual([
      ['backend', 'notable'],
      ['start', 'notable'],
    ]);
    expect(found[0]!.sentence).toBe(
      'b was computed on tensorflow, a on wasm: the same experiment differs between them by rounding.',
    );
  });

  test('is another number of threads, which changes the order of sums', () => {
    const machine = { cpu: 'a processor', cores: 16 };
    const found = against({ manifest: { machine }, starts: { 1: start(0.5), 2: start(0.61) } });
    expect(found).toMatchObject([{ about: 'start', severity: 'notable' }]);
  });

  test('is another version, and a run without a manifest', () => {
    expect(against({ manifest: { genal: '0.2.0' } })).toMatchObject([
      { about: 'version', severity: 'notable' },
    ]);
    expect(against({ manifest: null })).toEqual([
      {
        about: 'data',
        severity: 'notable',
        sentence: 'b has no manifest.json, so whether its images are the same is unknown.',
      },
    ]);
    expect(against({ manifest: null, config: { dataset: { name: 'mnist' } } })).toMatchObject([
      { about: 'data', severity: 'unfair' },
    ]);
  });
});

describe('a strategy that adds training images nobody was asked about', () => {
  const round = (number: number, extra: RoundRecord['extra']): RoundRecord => ({
    ...start(0.5),
    round: number,
    ...(extra && { extra }),
  });
  const ran = (...extras: RoundRecord['extra'][]): ComparedRun => ({
    ...run('a'),
    cells: [
      { strategy: 'random', seed: 1, rounds: [start(0.5), round(1, undefined)] },
      { strategy: 'adding', seed: 1, rounds: [start(0.5), ...extras.map((extra, i) => round(i + 1, extra))] },
    ],
  });

  test('is told in a sentence, with how many and of what kind, and still compares', () => {
    const pool = ran({ labels: [0, 1], kept: false, rows: [5, 6] }, { labels: [1], kept: false, rows: [5] });
    expect(differencesBetween([pool])).toEqual([
      {
        about: 'training set',
        severity: 'notable',
        sentence:
          'a: adding trains the task model on pool images under labels of its own beside those bought, 3 in 2 rounds, none of them charged. Its accuracy at a number of labels is due to them and to its choice together.',
      },
    ]);
    const [synthesised] = differencesBetween([ran({ labels: [0, 1], kept: true })]);
    expect(synthesised?.sentence).toContain('synthesised images, with labels bought for others, beside');
  });

  test('is not told where it added none', () => {
    expect(differencesBetween([ran({ labels: [], kept: false, rows: [] })])).toEqual([]);
  });
});
