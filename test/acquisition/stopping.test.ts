import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { cohenKappa } from '../../src/acquisition/cohen-kappa.ts';
import type { RoundRecord } from '../../src/acquisition/round-record.ts';
import { type StoppingRecord, type StoppingRound, StoppingRules } from '../../src/acquisition/stopping.ts';
import { StoppingRule } from '../../src/acquisition/stopping-config.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { entropies, predictedClasses, probabilities, scoreImages } from '../../src/classifiers/predict.ts';
import { rootStream } from '../../src/random.ts';
import { poolIndex } from '../../src/shapes.ts';
import { linearClassifier, type ToyClassifier } from '../queries/toys.ts';
import { CLASSES, images, SHAPE, SIZE, toyRound } from './strategies/toy-rounds.ts';

beforeAll(() => selectBackend('cpu'));

const all = Array.from({ length: 120 }, (_, row) => poolIndex(row));

/** A linear model: `turn` away from another one, at `scale`. */
function model(turn: number, scale = 1): ToyClassifier {
  const [a, b] = [12, 13].map((seed) => rootStream(seed).normals(SIZE * CLASSES));
  return linearClassifier(
    a!.map((weight, i) => scale * (weight + turn * b![i]!)),
    [0, 0, 0, 0],
    SHAPE,
  );
}
const roundOf = (classifier: ToyClassifier, paid = 0): StoppingRound => {
  const { pool } = toyRound({ classifier });
  return { classifier: classifier as unknown as StoppingRound['classifier'], pool, paid, diagnostics: {} };
};
const rulesOf = (...rules: object[]) =>
  new StoppingRules(
    rules.map((rule) => StoppingRule.parse(rule)),
    all,
    rootStream(4),
  );
const asRecords = (said: readonly StoppingRecord[][]): RoundRecord[] =>
  said.map((stopping, round) => ({
    round,
    labels: 1,
    labelsCharged: 1,
    testAccuracy: 0,
    answers: [],
    diagnostics: {},
    stopping,
  }));

describe('the rule kappa', () => {
  const models = [0, 0.5, 0.52, 0.53, 0.53].map((turn) => model(turn));

  test('is the agreement of consecutive models on all images, and stops when its mean over the window is high', async () => {
    const rules = rulesOf({ kind: 'kappa', window: 2, threshold: 0.95, size: 1000 });
    const predictions: Uint8Array[] = [];
    const said: StoppingRecord[] = [];
    for (const classifier of models) {
      predictions.push(predictedClasses(await scoreImages(classifier, images), CLASSES));
      said.push(...(await rules.ask(roundOf(classifier))));
    }
    expect(said[0]).toEqual({ kind: 'kappa', value: null, decidedBy: null, met: false });
    const kappas = predictions.slice(1).map((now, at) => cohenKappa(predictions[at]!, now));
    expect(kappas[0]).toBeLessThan(0.9);
    expect(kappas[3]).toBe(1);
    expect(said.slice(1).map(({ value }) => value)).toEqual(kappas.map((kappa) => expect.closeTo(kappa, 12)));
    expect(said[1]?.decidedBy).toBeNull();
    for (let at = 2; at < 5; at++) {
      const meanOfTwo = (kappas[at - 2]! + kappas[at - 1]!) / 2;
      expect(said[at]?.decidedBy).toBeCloseTo(meanOfTwo, 12);
      expect(said[at]?.met).toBe(meanOfTwo > 0.95);
    }
    expect(said[4]?.met).toBe(true);
  });

  test('watches as many images as it is told, the same in every cell of a seed', async () => {
    const watched: number[][] = [];
    const watch = async (size: number, seed: number) => {
      const rules = new StoppingRules([StoppingRule.parse({ kind: 'kappa', size })], all, rootStream(seed));
      const round = roundOf(models[0]!);
      const bytes = (rows: readonly number[]) => {
        watched.push([...rows]);
        return round.pool.bytes(rows.map((row) => poolIndex(row)));
      };
      await rules.ask({ ...round, pool: { ...round.pool, bytes } });
    };
    await watch(30, 4);
    await watch(30, 4);
    await watch(30, 5);
    expect(watched.map((rows) => new Set(rows).size)).toEqual([30, 30, 30]);
    expect(watched[1]).toEqual(watched[0]);
    expect(watched[2]).not.toEqual(watched[0]);
  });

  test('goes on after a resume as if it had been there', async () => {
    const options = { kind: 'kappa', window: 3, size: 50 };
    const whole = rulesOf(options);
    const said: StoppingRecord[][] = [];
    for (const classifier of models) said.push(await whole.ask(roundOf(classifier)));
    for (let finished = 1; finished < models.length; finished++) {
      const resumed = rulesOf(options);
      const records = asRecords(JSON.parse(JSON.stringify(said.slice(0, finished))));
      await resumed.resume(records, roundOf(models[finished - 1]!));
      for (let round = finished; round < models.length; round++) {
        expect(await resumed.ask(roundOf(models[round]!))).toEqual(said[round]);
      }
    }
  });
});

