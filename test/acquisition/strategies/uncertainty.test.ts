import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { createUncertainty } from '../../../src/acquisition/strategies/uncertainty.ts';
import type { Round } from '../../../src/acquisition/strategy.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import type { TrainedClassifier } from '../../../src/classifiers/classifier.ts';
import { LinearSvmConfig } from '../../../src/classifiers/config.ts';
import { rootStream } from '../../../src/random.ts';
import { type PoolIndex, poolIndex } from '../../../src/shapes.ts';

beforeAll(() => selectBackend('cpu'));

const bytes = (rows: readonly PoolIndex[]) => Uint8Array.from(rows, (row) => (row * 37) % 256);

/** Three classes whose scores are linear in the brightness of a one-pixel image. */
const classifier: TrainedClassifier = {
  classes: 3,
  shape: [1, 1, 1],
  scores: (images) =>
    tf.tidy(() =>
      tf.matMul(images.reshape([-1, 1]), tf.tensor2d([[-2, 0.3, 1.7]])).add<tf.Tensor2D>([0, 0.4, 0.1]),
    ),
  features: (images) => images.reshape([-1, 1]),
  config: LinearSvmConfig.parse({ kind: 'linear-svm' }),
  training: { labels: 0, updates: 0, objective: 0, dualityGap: null },
  weights: () => new Map(),
  dispose: () => {},
};

const select = async (rows: readonly number[], batch = 6, seed = 1) => {
  const round: Round = {
    round: 1,
    batch,
    classifier,
    pool: { shape: [1, 1, 1], classes: 3, candidates: rows.map((row) => poolIndex(row)), bytes },
    labelled: { images: new Uint8Array(), labels: new Uint8Array(), n: 0 },
    stream: rootStream(seed),
  };
  const selection = await createUncertainty().select(round);
  if (selection.kind !== 'pool') throw new Error('expected pool rows');
  return selection;
};

/** The margin by its definition, in float64. */
function marginOf(row: number): number {
  const x = ((row * 37) % 256) / 127.5 - 1;
  const [first, second] = [-2 * x, 0.3 * x + 0.4, 1.7 * x + 0.1].sort((a, b) => b - a) as [number, number];
  return first - second;
}

// 37 has no factor in common with 256, so the first 256 rows have different brightnesses, and margins.
const rows = Array.from({ length: 250 }, (_, row) => row);

describe('uncertainty', () => {
  test('takes the rows of smallest margin, as brute force does', async () => {
    const brute = [...rows].sort((a, b) => marginOf(a) - marginOf(b)).slice(0, 6);
    const { rows: taken, diagnostics } = await select(rows);
    expect(taken).toEqual(brute);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(diagnostics.meanMarginPool).toBeCloseTo(mean(rows.map(marginOf)), 5);
    expect(diagnostics.meanMarginSelected).toBeCloseTo(mean(brute.map(marginOf)), 5);
  });

  test('takes the same when asked twice, and whatever the order of the candidates', async () => {
    const once = (await select(rows)).rows;
    expect((await select(rows)).rows).toEqual(once);
    expect((await select([...rows].reverse())).rows).toEqual(once);
  });

  test('leaves ties to the stream and not to the order of the pool', async () => {
    const equal = Array.from({ length: 40 }, (_, row) => 256 * row);
    const taken = (await select(equal, 4, 1)).rows;
    expect(taken).not.toEqual(equal.slice(0, 4));
    expect((await select(equal, 4, 2)).rows).not.toEqual(taken);
  });

  test('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    await select(rows);
    expect(tf.memory().numTensors).toBe(before);
  });
});
