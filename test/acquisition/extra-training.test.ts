import { beforeAll, describe, expect, test } from 'vitest';
import type { ExtraTraining } from '../../src/acquisition/extra-training.ts';
import type { LoopOptions } from '../../src/acquisition/loop.ts';
import type { Strategy } from '../../src/acquisition/strategy.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { ClassifierConfig } from '../../src/classifiers/config.ts';
import type { Split } from '../../src/datasets/dataset.ts';
import { digitsDataset } from '../../src/datasets/digits.ts';
import { rootStream } from '../../src/random.ts';
import type { PoolIndex } from '../../src/shapes.ts';
import { recordLoop } from './record-loop.ts';

const dataset = digitsDataset({ trainSize: 60, testSize: 20, seed: 1 });
const classifier = ClassifierConfig.parse({ kind: 'mlp', hidden: [4], updates: 4, batch: 8 });
const SIZE = 784;

beforeAll(() => selectBackend('wasm'));

type Extra = (round: number, bought: Split, unlabelled: readonly PoolIndex[]) => ExtraTraining;

/** Buys the first candidates, and adds what it is told to; notes what it sees. */
function adding(extra: Extra) {
  const seen: { labelled: number; trainedOn: number; candidates: readonly PoolIndex[]; bought?: Split }[] =
    [];
  const strategy: Strategy = {
    select: async ({ round, batch, classifier: model, pool, labelled }) => {
      const rows = pool.candidates.slice(0, batch);
      const note = { labelled: labelled.n, trainedOn: model.training.labels, candidates: pool.candidates };
      return {
        kind: 'pool',
        rows,
        diagnostics: { first: 1 },
        extraTraining: async (bought) => {
          seen.push({ ...note, bought });
          return extra(round, bought, pool.candidates.slice(batch));
        },
      };
    },
  };
  return { strategy, seen };
}

const darkened = (kept: boolean): Extra => {
  return (_, { images, labels }) => ({
    from: { kind: 'synthesised', images: images.map((byte) => byte >> 1), origins: images },
    labels: [...labels],
    kept,
    diagnostics: { second: 2 },
  });
};
const guessing: Extra = (round, _, unlabelled) => ({
  from: { kind: 'pool', rows: unlabelled.slice(0, 2 * round) },
  labels: unlabelled.slice(0, 2 * round).map((row) => (dataset.train.labels[row] as number) % 9),
  kept: false,
  diagnostics: {},
});

const run = (strategy: Strategy, change: Partial<LoopOptions> = {}) =>
  recordLoop({
    dataset,
    strategy,
    strategyName: 'adding',
    classifier,
    initial: { size: 6, balanced: false },
    batch: 3,
    rounds: 3,
    root: rootStream(4),
    ...change,
  });

