import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  clusterOrder,
  createTypiclust,
  typicalities,
} from '../../../src/acquisition/strategies/typiclust.ts';
import { TypiclustConfig } from '../../../src/acquisition/strategies/typiclust-config.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { rootStream } from '../../../src/random.ts';
import { keepsItsPromises } from './pool-strategy-promises.ts';
import { bought, SIZE, toyRound } from './toy-rounds.ts';

const reference = JSON.parse(
  readFileSync(new URL('../../fixtures/active-learning/density.json', import.meta.url), 'utf8'),
) as { size: number; rows: number[]; neighbours: number; typicality: number[] };

beforeAll(() => selectBackend('cpu'));

const stream = rootStream(1);
const typiclust = (options: object = {}) => createTypiclust(TypiclustConfig.parse(options));

describe('typicality', () => {
  test('is that of scikit-activeml, but for what is added to the mean distance', async () => {
    const { size, neighbours } = reference;
    const ours = await typicalities(Float32Array.from(reference.rows), size, neighbours, stream);
    reference.typicality.forEach((value, row) => {
      expect(Math.abs(1 / ours[row]! - 1e-5 - (1 / value - 1e-7 / neighbours))).toBeLessThan(1e-6);
    });
  });

  test('is highest in the middle, and finite for one row or equal ones', async () => {
    const line = await typicalities(Float32Array.of(0, 4, 5, 6, 10), 1, 2, stream);
    expect(line.indexOf(Math.max(...line))).toBe(2);
    expect(line[2]).toBeCloseTo(1 / (1 + 1e-5), 9);
    expect([...(await typicalities(Float32Array.of(3, 3), 1, 2, stream))]).toEqual([1e5, 1e5].map(closeTo));
    expect([...(await typicalities(Float32Array.of(3), 1, 2, stream))]).toEqual([closeTo(1e5)]);
  });
});

const closeTo = (value: number) => expect.closeTo(value, 6);

test('clusters are bought from in the order of fewest labels, then of most images; small ones are not', () => {
  // Labelled: clusters 0, 0, 1. Candidates: 0 x 5, 1 x 4, 2 x 3, 3 x 6, 4 x 1.
  const assigned = [0, 0, 1, ...[0, 0, 0, 0, 0], ...[1, 1, 1, 1], ...[2, 2, 2], ...[3, 3, 3, 3, 3, 3], 4];
  const order = clusterOrder(assigned, 3, 3);
  expect(order.map(({ labelled, size }) => [labelled, size])).toEqual([
    [0, 6],
    [0, 3],
    [1, 5],
    [2, 7],
  ]);
  expect(order[1]?.left).toEqual([9, 10, 11]);
  expect(clusterOrder([0, 1], 0, 3)).toHaveLength(2);
});

describe('typiclust', () => {
  keepsItsPromises(() => typiclust(), { sameForAnyStream: false });

  /** Heaps of images of about one grey each. */
  const heaps = (greys: readonly number[], each: number) => {
    const draws = rootStream(6);
    return Uint8Array.from(
      greys.flatMap((grey) => Array.from({ length: each * SIZE }, () => grey + draws.integer(9) - 4)),
    );
  };

  test('buys one image of each heap that has no label', async () => {
    const pool = heaps([10, 60, 110, 160, 210], 10);
    const labelled = [0, 10]; // of the first and the second heap
    const rows = Array.from({ length: 50 }, (_, row) => row).filter((row) => !labelled.includes(row));
    for (let seed = 1; seed <= 5; seed++) {
      const round = toyRound({ pool, labelled, rows, batch: 3, stream: rootStream(seed) });
      const { rows: taken, diagnostics } = await bought(typiclust(), round);
      expect(taken.map((row) => Math.floor(row / 10)).sort()).toEqual([2, 3, 4]);
      expect(diagnostics).toMatchObject({ clusters: 5, clustersCovered: 2 });
    }
  });

  test('goes on where clusters are used up', async () => {
    const pool = heaps([10, 200], 8);
    const round = toyRound({
      pool,
      labelled: [],
      rows: Array.from({ length: 16 }, (_, row) => row),
      batch: 16,
    });
    const { rows } = await bought(typiclust({ maxClusters: 2 }), round);
    expect(new Set(rows).size).toBe(16);
  });
});
