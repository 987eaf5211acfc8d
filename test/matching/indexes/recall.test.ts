import { beforeAll, expect, test } from 'vitest';
import { buildIndex } from '../../../matching/indexes/build.ts';
import { recallOnPool, recallOnQueries } from '../../../matching/indexes/recall.ts';
import type { Neighbours, VectorIndex } from '../../../matching/indexes/vector-index.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { rootStream } from '../../../src/random.ts';
import { clusteredPool, queriesNear } from './pools.ts';

beforeAll(async () => {
  await selectBackend('cpu');
});

const EXACT = { kind: 'exact', block: 64 } as const;
/** Rows 0, 1, 2, ... on a line. */
const LINE = { values: Float32Array.from({ length: 50 }, (_, row) => row), size: 1 };

/** An index that finds every second of the true neighbours: those at even places. */
async function halfBlind(exact: VectorIndex): Promise<VectorIndex> {
  const search = async (queries: Float32Array, k: number): Promise<Neighbours> => {
    const truth = await exact.search(queries, 2 * k);
    const even = (_: number, place: number) => place % 2 === 0;
    return {
      ...truth,
      k,
      rows: truth.rows.filter(even),
      squaredDistances: truth.squaredDistances.filter(even),
    };
  };
  const { size, count } = exact;
  return { kind: 'hnsw', size, count, search, remove: () => {}, save: async () => {}, dispose: () => {} };
}

test('is 1 of an exact index, and the share found of one that misses every second row', async () => {
  const vectors = clusteredPool(200, 4);
  const exact = await buildIndex(EXACT, vectors, rootStream(1));
  const queries = queriesNear(vectors, 8);
  expect(await recallOnQueries(exact, exact, queries, 10)).toEqual({ recall: 1, n: 8, k: 10 });
  expect(await recallOnQueries(await halfBlind(exact), exact, queries, 10)).toEqual({
    recall: 0.5,
    n: 8,
    k: 10,
  });
  exact.dispose();
});

test('counts rows as far as the k-th neighbour alike', async () => {
  const exact = await buildIndex(EXACT, LINE, rootStream(1));
  // From 10 the nearest are 10, then 9 and 11, then 8 and 12: of places 1, 3, 5 (rows 10, 11, 12) two are near enough
  // for k = 3, the third is not.
  const { recall } = await recallOnQueries(await halfBlind(exact), exact, Float32Array.of(10), 3);
  expect(recall).toBe(2 / 3);
  // With k = 2 the rows 9 and 11 tie for the second place.
  expect((await recallOnQueries(await halfBlind(exact), exact, Float32Array.of(10), 2)).recall).toBe(1);
  exact.dispose();
});

test('on rows of the pool leaves each row itself out', async () => {
  const exact = await buildIndex(EXACT, LINE, rootStream(1));
  const { recall, n } = await recallOnPool(exact, exact, LINE, rootStream(2), { k: 3, rows: 500 });
  expect([recall, n]).toEqual([1, 50]);
  // Every second neighbour includes the row itself, at place 1, so one of three is left within the true three.
  const blind = await halfBlind(exact);
  const half = await recallOnPool(blind, exact, LINE, rootStream(2), { k: 1, rows: 50 });
  // Inside the line both neighbours are at distance 1 and the second is found; at its ends there is only one.
  expect(half.recall).toBe(48 / 50);
  exact.dispose();
});

test('draws the same rows from the same stream', async () => {
  const vectors = clusteredPool(500, 8);
  const exact = await buildIndex(EXACT, vectors, rootStream(1));
  const config = { kind: 'lsh-forest', trees: 2, depth: 16, candidates: 20 } as const;
  const index = await buildIndex(config, vectors, rootStream(1));
  const measure = (seed: number) => recallOnPool(index, exact, vectors, rootStream(seed), { rows: 20 });
  expect(await measure(1)).toEqual(await measure(1));
  expect(await measure(2)).not.toEqual(await measure(1));
  index.dispose();
  exact.dispose();
});

test('refuses to hold an index against another pool or an inexact index', async () => {
  const vectors = clusteredPool(50, 2);
  const exact = await buildIndex(EXACT, vectors, rootStream(1));
  const smaller = await buildIndex(EXACT, vectors, rootStream(1));
  smaller.remove([3]);
  const queries = queriesNear(vectors, 1);
  await expect(recallOnQueries(smaller, exact, queries, 1)).rejects.toThrow(
    'recallOnQueries.exact: expected 49 rows of 2 numbers like the index, got 50 rows of 2',
  );
  await expect(recallOnPool(exact, await halfBlind(exact), vectors, rootStream(1))).rejects.toThrow(
    'recallOnPool.exact: expected an index of kind exact, got hnsw',
  );
  await expect(recallOnQueries(exact, exact, new Float32Array(0), 1)).rejects.toThrow(
    'recallOnQueries.queries: expected at least one row, got none',
  );
  smaller.dispose();
  exact.dispose();
});