test('the rule uncertainty looks at the largest or mean entropy of the candidates, in nats', async () => {
  const rules = rulesOf(
    { kind: 'uncertainty', threshold: 0.7 },
    { kind: 'uncertainty', threshold: 0.7, of: 'mean' },
  );
  for (const scale of [0.1, 2, 1000]) {
    const classifier = model(0, scale);
    const candidates = images.slice(20 * SIZE);
    const entropy = [
      ...entropies(probabilities(await scoreImages(classifier, candidates), CLASSES), CLASSES),
    ];
    const [largest, mean] = await rules.ask(roundOf(classifier));
    expect(largest?.value).toBeCloseTo(Math.max(...entropy), 6);
    expect(mean?.value).toBeCloseTo(entropy.reduce((sum, one) => sum + one, 0) / 100, 6);
    expect(largest?.met).toBe(Math.max(...entropy) < 0.7);
    expect(mean?.met).toBe(mean!.value! < 0.7);
  }
});

test('the rule uncertainty says nothing of a pool without candidates', async () => {
  const round = roundOf(model(0));
  const [said] = await rulesOf({ kind: 'uncertainty', threshold: 1 }).ask({
    ...round,
    pool: { ...round.pool, candidates: [] },
  });
  expect(said).toEqual({ kind: 'uncertainty', value: null, decidedBy: null, met: false });
});

test('the rule budget says stop from its cost on; only a rule that may act does', async () => {
  const rules = rulesOf({ kind: 'budget', cost: 10 }, { kind: 'budget', cost: 20, act: true });
  const metAt = async (paid: number) => {
    const said = await rules.ask(roundOf(model(0), paid));
    return [...said.map(({ met }) => met), rules.acting(said)];
  };
  expect(await metAt(9.5)).toEqual([false, false, undefined]);
  expect(await metAt(10)).toEqual([true, false, undefined]);
  expect(await metAt(20)).toEqual([true, true, 'budget']);
});

test('the rule cannot-tell-apart says stop where the mean area of the window is near 1/2, and nothing of other strategies', async () => {
  const [rules, resumed] = [0, 1].map(() =>
    rulesOf({ kind: 'cannot-tell-apart', tolerance: 0.1, window: 2, act: true }),
  );
  const areas = [undefined, 0.9, 0.625, 0.5, 0.375, 0.25];
  const said: StoppingRecord[][] = [];
  for (const area of areas) {
    const diagnostics = area === undefined ? {} : { discriminatorAuc: area };
    said.push(await rules!.ask({ ...roundOf(model(0)), diagnostics }));
  }
  expect(said.map(([record]) => record?.decidedBy)).toEqual([null, null, 0.7625, 0.5625, 0.4375, 0.3125]);
  expect(said.map(([record]) => record?.met)).toEqual([false, false, false, true, true, false]);
  expect(said.map((records) => rules!.acting(records))[3]).toBe('cannot-tell-apart');
  await resumed!.resume(asRecords(said.slice(0, 3)), roundOf(model(0)));
  expect(await resumed!.ask({ ...roundOf(model(0)), diagnostics: { discriminatorAuc: 0.5 } })).toEqual(
    said[3],
  );
});

test('rules leave no tensor behind', async () => {
  const rules = rulesOf({ kind: 'kappa' }, { kind: 'uncertainty', threshold: 1 });
  const round = roundOf(model(0));
  await rules.ask(round);
  const before = tf.memory().numTensors;
  await rules.ask(round);
  expect(tf.memory().numTensors).toBe(before);
});
