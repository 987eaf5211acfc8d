import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { createGaal } from '../../../src/acquisition/strategies/gaal.ts';
import type { PoolView, Round, Selection } from '../../../src/acquisition/strategy.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { type ImageShape, imageSize, toModelRange } from '../../../src/datasets/dataset.ts';
import { GaalConfig } from '../../../src/queries/config.ts';
import { rootStream } from '../../../src/random.ts';
import { randomLinearGenerator, randomSvm, scoresOf } from '../../queries/toys.ts';

const SHAPE: ImageShape = [4, 3, 2];

beforeAll(async () => {
  await selectBackend('cpu');
});

/** GAAL asks nothing of the pool but its shape. */
const pool: PoolView = {
  shape: SHAPE,
  classes: 2,
  candidates: [],
  bytes: () => {
    throw new Error('GAAL looked at the pool');
  },
};

const roundOf = (options: Partial<Round> = {}): Round => ({
  round: 1,
  batch: 5,
  classifier: randomSvm(SHAPE),
  pool,
  labelled: { images: new Uint8Array(), labels: new Uint8Array(), n: 0 },
  stream: rootStream(1).of('gaal', 1),
  ...options,
});

const gaal = (options = {}) =>
  createGaal(GaalConfig.parse(options), { generator: randomLinearGenerator(6, SHAPE) });

function synthesised(selection: Selection): Extract<Selection, { kind: 'synthesised' }> {
  if (selection.kind !== 'synthesised') throw new Error(`expected synthesised images, got ${selection.kind}`);
  return selection;
}

test('asks for exactly as many images as the batch, each near the boundary', async () => {
  const round = roundOf();
  const { images, diagnostics } = synthesised(await gaal().select(round));
  const size = imageSize(SHAPE);
  expect(images).toBeInstanceOf(Uint8Array);
  expect(images).toHaveLength(5 * size);
  for (let query = 0; query < 5; query++) {
    const image = toModelRange(images.slice(query * size, (query + 1) * size));
    const [first, second] = scoresOf(randomSvm(SHAPE), image) as [number, number];
    expect(Math.abs(second - first)).toBeLessThan(0.1 * (diagnostics.objectiveStart as number));
  }
});

test('reports finite figures, and a boundary reached by a factor of ten and more', async () => {
  const { diagnostics } = synthesised(await gaal().select(roundOf()));
  expect(Object.keys(diagnostics).sort()).toEqual([
    'latentNormMean',
    'meanPairwiseDistance',
    'meanPairwiseDistanceRandom',
    'objective',
    'objectiveEnd',
    'objectiveEndQuantised',
    'objectiveStart',
    'shareCrossed',
    'shareReached',
  ]);
  expect(JSON.parse(JSON.stringify(diagnostics))).toEqual(diagnostics);
  const figure = (name: string) => diagnostics[name] as number;
  expect(figure('objectiveEnd')).toBeLessThan(0.01 * figure('objectiveStart'));
  expect(figure('objectiveEndQuantised')).toBeLessThan(0.1 * figure('objectiveStart'));
  expect(figure('latentNormMean')).toBeLessThan(Math.sqrt(6) + 2);
});

test('passes its options on', async () => {
  const { diagnostics } = synthesised(await gaal({ objective: 'entropy', priorWidth: 0 }).select(roundOf()));
  expect(diagnostics.objective).toBe('entropy');
  expect(diagnostics.objectiveEnd).toBeCloseTo(-Math.LN2, 4);
  expect(diagnostics.latentNormMean).toBeCloseTo(Math.sqrt(6), 5);
});

test('makes the same queries for the same round, others for another', async () => {
  const [first, again, other] = await Promise.all([
    gaal().select(roundOf()),
    gaal().select(roundOf()),
    gaal().select(roundOf({ stream: rootStream(1).of('gaal', 2) })),
  ]);
  expect(again).toEqual(first);
  expect(synthesised(other).images).not.toEqual(synthesised(first).images);
});

test('disposes neither the classifier nor the generator, and leaves nothing behind', async () => {
  const strategy = gaal({ steps: 3 });
  const round = roundOf();
  const before = tf.memory().numTensors;
  await strategy.select(round);
  await strategy.select(round);
  expect(tf.memory().numTensors).toBe(before);
});

test('refuses a generator of another shape than the pool', async () => {
  const strategy = createGaal(GaalConfig.parse({}), { generator: randomLinearGenerator(6, [3, 4, 2]) });
  await expect(strategy.select(roundOf())).rejects.toThrow(
    new RangeError('createGaal.generator: expected images [4, 3, 2] as in the pool, got [3, 4, 2]'),
  );
});
