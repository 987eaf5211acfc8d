/** The loop where answers cost, are missing or wrong, and where cells end early. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { LoopOptions } from '../../src/acquisition/loop.ts';
import { Oracle, type OracleOptions } from '../../src/acquisition/oracle.ts';
import type { RoundRecord } from '../../src/acquisition/round-record.ts';
import { StoppingRule } from '../../src/acquisition/stopping-config.ts';
import { createRandom } from '../../src/acquisition/strategies/random.ts';
import { createStream } from '../../src/acquisition/strategies/stream.ts';
import { StreamConfig } from '../../src/acquisition/strategies/stream-config.ts';
import type { Strategy } from '../../src/acquisition/strategy.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { ClassifierConfig } from '../../src/classifiers/config.ts';
import { type Dataset, selectClasses } from '../../src/datasets/dataset.ts';
import { digitsDataset } from '../../src/datasets/digits.ts';
import { rootStream } from '../../src/random.ts';
import { linearClassifier } from '../queries/toys.ts';
import { recordLoop } from './record-loop.ts';

let dataset: Dataset;
beforeAll(async () => {
  await selectBackend('cpu');
  dataset = selectClasses(digitsDataset({ trainSize: 600, testSize: 100, seed: 1 }), [5, 7]);
});

const prices = { perClass: [1, 4], abstention: 2 };
const oracleOf = (change: Partial<OracleOptions>) =>
  new Oracle({
    truth: dataset.train.labels,
    classes: 2,
    noise: 0,
    minConfidence: 0,
    stream: rootStream(1).of('oracle'),
    ...change,
  });
/** Runs a strategy and notes the candidates of each round. */
async function run(
  oracle: Partial<OracleOptions>,
  change: Partial<LoopOptions> = {},
  strategy: Strategy = createRandom(),
) {
  const candidates: number[][] = [];
  const watcher: Strategy = {
    select: async (round) => {
      candidates.push([...round.pool.candidates]);
      return strategy.select(round);
    },
  };
  const { records, queries } = await recordLoop({
    dataset,
    strategy: watcher,
    strategyName: 'watched',
    classifier: ClassifierConfig.parse({ kind: 'linear-svm', updates: 300 }),
    initial: { size: 8, balanced: true },
    batch: 5,
    rounds: 4,
    oracle: oracleOf(oracle),
    ...change,
  });
  return { records, queries, candidates };
}
const costOf = (records: readonly RoundRecord[]) =>
  records.flatMap(({ answers }) => answers).reduce((sum, { cost }) => sum + cost!, 0);

describe('rows that are not answered', () => {
  test('are charged, leave the candidates, and are not trained on', async () => {
    const { records, queries, candidates } = await run({ abstain: [0.3, 0.3] });
    let refused = 0;
    for (const [at, { answers, labels, labelsCharged }] of records.entries()) {
      refused += answers.filter(({ label }) => label === null).length;
      expect(labelsCharged).toBe(8 + 5 * at);
      expect(labels).toBe(labelsCharged - refused);
    }
    expect(refused).toBeGreaterThan(3);
    candidates.forEach((rows, at) => {
      const asked = new Set(records.slice(0, at + 1).flatMap(({ selected }) => selected ?? []));
      expect(rows.filter((row) => asked.has(row))).toEqual([]);
      expect(rows).toHaveLength(dataset.train.n - asked.size);
    });
    expect(queries.map(({ classifier }) => classifier.training.labels)).toEqual(
      records.slice(0, -1).map(({ labels }) => labels),
    );
  });

  test('cost nothing where they are not charged, and what they cost otherwise', async () => {
    const { records } = await run(
      { abstain: [0.3, 0.3], prices: { ...prices, abstention: 0 } },
      { chargeAbstentions: false },
    );
    const last = records.at(-1)!;
    expect(last.labelsCharged).toBe(last.labels);
    expect(last.cost).toBe(costOf(records));
    const priced = (await run({ abstain: [0.3, 0.3], prices })).records.at(-1)!;
    expect(priced.cost).toBe(last.cost! + 2 * (priced.labelsCharged - priced.labels));
  });
});

test('a record without prices has no costs, rules, memory or ending', async () => {
  const { records } = await run({});
  for (const record of records) {
    expect(Object.keys(record)).not.toContain('cost');
    expect(JSON.stringify(record)).not.toMatch(/cost|stopping|memory|ended/);
  }
});

