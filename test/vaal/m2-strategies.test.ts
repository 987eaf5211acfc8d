import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Round, Selection, Strategy } from '../../src/acquisition/strategy.ts';
import { M2TaskConfig } from '../../src/acquisition/task-model/config.ts';
import { asM2, type TaskModel } from '../../src/acquisition/task-model/task-model.ts';
import { trainM2 } from '../../src/acquisition/task-model/train-m2.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { imageTensor } from '../../src/datasets/dataset.ts';
import { rootStream } from '../../src/random.ts';
import { createLatentCombination } from '../../vaal/latent-combination.ts';
import { LatentCombinationConfig } from '../../vaal/latent-combination-config.ts';
import { createM2Farthest } from '../../vaal/m2-farthest.ts';
import { createM2Vaal } from '../../vaal/m2-vaal.ts';
import { M2VaalConfig } from '../../vaal/m2-vaal-config.ts';
import { createM2WeightedConfidence } from '../../vaal/m2-weighted-confidence.ts';
import { M2WeightedConfidenceConfig } from '../../vaal/m2-weighted-confidence-config.ts';
import { createNormScore } from '../../vaal/norm-score.ts';
import { NormScoreConfig } from '../../vaal/norm-score-config.ts';
import { roundTables } from '../../vaal/round-m2.ts';
import type { RoundM2Config } from '../../vaal/round-m2-config.ts';
import { inTurn, roundOf, SHAPE } from './toy-pool.ts';

const m2 = {
  latentSize: 3,
  network: { kind: 'mlp', hidden: [10] },
  steps: 25,
  batch: 8,
  labelledBatch: 4,
  learningRate: 1e-2,
};
const config = M2TaskConfig.parse({ kind: 'm2', ...m2 });

const strategies: [string, (own?: RoundM2Config['m2']) => Strategy][] = [
  ['m2-farthest', (own) => createM2Farthest({ m2: own })],
  [
    'm2-weighted-confidence',
    (own) => createM2WeightedConfidence(M2WeightedConfidenceConfig.parse({ m2: own })),
  ],
  ['norm-score, kernel', (own) => createNormScore(NormScoreConfig.parse({ m2: own }))],
  [
    'norm-score, latents',
    (own) => createNormScore(NormScoreConfig.parse({ m2: own, features: 'latents', norm: 'function' })),
  ],
  [
    'norm-score, last layer',
    (own) => createNormScore(NormScoreConfig.parse({ m2: own, form: 'last-layer' })),
  ],
  ['latent-combination', (own) => createLatentCombination(LatentCombinationConfig.parse({ m2: own }))],
];

let round: Round;
let model: TaskModel;

beforeAll(async () => {
  await selectBackend('cpu');
  const toy = roundOf(inTurn(6, [0, 1]), inTurn(30, [0, 1, 2, 3]), { batch: 7 });
  model = await trainM2(config, toy.labelled, toy.pool, {
    shape: SHAPE,
    classes: 2,
    weights: rootStream(1).of('weights'),
    order: rootStream(1).of('order', 0),
  });
  round = { ...toy, classifier: model };
});

type Bought = Extract<Selection, { kind: 'pool' }>;
const select = async (strategy: Strategy, of: Round = round) => (await strategy.select(of)) as Bought;

test('tables hold the latents at the likeliest class, and the probabilities', async () => {
  const own = asM2(model)!;
  const { pool, labelled } = await roundTables(own, round);
  for (const [table, bytes] of [
    [pool, round.pool.bytes(round.pool.candidates)],
    [labelled, round.labelled.images],
  ] as const) {
    const images = imageTensor(bytes, SHAPE);
    const latents = await own.m2.encode(images).data();
    const probs = await tf.softmax(own.scores(images)).data();
    expect(table.latents).toHaveLength(latents.length);
    table.latents.forEach((value, at) => {
      expect(value).toBeCloseTo(latents[at]!, 5);
    });
    table.probs.forEach((value, at) => {
      expect(value).toBeCloseTo(probs[at]!, 5);
    });
    expect([...table.predicted]).toEqual([...(await tf.argMax(own.scores(images), 1).data())]);
  }
});

describe('M2-VAAL on the task model', () => {
  const options = M2VaalConfig.parse({
    model: 'task',
    adversary: 0,
    discriminate: 'after',
    discriminator: [12],
    discriminatorLearningRate: 2e-2,
    discriminatorSteps: 4,
    heldOut: 0.2,
  });

  test('trains a discriminator alone, which buys from the modes that were never labelled', async () => {
    const weightsOf = async () =>
      JSON.stringify(
        await Promise.all([...model.weights().values()].map(async (w) => [...(await w.data())])),
      );
    const untouched = await weightsOf();
    const before = tf.memory().numTensors;
    const { rows, diagnostics } = await select(createM2Vaal(options));
    expect(tf.memory().numTensors).toBe(before);
    expect(await weightsOf()).toBe(untouched);
    expect(new Set(rows).size).toBe(7);
    expect(rows.filter((row) => ((row - 1) / 2) % 4 >= 2).length).toBeGreaterThanOrEqual(6);
    expect(diagnostics).not.toHaveProperty('classifierAccuracy');
    expect((await select(createM2Vaal(options))).rows).toEqual(rows);
  });

  test('asks for an M2', async () => {
    const toy = roundOf([0, 1], [0, 1, 2, 3], { batch: 2 });
    await expect(select(createM2Vaal(options), toy)).rejects.toThrow('expected m2, got linear-svm');
  });
});

describe.each(strategies)('%s', (_, create) => {
  test("asks the round's M2, buys as many different candidates as it should, and leaves no tensors", async () => {
    const before = tf.memory().numTensors;
    const { rows, diagnostics } = await select(create());
    expect(tf.memory().numTensors).toBe(before);
    expect(rows).toHaveLength(7);
    expect(new Set(rows).size).toBe(7);
    for (const row of rows) expect(round.pool.candidates).toContain(row);
    for (const value of Object.values(diagnostics))
      expect(value === null || Number.isFinite(value)).toBe(true);
    expect((await select(create())).rows).toEqual(rows);
  });

  test('buys the whole pool if told to', async () => {
    const { rows } = await select(create(), { ...round, batch: 30 });
    expect([...rows].sort((a, b) => a - b)).toEqual(round.pool.candidates);
  });

  test('trains an M2 of its own if it has options, and then does not need the task model', async () => {
    const own = M2TaskConfig.omit({ kind: true }).parse(m2);
    const toy = roundOf(inTurn(6, [0, 1]), inTurn(30, [0, 1, 2, 3]), { batch: 7 });
    const before = tf.memory().numTensors;
    const { rows } = await select(create(own), toy);
    expect(new Set(rows).size).toBe(7);
    expect((await select(create(own), toy)).rows).toEqual(rows);
    expect(tf.memory().numTensors).toBe(before);
    await expect(select(create(), toy)).rejects.toThrow('expected m2, or "m2" options, got linear-svm');
  });
});