describe('images that a strategy adds', () => {
  test('are trained on but not labelled, not charged, and leave the pool as it is', async () => {
    const { strategy, seen } = adding(darkened(true));
    const { records } = await run(strategy);
    expect(records.map(({ labels }) => labels)).toEqual([6, 9, 12, 15]);
    expect(records.map(({ labelsCharged }) => labelsCharged)).toEqual([6, 9, 12, 15]);
    expect(seen.map(({ labelled }) => labelled)).toEqual([6, 9, 12]);
    // Three more a round, and all of them stay.
    expect(seen.map(({ trainedOn }) => trainedOn)).toEqual([6, 12, 18]);
    expect(seen.map(({ candidates }) => candidates.length)).toEqual([54, 51, 48]);
    expect(records.map(({ extra }) => extra?.labels.length)).toEqual([undefined, 3, 3, 3]);
    expect(records[3]?.diagnostics).toMatchObject({
      first: 1,
      second: 2,
      extraAdded: 3,
      extraTrainingImages: 9,
      extraRight: null,
    });
  });

  test('for one round are replaced by those of the next', async () => {
    const { strategy, seen } = adding(guessing);
    const { records } = await run(strategy);
    // 6; 9 and 2 guesses; 12 and 4 guesses.
    expect(seen.map(({ trainedOn }) => trainedOn)).toEqual([6, 11, 16]);
    expect(records.map(({ labels }) => labels)).toEqual([6, 9, 12, 15]);
    expect(records[3]?.diagnostics).toMatchObject({ extraAdded: 6, extraTrainingImages: 6 });
    // Nines are guessed to be noughts, all else rightly.
    const rows = records[3]?.extra?.rows ?? [];
    const nines = rows.filter((row) => dataset.train.labels[row] === 9).length;
    expect(records[3]?.diagnostics.extraRight).toBeCloseTo((6 - nines) / 6, 9);
  });

  test('may be made of what was bought, with the labels that were given', async () => {
    const { strategy, seen } = adding(darkened(true));
    const { records } = await run(strategy);
    seen.forEach(({ bought, candidates }, position) => {
      const rows = candidates.slice(0, 3);
      expect([...(bought?.labels ?? [])]).toEqual(rows.map((row) => dataset.train.labels[row]));
      expect(bought?.images).toEqual(
        Uint8Array.from(
          rows.flatMap((row) => [...dataset.train.images.subarray(row * SIZE, (row + 1) * SIZE)]),
        ),
      );
      expect(records[position + 1]?.selected).toEqual(rows);
    });
  });

  test.each([
    ['kept', () => adding(darkened(true)).strategy],
    ['passing', () => adding(darkened(false)).strategy],
    ['guessed', () => adding(guessing).strategy],
  ])('%s ones are there again wherever a run is taken up', async (_, create) => {
    const whole = await run(create());
    const images = new Map(whole.queries.map(({ round, extra }) => [round, extra?.images]));
    for (let round = 1; round <= 4; round++) {
      const resumed = await run(create(), {
        finished: whole.records.slice(0, round).map((record) => JSON.parse(JSON.stringify(record))),
        replayImages: async (asked, of) => {
          expect(of).toBe('extra');
          return images.get(asked) as Uint8Array;
        },
      });
      expect(JSON.stringify(resumed.records)).toBe(JSON.stringify(whole.records));
    }
  });

  test('change what the task model learns', async () => {
    const { strategy } = adding(darkened(true));
    const none: Strategy = {
      select: async (round) => {
        const { extraTraining: _, ...selection } = (await strategy.select(round)) as {
          extraTraining: unknown;
        };
        return selection as Awaited<ReturnType<Strategy['select']>>;
      },
    };
    const [with_, without] = [await run(strategy), await run(none)];
    expect(without.records[0]).toEqual(with_.records[0]);
    expect(without.records[3]?.testConfusion).not.toEqual(with_.records[3]?.testConfusion);
    expect(without.records[3]?.extra).toBeUndefined();
  });

  test('have their making counted apart from scoring', async () => {
    const slow = adding(darkened(true));
    const strategy: Strategy = {
      select: async (round) => {
        const selection = await slow.strategy.select(round);
        if (selection.kind !== 'pool') throw new Error('expected rows');
        const make = selection.extraTraining as NonNullable<typeof selection.extraTraining>;
        return {
          ...selection,
          extraTraining: async (bought) => {
            await new Promise((resolve) => setTimeout(resolve, 30));
            return make(bought);
          },
        };
      },
    };
    const [, first] = (await run(strategy, { rounds: 1 })).timings;
    expect(first?.generateMs).toBeGreaterThanOrEqual(29);
    expect(first?.scoreMs).toBeLessThan(29);
  });
});

describe('additions that cannot be are refused', () => {
  const all = { kept: false, diagnostics: {} };
  test.each<[string, Extra, string]>([
    [
      'a label too many',
      (_, { images }) => ({ from: { kind: 'synthesised', images, origins: images }, labels: [1], ...all }),
      'adding: expected 1 extra training images, one a label, got 3',
    ],
    [
      'a class that is none',
      (_, __, [row]) => ({ from: { kind: 'pool', rows: [row as PoolIndex] }, labels: [10], ...all }),
      'adding: expected classes in [0, 10) for extra training images, got 10',
    ],
    [
      'a row that is there twice',
      (_, __, [row]) => ({
        from: { kind: 'pool', rows: [row as PoolIndex, row as PoolIndex] },
        labels: [1, 1],
        ...all,
      }),
      'ExtraSet.take.extra.rows: expected unlabelled rows, each once, got',
    ],
  ])('%s', async (_, extra, message) => {
    await expect(run(adding(extra).strategy)).rejects.toThrow(message);
  });

  test('a row that has just been bought', async () => {
    let bought: PoolIndex | undefined;
    const { strategy } = adding(() => ({
      from: { kind: 'pool', rows: [bought as PoolIndex] },
      labels: [1],
      ...all,
    }));
    const noting: Strategy = {
      select: async (round) => {
        [bought] = round.pool.candidates;
        return strategy.select(round);
      },
    };
    await expect(run(noting)).rejects.toThrow('expected unlabelled rows, each once, got');
  });
});
