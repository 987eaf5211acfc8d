import { beforeAll, describe, expect, test } from 'vitest';
import { cealThreshold, createCeal } from '../../../src/acquisition/strategies/ceal.ts';
import { CealConfig } from '../../../src/acquisition/strategies/ceal-config.ts';
import { createEntropy } from '../../../src/acquisition/strategies/entropy.ts';
import { createLeastConfidence } from '../../../src/acquisition/strategies/least-confidence.ts';
import { createMargin } from '../../../src/acquisition/strategies/margin.ts';
import type { Round } from '../../../src/acquisition/strategy.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { linearClassifier } from '../../queries/toys.ts';
import { keepsItsPromises } from './pool-strategy-promises.ts';
import { bought, SHAPE, SIZE, toyModel, toyRound } from './toy-rounds.ts';

beforeAll(() => selectBackend('cpu'));

const config = (change: object = {}) => CealConfig.parse(change);
const nothing = { images: new Uint8Array(0), labels: new Uint8Array(0), n: 0 };

async function added(round: Round, change: object = {}) {
  const selection = await createCeal(config(change)).select(round);
  if (selection.kind !== 'pool' || selection.extraTraining === undefined) throw new Error('expected more');
  const extra = await selection.extraTraining(nothing);
  if (extra.from.kind !== 'pool') throw new Error('expected rows of the pool');
  return { selection, extra, rows: extra.from.rows };
}

keepsItsPromises(() => createCeal(config()));

test.each([
  ['entropy', createEntropy],
  ['margin', createMargin],
  ['least-confidence', createLeastConfidence],
] as const)('buys what %s buys', async (measure, create) => {
  const rows = async (strategy: ReturnType<typeof create>) =>
    [...(await bought(strategy, toyRound())).rows].sort();
  expect(await rows(createCeal(config({ measure })))).toEqual(await rows(create()));
});

describe('the threshold', () => {
  test('falls by the decay a round from its first value, and not below 0', () => {
    const of = (round: number) => cealThreshold({ threshold: 0.05, decay: 0.0033 }, round);
    expect(of(1)).toBe(0.05);
    // A decay of what was already lowered would be at 0.05 - 0.0033 (1 + 2 + 3) here.
    expect(of(4)).toBeCloseTo(0.05 - 3 * 0.0033, 12);
    expect(of(16)).toBeCloseTo(0.0005, 12);
    expect(of(17)).toBe(0);
  });

  test('of 0 labels no image, not even a certain one', async () => {
    const certain = toyRound({ classifier: toyModel(100) });
    expect((await added(certain, { threshold: 0 })).rows).toEqual([]);
  });
});

describe('images below the threshold', () => {
  /** Two classes by the first pixel, so that entropy and class are known from the byte. */
  const steep = linearClassifier(
    Float32Array.from({ length: SIZE * 2 }, (_, i) => (i === 0 ? 0 : i === 1 ? 4 : 0)),
    [0, 0],
    SHAPE,
  );
  const known = (byte: number) => {
    const p = 1 / (1 + Math.exp(-4 * (byte / 127.5 - 1)));
    const entropy = -[p, 1 - p].reduce((sum, q) => sum + (q > 0 ? q * Math.log(q) : 0), 0);
    return { entropy, label: p > 0.5 ? 1 : 0 };
  };

  test('are exactly those, each under its own class, and none that was bought', async () => {
    const round = toyRound({ classifier: steep });
    const { selection, extra, rows } = await added(round, { threshold: 0.2 });
    const wanted = round.pool.candidates.flatMap((row) => {
      const { entropy, label } = known(round.pool.bytes([row])[0] as number);
      const isBought = selection.kind === 'pool' && selection.rows.includes(row);
      return entropy < 0.2 && !isBought ? [{ row, label }] : [];
    });
    expect(wanted.length).toBeGreaterThan(10);
    expect(rows.map((row, i) => ({ row, label: extra.labels[i] }))).toEqual(wanted);
    expect(new Set(extra.labels)).toEqual(new Set([0, 1]));
    expect(extra.kept).toBe(false);
    const counts = [0, 1].map((label) => wanted.filter((other) => other.label === label).length);
    expect(extra.diagnostics).toEqual({ pseudoLabelThreshold: 0.2, pseudoLabelsPerClass: counts });
  });

  test('may all be bought, and are then not labelled too', async () => {
    const round = toyRound({ classifier: steep, batch: 100 });
    const { selection, rows } = await added(round, { threshold: 10 });
    expect(selection.kind === 'pool' && selection.rows.length).toBe(100);
    expect(rows).toEqual([]);
  });
});
