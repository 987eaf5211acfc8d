import * as tf from '@tensorflow/tfjs';
import { beforeEach, describe, expect, test } from 'vitest';
import { buildIndex } from '../../../matching/indexes/build.ts';
import { ExactSearcher } from '../../../matching/indexes/exact.ts';
import { LiveRows } from '../../../matching/indexes/live-rows.ts';
import { NearestLists } from '../../../matching/indexes/nearest-lists.ts';
import type { Vectors } from '../../../matching/indexes/vector-index.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { rootStream } from '../../../src/random.ts';
import { presentBackends } from '../../backend/present.ts';
import { bruteForce, clusteredPool, queriesNear } from './pools.ts';

beforeEach(async () => {
  await selectBackend('cpu');
});

/** Blocks that do not divide the pool, and of fewer rows than a group. */
const BLOCKS = [1, 50, 128, 16_384];

async function expectBruteForce(vectors: Vectors, queries: Float32Array, k = 5, blocks = BLOCKS) {
  const expected = bruteForce(vectors, queries, k);
  for (const block of blocks) {
    const index = await buildIndex({ kind: 'exact', block }, vectors, rootStream(1));
    const { rows, squaredDistances } = await index.search(queries, k);
    expect(rows).toEqual(expected.rows);
    expect(squaredDistances).toEqual(expected.squaredDistances);
    index.dispose();
  }
}

function pool(size: number, n: number, value: (row: number, axis: number) => number): Vectors {
  return {
    size,
    values: Float32Array.from({ length: n * size }, (_, i) => value(Math.floor(i / size), i % size)),
  };
}

test('finds what comparing every row finds', async () => {
  const vectors = clusteredPool(300, 7);
  await expectBruteForce(vectors, queriesNear(vectors, 9));
});

test('answers more queries than fit one product', async () => {
  const vectors = clusteredPool(100, 3);
  await expectBruteForce(vectors, queriesNear(vectors, 150), 2, [64]);
});

test('orders duplicates by row', async () => {
  // Ten different rows, thirty times over.
  const vectors = pool(3, 300, (row, axis) => (row % 10) * (axis + 1));
  await expectBruteForce(vectors, Float32Array.of(0, 0, 0, 9, 18, 27, 4, 8, 12.5), 40);
});

test('finds neighbours on a line, in one dimension, and where rows do not vary at all', async () => {
  const line = pool(4, 200, (row, axis) => row * 0.25 * (axis - 1));
  await expectBruteForce(line, Float32Array.of(-1, 0, 1, 2, -50, 0, 50, 100), 6);
  const axis = pool(1, 200, (row) => ((row * 37) % 200) - 100);
  await expectBruteForce(axis, Float32Array.of(0.5, 1000, -3), 6);
  const constant = pool(5, 100, () => 0.1);
  await expectBruteForce(constant, Float32Array.of(0, 0, 0, 0, 0, 0.1, 0.1, 0.1, 0.1, 0.1), 6);
});

test('loses nothing to cancellation: offset 10^4, differences of 10^-2', async () => {
  // Multiples of 2^-10, the spacing of float32 at 10^4, so that float64 distances are exact.
  const stream = rootStream(4);
  const values = () => 1e4 + stream.integer(20) / 1024;
  const near = pool(6, 250, values);
  await expectBruteForce(near, pool(6, 5, values).values);
  // A second offset, so that no common mean can be taken away from both.
  const two = pool(6, 250, (row) => (row % 2 === 0 ? values() : -values()));
  await expectBruteForce(two, pool(6, 5, (row) => (row % 2 === 0 ? values() : -values())).values);
});

test('finds neighbours among numbers whose products float32 cannot hold', async () => {
  const stream = rootStream(5);
  const huge = pool(3, 100, () => 1e25 * stream.normal());
  await expectBruteForce(huge, huge.values.slice(0, 9));
  const tiny = pool(3, 100, () => 1e-30 * stream.normal());
  await expectBruteForce(tiny, tiny.values.slice(0, 9));
  const mixed = pool(3, 100, (row) => (row === 50 ? 1e30 : stream.normal()));
  await expectBruteForce(mixed, mixed.values.slice(147, 156));
});

test('finds what is left after rows are removed, few of a block, most, or all', async () => {
  const vectors = clusteredPool(300, 4);
  const queries = queriesNear(vectors, 6);
  const index = await buildIndex({ kind: 'exact', block: 100 }, vectors, rootStream(1));
  const removed = new Set<number>();
  for (const rows of [
    [250],
    [3, 4, 5],
    Array.from({ length: 90 }, (_, i) => 100 + i),
    [...range(190, 200)],
  ]) {
    index.remove(rows);
    for (const row of rows) removed.add(row);
    expect(index.count).toBe(300 - removed.size);
    const expected = bruteForce(vectors, queries, 5, removed);
    expect(await index.search(queries, 5)).toMatchObject(expected);
  }
  index.dispose();
});

test('compares few rows one by one', async () => {
  const vectors = clusteredPool(20_000, 10);
  const live = new LiveRows(20_000);
  const searcher = new ExactSearcher({ kind: 'exact', block: 4096 }, { vectors, live }, 0);
  const lists = new NearestLists(5, 3);
  await searcher.search(queriesNear(vectors, 5), lists);
  for (const compared of lists.compared) {
    expect(compared).toBeGreaterThanOrEqual(3);
    expect(compared).toBeLessThan(1000);
  }
  searcher.dispose();
});

describe.each(presentBackends)('on %s', (backend) => {
  test('finds what comparing every row finds', async () => {
    await selectBackend(backend);
    const vectors = clusteredPool(640, 9);
    await expectBruteForce(vectors, queriesNear(vectors, 5), 10, [320]);
    const stream = rootStream(6);
    const near = pool(9, 640, () => 1e4 + stream.integer(20) / 1024);
    await expectBruteForce(near, near.values.slice(0, 45), 10, [320]);
  });

  test('leaves no tensor behind', async () => {
    await selectBackend(backend);
    const vectors = clusteredPool(640, 9);
    // The first index on a backend measures its products, which is remembered as a number.
    (await buildIndex({ kind: 'exact', block: 320 }, vectors, rootStream(1))).dispose();
    const before = tf.memory().numTensors;
    const index = await buildIndex({ kind: 'exact', block: 320 }, vectors, rootStream(1));
    const built = tf.memory().numTensors;
    await index.search(queriesNear(vectors, 70), 4);
    index.remove(range(0, 50));
    await index.search(queriesNear(vectors, 3), 4);
    expect(tf.memory().numTensors).toBe(built);
    index.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

function* range(from: number, to: number) {
  for (let row = from; row < to; row++) yield row;
}
