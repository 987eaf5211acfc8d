import { beforeAll, describe, expect, test } from 'vitest';
import { buildIndex } from '../../../matching/indexes/build.ts';
import { IndexConfig } from '../../../matching/indexes/config.ts';
import type { VectorIndex } from '../../../matching/indexes/vector-index.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { rootStream } from '../../../src/random.ts';
import { presentKinds } from './kinds.ts';
import { bruteForce, clusteredPool, queriesNear } from './pools.ts';

beforeAll(async () => {
  await selectBackend('cpu');
});

const VECTORS = clusteredPool(60, 3);
const QUERIES = queriesNear(VECTORS, 4);

function build(kind: string, vectors = VECTORS): Promise<VectorIndex> {
  return buildIndex(IndexConfig.parse({ kind }), vectors, rootStream(1));
}

describe.each(presentKinds)('an index of kind %s', (kind) => {
  test('says what it holds', async () => {
    const index = await build(kind);
    expect([index.kind, index.size, index.count]).toEqual([kind, 3, 60]);
    index.dispose();
  });

  test('finds all rows in order where k is their number, and marks the missing where it is more', async () => {
    const index = await build(kind);
    for (const k of [60, 75]) {
      expect(await index.search(QUERIES, k)).toMatchObject({ k, ...bruteForce(VECTORS, QUERIES, k) });
    }
    index.dispose();
  });

  test('never returns removed rows, down to the last', async () => {
    const index = await build(kind);
    const removed = new Set<number>();
    for (const rows of [[0], [17, 3, 59], Array.from({ length: 53 }, (_, at) => 4 + at)]) {
      const left = rows.filter((row) => !removed.has(row));
      index.remove(new Set(left));
      for (const row of left) removed.add(row);
      expect(index.count).toBe(60 - removed.size);
      expect(await index.search(QUERIES, 60)).toMatchObject(bruteForce(VECTORS, QUERIES, 60, removed));
      const { rows: nearest } = await index.search(QUERIES, 2);
      for (const row of nearest) expect(removed.has(row)).toBe(false);
    }
    index.remove(Array.from({ length: 60 }, (_, row) => row).filter((row) => !removed.has(row)));
    expect([...(await index.search(QUERIES.slice(0, 3), 2)).rows]).toEqual([-1, -1]);
    index.dispose();
  });

  test('orders duplicates by row', async () => {
    const values = Float32Array.from({ length: 300 }, (_, i) => (Math.floor(i / 3) % 2) * (1 + (i % 3)));
    const index = await build(kind, { values, size: 3 });
    const { rows, squaredDistances } = await index.search(Float32Array.of(0, 0, 0), 100);
    const evenThenOdd = Array.from({ length: 100 }, (_, place) => (place < 50 ? 2 * place : 2 * place - 99));
    expect([...rows]).toEqual(evenThenOdd);
    expect([squaredDistances[49], squaredDistances[50]]).toEqual([0, 14]);
    index.dispose();
  });

  test('gives the same answer for the same seed', async () => {
    const vectors = clusteredPool(2000, 8);
    const queries = queriesNear(vectors, 5);
    const one = await build(kind, vectors);
    const other = await build(kind, vectors);
    expect(await one.search(queries, 10)).toEqual(await other.search(queries, 10));
    one.dispose();
    other.dispose();
  });

  test('answers no query with nothing', async () => {
    const index = await build(kind);
    expect((await index.search(new Float32Array(0), 3)).rows).toHaveLength(0);
    index.dispose();
  });

  test('names the row that is not finite, and what else is wrong', async () => {
    const broken = Float32Array.from(VECTORS.values);
    broken[3 * 7 + 1] = Number.NaN;
    await expect(build(kind, { values: broken, size: 3 })).rejects.toThrow(
      'buildIndex.vectors: expected finite numbers, got NaN in row 7',
    );
    await expect(build(kind, { values: new Float32Array(0), size: 3 })).rejects.toThrow(
      'buildIndex.vectors: expected at least one row, got none',
    );
    const index = await build(kind);
    await expect(index.search(Float32Array.of(0, 0, 0, 1, 1, Number.POSITIVE_INFINITY), 1)).rejects.toThrow(
      'VectorIndex.search.queries: expected finite numbers, got Infinity in row 1',
    );
    await expect(index.search(Float32Array.of(0, 0), 1)).rejects.toThrow(
      'VectorIndex.search.queries: expected rows of 3 numbers, got 2 numbers',
    );
    await expect(index.search(QUERIES, 0)).rejects.toThrow(
      'VectorIndex.search.k: expected an integer of at least 1, got 0',
    );
    index.dispose();
  });

  test('removes all rows or, if one cannot be, none', async () => {
    const index = await build(kind);
    index.remove([5]);
    expect(() => index.remove([1, 5])).toThrow(
      'VectorIndex.remove.rows: expected rows that are left, got 5, removed before',
    );
    expect(() => index.remove([1, 60])).toThrow('VectorIndex.remove.rows: expected rows below 60, got 60');
    expect(() => index.remove([1, 2, 1])).toThrow(
      'VectorIndex.remove.rows: expected every row once, got 1 twice',
    );
    expect(index.count).toBe(59);
    index.dispose();
  });

  test('refuses to change during a search, and to search when disposed', async () => {
    const index = await build(kind);
    const searching = index.search(QUERIES, 2);
    expect(() => index.remove([1])).toThrow(
      'VectorIndex.remove: expected no search or save to be running, got one',
    );
    await searching;
    index.dispose();
    index.dispose();
    await expect(index.search(QUERIES, 2)).rejects.toThrow(
      'VectorIndex.search: expected an open index, got a disposed one',
    );
  });
});
