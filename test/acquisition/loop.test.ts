import { beforeAll, describe, expect, test } from 'vitest';
import { type LoopOptions, type RoundQueries, runLoop } from '../../src/acquisition/loop.ts';
import { Oracle } from '../../src/acquisition/oracle.ts';
import type { RoundRecord } from '../../src/acquisition/round-record.ts';
import { createRandom } from '../../src/acquisition/strategies/random.ts';
import { createUncertainty } from '../../src/acquisition/strategies/uncertainty.ts';
import type { Strategy } from '../../src/acquisition/strategy.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { ClassifierConfig } from '../../src/classifiers/config.ts';
import { trainClassifier } from '../../src/classifiers/train.ts';
import { type Dataset, selectClasses } from '../../src/datasets/dataset.ts';
import { digitsDataset } from '../../src/datasets/digits.ts';
import { rootStream } from '../../src/random.ts';

let dataset: Dataset;
let referenceOptions: Pick<ConstructorParameters<typeof Oracle>[0], 'reference'>;
const classifier = ClassifierConfig.parse({ kind: 'linear-svm', updates: 500 });

beforeAll(async () => {
  await selectBackend('cpu');
  dataset = selectClasses(digitsDataset({ trainSize: 600, testSize: 200, seed: 1 }), [5, 7]);
  const reference = await trainClassifier(classifier, dataset.train, {
    shape: dataset.shape,
    classes: 2,
    weights: rootStream(9),
    order: rootStream(10),
  });
  referenceOptions = { reference: { classifier: reference, experimentClass: [0, 1] } };
});

/** Synthesises half-tone images of real ones, so that a reference can read some and not others. */
const blending: Strategy = {
  select: async ({ pool, batch, stream }) => {
    const rows = stream.choose(pool.candidates, 2 * batch);
    const bytes = pool.bytes(rows);
    const half = bytes.length / 2;
    const images = Uint8Array.from(
      { length: half },
      (_, i) => ((bytes[i] as number) + (bytes[half + i] as number)) >> 1,
    );
    return { kind: 'synthesised', images, diagnostics: { blended: batch } };
  },
};

interface Outcome {
  readonly records: RoundRecord[];
  readonly queries: RoundQueries[];
}

async function run(
  strategy: Strategy,
  strategyName: string,
  change: Partial<LoopOptions> & { minConfidence?: number } = {},
) {
  const outcome: Outcome = { records: [...(change.finished ?? [])], queries: [] };
  const root = rootStream(4);
  await runLoop({
    dataset,
    strategy,
    strategyName,
    oracle: new Oracle({
      truth: dataset.train.labels,
      classes: 2,
      noise: 0.1,
      minConfidence: change.minConfidence ?? 0,
      stream: root.of('oracle'),
      ...referenceOptions,
    }),
    classifier,
    initial: { size: 6, balanced: false },
    batch: 4,
    rounds: 3,
    chargeAbstentions: true,
    root,
    finished: [],
    replayImages: async () => {
      throw new Error('nothing to replay');
    },
    onQueries: async (queries) => void outcome.queries.push(queries),
    onRound: async (record) => void outcome.records.push(record),
    ...change,
  });
  return outcome;
}

