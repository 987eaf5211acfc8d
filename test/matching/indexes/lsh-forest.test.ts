import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { buildIndex } from '../../../matching/indexes/build.ts';
import { type HashPlanes, hashKeys } from '../../../matching/indexes/hash-planes.ts';
import { LiveRows } from '../../../matching/indexes/live-rows.ts';
import { buildLshForest, LshForestSearcher, sortTree } from '../../../matching/indexes/lsh-forest.ts';
import { NearestLists } from '../../../matching/indexes/nearest-lists.ts';
import { recallOnQueries } from '../../../matching/indexes/recall.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { rootStream } from '../../../src/random.ts';
import { clusteredPool, queriesNear } from './pools.ts';

beforeAll(async () => {
  await selectBackend('wasm');
});

test('sorts a tree by key, the highest bit included, equal keys by row', () => {
  const { keys, rows } = sortTree(Uint32Array.of(7, 0xffffffff, 0, 7, 0x80000000, 0));
  expect([...keys]).toEqual([0, 0, 7, 7, 0x80000000, 0xffffffff]);
  expect([...rows]).toEqual([2, 5, 0, 3, 4, 1]);
});

test('hashes to the sides of the planes, a tree after the other, first planes highest', async () => {
  // Planes of tree 0: x > 1 and y > 0; of tree 1: y > 2 and x > 0; all after the mean (10, 20) is taken away.
  const planes: HashPlanes = {
    trees: 2,
    depth: 2,
    mean: Float64Array.of(10, 20),
    normals: Float32Array.of(1, 0, 0, 1, 0, 1, 1, 0),
    thresholds: Float32Array.of(1, 0, 2, 0),
  };
  const keys = await hashKeys(planes, Float32Array.of(12, 19, 10.5, 23, 9, 21));
  expect([...keys].map((key) => key >>> 30)).toEqual([0b10, 0b01, 0b01, 0b01, 0b11, 0b00]);
});

test('gathers the longest common prefixes over all trees, removed rows passed over', async () => {
  // Keys are the signs of four axes, so prefixes can be read off the rows.
  const planes = { trees: 1, depth: 4, mean: new Float64Array(4), thresholds: new Float32Array(4) };
  const normals = Float32Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 1 : 0));
  const signs = ['1111', '1110', '1101', '1011', '0111', '0000', '1100'];
  const values = Float32Array.from(signs.join(''), (sign) => (sign === '1' ? 1 : -1));
  const pool = { vectors: { values, size: 4 }, live: new LiveRows(7) };
  const keys = await hashKeys({ ...planes, normals }, values);
  const searchWith = async (candidates: number) => {
    const config = { kind: 'lsh-forest', trees: 1, depth: 4, candidates } as const;
    const forest = new LshForestSearcher(config, pool, { ...planes, normals }, [sortTree(keys)]);
    const lists = new NearestLists(1, 1);
    // Has the key 1110, and lies beside row 4.
    await forest.search(Float32Array.of(0.1, 0.1, 0.1, -0.1).fill(0.01, 0, 1), lists);
    return [lists.compared[0], forest.lastPlaces, ...lists.finish().rows];
  };
  expect(await searchWith(1)).toEqual([1, 1, 1]);
  pool.live.remove('rows', [1]);
  // One place of the removed row, then 1111, which shares three bits.
  expect(await searchWith(1)).toEqual([1, 2, 0]);
  pool.live.remove('rows', [0, 2, 3, 6]);
  // Nothing left shares a bit, so the search goes on to the root.
  expect(await searchWith(1)).toMatchObject([1, expect.any(Number), expect.any(Number)]);
  expect((await searchWith(2))[2]).toBe(4);
});

test('finds most of the ten nearest, more of them with more candidates', async () => {
  const vectors = clusteredPool(4000, 16);
  const queries = queriesNear(vectors, 50);
  const exact = await buildIndex({ kind: 'exact', block: 4096 }, vectors, rootStream(1));
  const recalls: number[] = [];
  for (const candidates of [20, 100, 500]) {
    const config = { kind: 'lsh-forest', trees: 10, depth: 32, candidates } as const;
    const index = await buildIndex(config, vectors, rootStream(1));
    recalls.push((await recallOnQueries(index, exact, queries, 10)).recall);
    index.dispose();
  }
  const [few, some, many] = recalls as [number, number, number];
  expect(few).toBeLessThan(some);
  expect(some).toBeLessThan(many);
  expect(some).toBeGreaterThan(0.5);
  expect(many).toBeGreaterThan(0.85);
  exact.dispose();
});

test('looks at far fewer rows than there are, and at hardly more in a pool eight times as large', async () => {
  const places: number[] = [];
  for (const n of [2000, 16_000]) {
    const vectors = clusteredPool(n, 8);
    const pool = { vectors, live: new LiveRows(n) };
    const config = { kind: 'lsh-forest', trees: 6, depth: 32, candidates: 100 } as const;
    const forest = await buildLshForest(config, pool, rootStream(1));
    const lists = new NearestLists(20, 5);
    await forest.search(queriesNear(vectors, 20), lists);
    expect([...lists.compared]).toEqual(Array(20).fill(100));
    places.push(forest.lastPlaces / 20);
  }
  const [small, large] = places as [number, number];
  expect(large).toBeLessThan(16_000 / 20);
  expect(large).toBeLessThan(1.5 * small);
});

test('tells rows of one direction apart by their length', async () => {
  // On a line through the mean, planes through the mean would give all rows of a side the same key.
  const n = 2000;
  const values = Float32Array.from({ length: 2 * n }, (_, i) => (Math.floor(i / 2) - n / 2) * (1 + (i % 2)));
  const config = { kind: 'lsh-forest', trees: 10, depth: 32, candidates: 200 } as const;
  const index = await buildIndex(config, { values, size: 2 }, rootStream(1));
  const { rows } = await index.search(Float32Array.of(700.1, 1400.2, -300.1, -600.2), 1);
  expect([...rows]).toEqual([1700, 700]);
  index.dispose();
});

test('leaves no tensor behind', async () => {
  const vectors = clusteredPool(300, 5);
  const before = tf.memory().numTensors;
  const config = { kind: 'lsh-forest', trees: 3, depth: 16, candidates: 20 } as const;
  const index = await buildIndex(config, vectors, rootStream(1));
  await index.search(queriesNear(vectors, 4), 3);
  index.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
