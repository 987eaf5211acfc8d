import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { createStream } from '../../../src/acquisition/strategies/stream.ts';
import { StreamConfig } from '../../../src/acquisition/strategies/stream-config.ts';
import type { Round } from '../../../src/acquisition/strategy.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { probabilities, scoreImages } from '../../../src/classifiers/predict.ts';
import { rootStream } from '../../../src/random.ts';
import { type PoolIndex, poolIndex } from '../../../src/shapes.ts';
import { bought, CLASSES, images, toyRound } from './toy-rounds.ts';

beforeAll(() => selectBackend('cpu'));

const order = rootStream(21)
  .permutation(120)
  .map((row) => poolIndex(row));
const rounds = (change: Partial<Round> = {}, set: Parameters<typeof toyRound>[0] = {}): Round => ({
  ...toyRound(set),
  arrivals: () => order,
  ...change,
});
const stream = (options: object = {}) => createStream(StreamConfig.parse(options));
/** Everything may be bought: only the threshold decides. */
const FREE = { manager: 'fixed', budget: 1, window: 1000 };

/** Certainty of each of the 120 rows, by the definition. */
async function certainties(score: 'entropy' | 'margin' | 'least-confidence'): Promise<number[]> {
  const probs = probabilities(await scoreImages(toyRound().classifier, images), CLASSES);
  return Array.from({ length: 120 }, (_, row) => {
    const p = [...probs.subarray(row * CLASSES, (row + 1) * CLASSES)].sort((a, b) => b - a);
    if (score === 'margin') return p[0]! - p[1]!;
    if (score === 'least-confidence') return p[0]!;
    return 1 + p.reduce((sum, one) => sum + one * Math.log(one), 0) / Math.log(CLASSES);
  });
}

describe('createStream', () => {
  test.each([
    ['least-confidence', 0.6],
    ['margin', 0.3],
    ['entropy', 0.25],
  ] as const)(
    'by %s buys the first arrivals below the threshold, in their order',
    async (score, threshold) => {
      const certainty = await certainties(score);
      const arriving = order.filter((row) => row >= 20);
      const wanted = arriving.filter((row) => certainty[row]! < threshold).slice(0, 6);
      expect(wanted).toHaveLength(6);
      const { rows, diagnostics } = await bought(stream({ ...FREE, score, threshold }), rounds());
      expect(rows).toEqual(wanted);
      const last = order.indexOf(wanted[5]!);
      expect(diagnostics.streamPosition).toBe(last + 1);
      expect(diagnostics.streamFilled).toBe(0);
      expect(diagnostics.streamPassed).toBe(order.slice(0, last + 1).filter((row) => row >= 20).length - 6);
    },
  );

  test('goes on where it stopped: rounds of 3 buy what one of 6 does under one model', async () => {
    for (const manager of ['fixed', 'variable'] as const) {
      const strategy = stream({ manager, budget: 0.5, window: 20, threshold: 0.8, step: 0.1 });
      const whole = await bought(strategy, rounds());
      const first = await bought(strategy, rounds({ batch: 3 }));
      const left = Array.from({ length: 100 }, (_, row) => row + 20).filter(
        (row) => !first.rows.includes(row as PoolIndex),
      );
      const memory = JSON.parse(JSON.stringify(first.memory));
      const second = await bought(strategy, rounds({ batch: 3, memory }, { rows: left }));
      expect([...first.rows, ...second.rows]).toEqual(whole.rows);
      expect(second.memory).toEqual(whole.memory);
    }
  });

  test('decides without a look at later images: those after the last purchase change nothing', async () => {
    const strategy = stream({ budget: 0.5, window: 20 });
    const { rows, diagnostics } = await bought(strategy, rounds());
    const seen = diagnostics.streamPosition as number;
    const turned = [...order.slice(0, seen), ...order.slice(seen).reverse()];
    expect((await bought(strategy, rounds({ arrivals: () => turned }))).rows).toEqual(rows);
  });

  test('never brings an image twice', async () => {
    const strategy = stream({ ...FREE, threshold: 0.6 });
    const { memory } = await bought(strategy, rounds());
    const passed = order.slice(0, memory!.position);
    const later = await bought(strategy, rounds({ memory }));
    const arrived = later.rows.slice(0, 6 - (later.diagnostics.streamFilled as number));
    expect(arrived.filter((row) => passed.includes(row))).toEqual([]);
  });

  test('at the end of the stream takes the rest at random from what it passed over, and says how many', async () => {
    const strategy = stream({ ...FREE, threshold: 0.0001 });
    const { rows, diagnostics, memory } = await bought(strategy, rounds());
    expect(diagnostics).toMatchObject({ streamFilled: 6, streamPosition: 120, streamPassed: 100 });
    expect(diagnostics.meanCertaintyBought).toBeNull();
    expect(new Set(rows).size).toBe(6);
    expect(rows.every((row) => row >= 20)).toBe(true);
    const later = await bought(strategy, rounds({ memory, stream: rootStream(2) }));
    expect(later.diagnostics).toMatchObject({ streamFilled: 6, streamPassed: 0, meanCertaintyArrived: null });
    expect(later.rows).not.toEqual(rows);
  });

  test('at random asks no model and buys the share that the threshold says', async () => {
    const silent = toyRound().classifier;
    const classifier = {
      ...silent,
      classes: CLASSES,
      scores: () => {
        throw new Error('expected not to be asked');
      },
    } as unknown as Round['classifier'];
    const strategy = stream({ ...FREE, score: 'random', threshold: 0.5 });
    const { diagnostics } = await bought(strategy, rounds({ classifier, batch: 40 }));
    // 40 of about 80 arrivals at 0.5.
    expect(diagnostics.streamPassed).toBeGreaterThan(15);
    expect(diagnostics.streamPassed).toBeLessThan(70);
    expect(diagnostics.meanCertaintyBought as number).toBeLessThan(0.5);
  });

  test('leaves no tensor behind', async () => {
    const strategy = stream();
    const round = rounds();
    await bought(strategy, round);
    const before = tf.memory().numTensors;
    await bought(strategy, round);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('needs an order', async () => {
    await expect(bought(stream(), toyRound())).rejects.toThrow('stream.round.arrivals: expected the order');
  });
});
