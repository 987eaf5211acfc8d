import { beforeAll, describe, expect, test } from 'vitest';
import { createHnswGraph } from '../../../matching/hnsw.ts';
import { buildIndex } from '../../../matching/indexes/build.ts';
import { HnswConfig } from '../../../matching/indexes/config.ts';
import { buildHnsw, HnswSearcher } from '../../../matching/indexes/hnsw-index.ts';
import { LiveRows } from '../../../matching/indexes/live-rows.ts';
import { NearestLists } from '../../../matching/indexes/nearest-lists.ts';
import { recallOnPool, recallOnQueries } from '../../../matching/indexes/recall.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { rootStream } from '../../../src/random.ts';
import { hasHnsw } from './kinds.ts';
import { bruteForce, clusteredPool, queriesNear } from './pools.ts';

beforeAll(async () => {
  await selectBackend('wasm');
});

describe.skipIf(!hasHnsw)('an hnsw index', () => {
  test('finds nearly all of the ten nearest, more of them with a longer list of candidates', async () => {
    const vectors = clusteredPool(2000, 16);
    const exact = await buildIndex({ kind: 'exact', block: 1024 }, vectors, rootStream(1));
    const recallOf = async (efSearch: number) => {
      const config = HnswConfig.parse({ kind: 'hnsw', efConstruction: 60, efSearch });
      const index = await buildIndex(config, vectors, rootStream(1));
      const near = await recallOnQueries(index, exact, queriesNear(vectors, 50), 10);
      const own = await recallOnPool(index, exact, vectors, rootStream(4), { rows: 50 });
      index.dispose();
      return [near.recall, own.recall] as const;
    };
    const [near, own] = await recallOf(100);
    expect(near).toBeGreaterThan(0.97);
    expect(own).toBeGreaterThan(0.97);
    expect((await recallOf(1))[0]).toBeLessThan(near);
    exact.dispose();
  });

  test('compares the nearest of what the walk kept, not the pool', async () => {
    const vectors = clusteredPool(2000, 8);
    const index = await buildIndex(HnswConfig.parse({ kind: 'hnsw', efSearch: 30 }), vectors, rootStream(1));
    const { compared } = await index.search(queriesNear(vectors, 3), 5);
    expect([...compared]).toEqual([10, 10, 10]);
    index.dispose();
  });

  test('finds by comparing all rows what the graph does not reach', async () => {
    const vectors = clusteredPool(40, 3);
    const queries = queriesNear(vectors, 2);
    // A graph of the first ten rows alone: to it the other thirty are out of reach.
    const graph = await createHnswGraph(3);
    graph.initIndex({ maxElements: 40, m: 16, efConstruction: 200, randomSeed: 1 });
    for (let row = 0; row < 10; row++) graph.addPoint([...vectors.values.slice(3 * row, 3 * row + 3)], row);
    const pool = { vectors, live: new LiveRows(40) };
    const searcher = new HnswSearcher(HnswConfig.parse({ kind: 'hnsw' }), pool, graph);
    const lists = new NearestLists(2, 12);
    await searcher.search(queries, lists);
    expect(lists.finish()).toMatchObject(bruteForce(vectors, queries, 12));
  });

  test('draws its levels from the stream', async () => {
    const vectors = clusteredPool(1500, 12);
    const queries = queriesNear(vectors, 40);
    const rowsFound = async (seed: number) => {
      const pool = { vectors, live: new LiveRows(1500) };
      const config = HnswConfig.parse({ kind: 'hnsw', m: 3, efConstruction: 5, efSearch: 1 });
      const searcher = await buildHnsw(config, pool, rootStream(seed));
      const lists = new NearestLists(40, 1);
      await searcher.search(queries, lists);
      return lists.finish().rows;
    };
    expect(await rowsFound(1)).toEqual(await rowsFound(1));
    expect(await rowsFound(2)).not.toEqual(await rowsFound(1));
  });
});
