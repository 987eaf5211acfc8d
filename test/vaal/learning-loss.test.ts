import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Round } from '../../src/acquisition/strategy.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { createLearningLoss } from '../../vaal/learning-loss.ts';
import { LearningLossConfig } from '../../vaal/learning-loss-config.ts';
import { marginLoss } from '../../vaal/ranker.ts';
import { lossesOf } from '../../vaal/task-losses.ts';
import { keepsItsPromises } from '../acquisition/strategies/pool-strategy-promises.ts';
import { bought, CLASSES, images, SIZE, toyModel, toyRound } from '../acquisition/strategies/toy-rounds.ts';

beforeAll(() => selectBackend('cpu'));

const quick = LearningLossConfig.parse({ units: 8, steps: 40, batch: 16, learningRate: 1e-2 });

describe('learning loss', () => {
  test('has the loss of pairs in closed form, ties adding nothing', async () => {
    const loss = marginLoss(tf.tensor1d([0.25, 0.25, -3, 7]), tf.tensor1d([1, 0, 1, 0.5]));
    expect((await loss.data())[0]).toBeCloseTo((0.75 + 1.25 + 4 + 0) / 4, 6);
  });

  test('has the gradient of that loss by finite differences', async () => {
    const at = [0.4, -0.2, 1.5, 0.3];
    const sides = tf.tensor1d([1, 0, 1, 0.5]);
    const [gradient] = tf.grads((x: tf.Tensor) => marginLoss(x as tf.Tensor1D, sides))([tf.tensor1d(at)]);
    const valueAt = async (x: number[]) => (await marginLoss(tf.tensor1d(x), sides).data())[0] as number;
    const values = await (gradient as tf.Tensor).data();
    for (const axis of at.keys()) {
      const moved = (by: number) => at.map((x, i) => (i === axis ? x + by : x));
      const numeric = ((await valueAt(moved(1e-2))) - (await valueAt(moved(-1e-2)))) / 2e-2;
      expect(values[axis]).toBeCloseTo(numeric, 4);
    }
  });

  test('knows what the task model loses on labelled images', async () => {
    const { classifier, labelled } = toyRound();
    const losses = await lossesOf(classifier, labelled.images, labelled.labels);
    const scores = await (
      classifier.scores(
        tf.tensor4d(
          Float32Array.from(labelled.images, (byte) => byte / 127.5 - 1),
          [labelled.n, 2, 3, 1],
        ),
      ) as tf.Tensor2D
    ).array();
    scores.forEach((row, i) => {
      const sum = row.reduce((total, score) => total + Math.exp(score), 0);
      expect(losses[i]).toBeCloseTo(Math.log(sum) - (row[labelled.labels[i] as number] as number), 4);
    });
  });

  test('buys what the task model loses most on, where features tell', async () => {
    // Labels that the model has wrong exactly where the first pixel is bright.
    const model = toyModel(3);
    const bright = (row: number) => (images[row * SIZE] as number) > 128;
    const labelledRows = Array.from({ length: 80 }, (_, row) => row);
    const base = toyRound({
      classifier: model,
      labelled: labelledRows,
      rows: Array.from({ length: 40 }, (_, i) => 80 + i),
    });
    const scores = await (
      model.scores(
        tf.tensor4d(
          Float32Array.from(base.labelled.images, (byte) => byte / 127.5 - 1),
          [80, 2, 3, 1],
        ),
      ) as tf.Tensor2D
    ).array();
    const labels = Uint8Array.from(scores, (row, i) => {
      const best = row.indexOf(Math.max(...row));
      return bright(i) ? (best + 1) % CLASSES : best;
    });
    const round: Round = { ...base, batch: 10, labelled: { ...base.labelled, labels } };
    const config = LearningLossConfig.parse({ units: 16, steps: 300, batch: 32, learningRate: 1e-2 });
    const { rows } = await bought(createLearningLoss(config), round);
    expect(rows.filter((row) => bright(row)).length).toBeGreaterThanOrEqual(9);
  });

  keepsItsPromises(() => createLearningLoss(quick), { sameForAnyStream: false });

  test('draws its predictor from the round', async () => {
    const rowsOf = async (seed: number) =>
      (await bought(createLearningLoss(quick), toyRound({ stream: rootStream(seed) }))).rows;
    expect(await rowsOf(1)).not.toEqual(await rowsOf(2));
  });
});