describe('a budget', () => {
  test('is asked for in the order of selection until the next answer would exceed it', async () => {
    const whole = (await run({ prices })).records;
    for (let budget = whole[0]!.cost! + 1; budget < whole[3]!.cost!; budget += 7) {
      const { records } = await run({ prices }, { budget });
      const last = records.at(-1)!;
      expect(last.ended).toBe('budget');
      expect(records.slice(0, -1).every(({ ended }) => ended === undefined)).toBe(true);
      expect(last.cost).toBe(costOf(records));
      expect(last.cost).toBeLessThanOrEqual(budget);
      // The rows are those of the run without an end, as far as they go.
      const bought = records.flatMap(({ selected }) => selected!);
      const wanted = whole.flatMap(({ selected }) => selected!);
      expect(bought).toEqual(wanted.slice(0, bought.length));
      const next = whole.flatMap(({ answers }) => answers)[bought.length]!;
      if (last.answers.length < 5) expect(last.cost! + next.cost!).toBeGreaterThan(budget);
      else expect(budget - last.cost!).toBeLessThan(1);
    }
  });

  test('that does not buy the first answer of a round leaves model and accuracy as they were', async () => {
    const whole = (await run({ prices: { perClass: [1, 40], abstention: 2 } })).records;
    const expensive = whole.findIndex(({ answers }, at) => at > 0 && answers[0]!.cost === 40);
    expect(expensive).toBeGreaterThan(0);
    const before = whole[expensive - 1]!;
    const { records, queries } = await run(
      { prices: { perClass: [1, 40], abstention: 2 } },
      { budget: before.cost! + 20 },
    );
    const last = records.at(-1)!;
    expect(last).toMatchObject({ round: expensive, selected: [], answers: [], ended: 'budget' });
    expect(last.testConfusion).toEqual(before.testConfusion);
    expect(queries.map(({ round }) => round)).not.toContain(expensive);
  });

  test('cuts images synthesised, and images that rows stand for, to those it pays for', async () => {
    const classifier = linearClassifier(rootStream(9).normals(784 * 2), [0, 0], dataset.shape);
    const reading = { prices, reference: { classifier, experimentClass: [0, 1] } };
    const imagesOf: Strategy['select'] = async ({ pool, batch, stream }) => ({
      kind: 'synthesised',
      images: pool.bytes(stream.choose(pool.candidates, batch)),
      diagnostics: {},
    });
    const standingIn: Strategy['select'] = async (round) => {
      const rows = round.stream.choose(round.pool.candidates, round.batch);
      const of = { distance: 0, rank: 0, collided: false, neighbours: [] };
      const at = { synthesisedAt: [0, 0] as const, matchedAt: [0, 0] as const };
      const uncertainty = { start: 0, end: 0, matched: 0 };
      return {
        kind: 'pool',
        rows,
        diagnostics: {},
        matched: {
          images: round.pool.bytes(rows),
          measure: 'margin',
          queries: rows.map((row) => ({ row, uncertainty, ...of, ...at })),
          plane: { candidates: [], labelled: [] },
        },
      };
    };
    for (const select of [imagesOf, standingIn]) {
      let cut = 0;
      for (const budget of [31, 34, 37, 40]) {
        const { records, queries } = await run(reading, { budget }, { select });
        const { answers, synthesised, cost } = records.at(-1)!;
        expect(cost).toBeLessThanOrEqual(budget);
        const { images, matches, round } = queries.at(-1)!;
        // A round without answers has no pictures.
        const last = records[round]!.answers.length;
        cut += answers.length < 5 ? 1 : 0;
        expect(images).toHaveLength(784 * last);
        expect(synthesised).toBe(select === imagesOf ? answers.length : undefined);
        if (matches === undefined) continue;
        expect([matches.queries.length, matches.readings.length]).toEqual([last, last]);
        expect(matches.images).toEqual(images);
      }
      expect(cut).toBeGreaterThan(1);
    }
    classifier.dispose();
  });

  test('must pay the initial labels', async () => {
    await expect(run({ prices }, { budget: 5 })).rejects.toThrow(
      'runLoop.budget: expected enough for the 8 labels before the first round, got enough for',
    );
  });
});

describe('a stopping rule', () => {
  const kappa = { kind: 'kappa', threshold: -1, window: 2, size: 40 };
  test('that may not act changes nothing but what is recorded', async () => {
    const plain = (await run({})).records;
    const watched = (await run({}, { stopping: [StoppingRule.parse(kappa)] })).records;
    expect(watched.map(({ stopping: _, ...record }) => record)).toEqual(plain);
    expect(watched.map(({ stopping }) => stopping?.[0]?.met)).toEqual([false, false, true, true, true]);
  });

  test('that may act ends the cell after the round', async () => {
    const { records } = await run({}, { stopping: [StoppingRule.parse({ ...kappa, act: true })] });
    expect(records.map(({ ended }) => ended)).toEqual([undefined, undefined, 'kappa']);
    expect((await run({}, { finished: records })).records).toEqual(records);
  });
});

test('prices, noise by class, abstentions, a stream and rules: the same records from wherever it is taken up', async () => {
  const oracle = {
    prices,
    abstain: [0, 0.3],
    confusion: [
      [0.9, 0.1],
      [0.2, 0.8],
    ],
  };
  const rules = [
    { kind: 'kappa', window: 2, size: 30 },
    { kind: 'uncertainty', threshold: 0.1 },
    { kind: 'budget', cost: 20 },
  ];
  const change = { budget: 55, stopping: rules.map((rule) => StoppingRule.parse(rule)) };
  const strategy = createStream(StreamConfig.parse({ budget: 0.3, window: 10 }));
  const whole = (await run(oracle, change, strategy)).records;
  expect(whole.at(-1)?.ended).toBe('budget');
  expect(whole.length).toBeGreaterThan(3);
  // The stream goes on from round to round: what is bought has come in the order of arrival.
  const order = rootStream(1).of('arrivals').permutation(dataset.train.n);
  const places = whole.slice(1).flatMap(({ selected }) => selected!.map((row) => order.indexOf(row)));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  for (let round = 0; round <= whole.length; round++) {
    const finished = JSON.parse(JSON.stringify(whole.slice(0, round))) as RoundRecord[];
    const { records } = await run(oracle, { ...change, finished }, strategy);
    expect(JSON.stringify(records)).toBe(JSON.stringify(whole));
  }
});