describe('runLoop', () => {
  test('starts every strategy of a seed from the same point', async () => {
    const firsts = [];
    for (const [name, strategy] of [
      ['random', createRandom()],
      ['uncertainty', createUncertainty()],
      ['blending', blending],
    ] as const) {
      firsts.push((await run(strategy, name)).records[0]);
    }
    expect(firsts[1]).toEqual(firsts[0]);
    expect(firsts[2]).toEqual(firsts[0]);
    expect(firsts[0]).toMatchObject({ round: 0, labels: 6, labelsCharged: 6 });
  });

  test('tells in every round which test images were taken for what', async () => {
    const { records } = await run(createRandom(), 'random');
    const perClass = [0, 1].map((label) => dataset.test.labels.filter((other) => other === label).length);
    for (const { testConfusion = [], testAccuracy } of records) {
      const [a = 0, b = 0, c = 0, d = 0] = testConfusion;
      expect([a + b, c + d]).toEqual(perClass);
      expect((a + d) / dataset.test.n).toBe(testAccuracy);
    }
  });

  test('never buys a row twice and charges every label', async () => {
    const { records } = await run(createUncertainty(), 'uncertainty');
    const bought = records.flatMap(({ selected }) => selected ?? []);
    expect(new Set(bought).size).toBe(18);
    expect(records.map(({ labelsCharged }) => labelsCharged)).toEqual([6, 10, 14, 18]);
  });

  test('buys what the model is least sure of', async () => {
    const { records } = await run(createUncertainty(), 'uncertainty');
    for (const { diagnostics } of records.slice(1)) {
      expect(diagnostics.meanMarginSelected).toBeLessThan(0.2 * (diagnostics.meanMarginPool as number));
    }
  });

  test.each([
    ['random', createRandom()],
    ['uncertainty', createUncertainty()],
    ['blending', blending],
  ])('gives %s the same records from wherever it is taken up', async (name, strategy) => {
    const whole = await run(strategy, name, { minConfidence: 0.6 });
    const images = new Map(whole.queries.map((queries) => [queries.round, queries.images]));
    for (let round = 0; round <= 4; round++) {
      const resumed = await run(strategy, name, {
        minConfidence: 0.6,
        finished: whole.records.slice(0, round),
        replayImages: async (asked) => images.get(asked) as Uint8Array,
      });
      expect(JSON.stringify(resumed.records)).toBe(JSON.stringify(whole.records));
    }
  });

  test('trains on no image the oracle could not read, and charges it only if told to', async () => {
    const charged = (await run(blending, 'blending', { minConfidence: 0.8 })).records;
    const free = (await run(blending, 'blending', { minConfidence: 0.8, chargeAbstentions: false })).records;
    const abstentions = charged.reduce(
      (sum, { diagnostics }) => sum + (diagnostics.abstentions as number),
      0,
    );
    expect(abstentions).toBeGreaterThan(0);
    expect(charged.at(-1)).toMatchObject({ labelsCharged: 18, labels: 18 - abstentions });
    expect(free.at(-1)).toMatchObject({ labelsCharged: 18 - abstentions, labels: 18 - abstentions });
    expect(free.at(-1)?.testAccuracy).toBe(charged.at(-1)?.testAccuracy);
  });

  test('shows a strategy the labels that were bought, no other label and no test image', async () => {
    const seen: string[] = [];
    const labelled: number[][] = [];
    const { records } = await run(
      {
        select: async (round) => {
          seen.push(...Object.keys(round), ...Object.keys(round.pool));
          labelled.push([...round.labelled.labels]);
          expect(round.labelled.n).toBe(round.classifier.training.labels);
          return createRandom().select(round);
        },
      },
      'spy',
    );
    expect(new Set(seen)).toEqual(
      new Set([
        ...['round', 'batch', 'classifier', 'pool', 'labelled', 'stream', 'arrivals', 'memory'],
        ...['shape', 'classes', 'candidates', 'bytes'],
      ]),
    );
    const answers = records.map((record) => record.answers.map(({ label }) => label));
    expect(labelled).toEqual([1, 2, 3].map((round) => answers.slice(0, round).flat()));
  });

  test('refuses a batch of the wrong size', async () => {
    const short: Strategy = {
      select: async (round) => createRandom().select({ ...round, batch: round.batch - 1 }),
    };
    await expect(run(short, 'short')).rejects.toThrow('short: expected 4 pool rows, got 3');
  });
});

/** Buys random rows, and says that they stand for images it synthesised: other rows of the pool. */
const standingIn: Strategy = {
  select: async ({ pool, batch, stream }) => {
    const rows = stream.choose(pool.candidates, batch);
    const images = pool.bytes(stream.choose(pool.candidates, batch));
    const queries = rows.map((row) => ({
      row,
      distance: 1,
      rank: 0,
      collided: false,
      neighbours: [],
      uncertainty: { start: 0, end: 0, matched: 0 },
      synthesisedAt: [0, 0] as const,
      matchedAt: [0, 0] as const,
    }));
    return {
      kind: 'pool',
      rows,
      diagnostics: {},
      times: { generateMs: 7, matchMs: 5, scoreMs: 3 },
      matched: { images, measure: 'margin', queries, plane: { candidates: [], labelled: [] } },
    };
  },
};

describe('rows bought in place of synthesised images', () => {
  test('are charged once; how the reference reads the images is told beside, and costs nothing', async () => {
    const { records, queries } = await run(standingIn, 'standing-in');
    expect(records.map(({ labelsCharged }) => labelsCharged)).toEqual([6, 10, 14, 18]);
    expect(records.map(({ labels }) => labels)).toEqual([6, 10, 14, 18]);
    for (const [at, { matches, answers }] of queries.entries()) {
      const readings = matches?.readings ?? [];
      expect(readings).toHaveLength(4);
      const agreeing = readings.filter(({ label }, query) => label === answers[query]?.label).length;
      expect(records[at + 1]?.diagnostics).toMatchObject({
        labelAgreement: agreeing / 4,
        agreementAnswered: 4,
      });
    }
  });

  test('leave the images out of the training set', async () => {
    const seen: number[] = [];
    await run(standingIn, 'standing-in', {
      onQueries: async ({ classifier: model }) => void seen.push(model.training.labels),
    });
    expect(seen).toEqual([6, 10, 14]);
  });

  test('have their times as the strategy tells them', async () => {
    const timings: object[] = [];
    await run(standingIn, 'standing-in', { onRound: async (_, timing) => void timings.push(timing) });
    expect(timings[1]).toMatchObject({ generateMs: 7, matchMs: 5, scoreMs: 3 });
  });
});
