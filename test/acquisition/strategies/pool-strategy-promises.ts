/** What every strategy that buys pool images promises, whatever it looks for. */
import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import type { Strategy } from '../../../src/acquisition/strategy.ts';
import { rootStream } from '../../../src/random.ts';
import { alike, bought, type RoundSet, toyModel, toyRound } from './toy-rounds.ts';

export interface PromiseSet {
  /** What rounds are made of beside the defaults. */
  readonly round?: RoundSet;
  /** False for one that draws even where no scores are equal. */
  readonly sameForAnyStream?: boolean;
}

/** Declares the tests; call inside a `describe`. */
export function keepsItsPromises(
  create: () => Strategy,
  { round = {}, sameForAnyStream = true }: PromiseSet = {},
): void {
  const rowsOf = async (set: RoundSet = {}) => (await bought(create(), toyRound({ ...round, ...set }))).rows;

  test('buys exactly the batch, different candidates, as numbers of the pool', async () => {
    for (const batch of [1, 7, 100]) {
      const rows = await rowsOf({ batch });
      expect(rows).toHaveLength(batch);
      expect(new Set(rows).size).toBe(batch);
      expect(Math.min(...rows)).toBeGreaterThanOrEqual(20);
      expect(Math.max(...rows)).toBeLessThan(120);
    }
  });

  test('buys the same when asked again', async () => {
    expect(await rowsOf()).toEqual(await rowsOf());
  });

  if (sameForAnyStream) {
    test('buys the same for any stream and order of the candidates where none are equal', async () => {
      const once = await rowsOf();
      expect(await rowsOf({ stream: rootStream(9) })).toEqual(once);
      const backwards = Array.from({ length: 100 }, (_, row) => 119 - row);
      expect(await rowsOf({ rows: backwards })).toEqual(once);
    });
  }

  test('leaves ties to the stream and not to the order of the pool', async () => {
    const set = { pool: alike, batch: 4, rows: Array.from({ length: 20 }, (_, row) => row + 20) };
    const first = await rowsOf(set);
    expect(new Set(first).size).toBe(4);
    expect([...first].sort()).not.toEqual([20, 21, 22, 23]);
    expect([...(await rowsOf({ ...set, stream: rootStream(3) }))].sort()).not.toEqual([...first].sort());
  });

  test('stays finite where the model is certain beyond what float32 can tell', async () => {
    const classifier = round.classifier ?? toyModel(1e3);
    const { rows, diagnostics } = await bought(create(), toyRound({ ...round, classifier }));
    expect(rows).toHaveLength(6);
    for (const value of Object.values(diagnostics).flat()) {
      expect(value === null || typeof value === 'string' || Number.isFinite(value)).toBe(true);
    }
  });

  test('leaves no tensor behind', async () => {
    const made = toyRound(round);
    const strategy = create();
    await bought(strategy, made);
    const before = tf.memory().numTensors;
    await bought(strategy, made);
    expect(tf.memory().numTensors).toBe(before);
  });
}
