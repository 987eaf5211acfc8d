/**
 * Approximate nearest neighbours by a graph of near rows, walked from a fixed entry towards the query.
 *
 * Source: Malkov and Yashunin 2018, Algorithms 1 to 5, as hnswlib computes them.
 * Differs: the nearest that the walk has kept, twice as many as asked for, are compared again in float64, so near ties come
 * in order; and where the graph leaves rows unreachable, as among many equal rows, what is missing is found by comparing
 * all rows.
 */
import { setImmediate } from 'node:timers/promises';
import type { Stream } from '../../src/random.ts';
import { createHnswGraph, type HnswGraph } from '../hnsw.ts';
import type { HnswConfig } from './config.ts';
import type { NearestLists } from './nearest-lists.ts';
import type { SearchedPool, Searcher } from './searcher.ts';
import { squaredDistance } from './vector-index.ts';

/** Of what a walk keeps, this many times k are compared again: all of them would cost half as much as the walk. */
const COMPARED_AGAIN = 2;
/** Rows linked between two looks at the event loop, so that an interrupt is answered: some 100 ms. */
const ROWS_AT_ONCE = 256;

/**
 * Links every row into a graph. Rows are handed over one by one; the graph holds a copy of its own, outside JavaScript:
 * about `4 size + 8 m + 30` bytes a row.
 *
 * @param stream its seed decides the rows' levels
 * @throws Error if hnswlib-node cannot be loaded
 */
export async function buildHnsw(
  config: HnswConfig,
  pool: SearchedPool,
  stream: Stream,
): Promise<HnswSearcher> {
  const { values, size } = pool.vectors;
  const graph = await createHnswGraph(size);
  graph.initIndex({
    maxElements: pool.live.total,
    m: config.m,
    efConstruction: config.efConstruction,
    randomSeed: stream.seed(),
  });
  for (let row = 0; row < pool.live.total; row++) {
    if (row % ROWS_AT_ONCE === 0) await setImmediate();
    graph.addPoint(Array.from(values.subarray(row * size, (row + 1) * size)), row);
  }
  return new HnswSearcher(config, pool, graph);
}

/**
 * The graph from a file of {@link HnswSearcher.write}, in which the rows removed are marked already.
 *
 * @throws Error if hnswlib-node cannot be loaded or the file is not its
 */
export async function readHnsw(config: HnswConfig, pool: SearchedPool, file: string): Promise<HnswSearcher> {
  const graph = await createHnswGraph(pool.vectors.size);
  await graph.readIndex(file);
  return new HnswSearcher(config, pool, graph);
}

/** Finds most of the nearest rows in time that grows with the logarithm of the pool. */
export class HnswSearcher implements Searcher {
  readonly #pool: SearchedPool;
  #graph: HnswGraph | undefined;
  readonly #efSearch: number;

  constructor({ efSearch }: HnswConfig, pool: SearchedPool, graph: HnswGraph) {
    this.#pool = pool;
    this.#graph = graph;
    this.#efSearch = efSearch;
    graph.setEf(efSearch);
  }

  async search(queries: Float32Array, lists: NearestLists): Promise<void> {
    const { live, vectors } = this.#pool;
    const { size } = vectors;
    // hnswlib refuses to be asked for more than there is.
    const kept = Math.min(COMPARED_AGAIN * lists.k, Math.max(this.#efSearch, lists.k), live.count);
    for (let query = 0; query < lists.queries; query++) {
      const point = Array.from(queries.subarray(query * size, (query + 1) * size));
      const found = this.#opened().searchKnn(point, kept).neighbors;
      for (const row of found) this.#compare(queries, query, row, lists);
      if (found.length < Math.min(lists.k, live.count)) this.#compareOthers(queries, query, found, lists);
    }
  }

  forget(rows: readonly number[]): void {
    for (const row of rows) this.#opened().markDelete(row);
  }

  async write(file: string): Promise<void> {
    await this.#opened().writeIndex(file);
  }

  /** The graph's memory goes with the object, when it is collected. */
  dispose(): void {
    this.#graph = undefined;
  }

  #opened(): HnswGraph {
    if (this.#graph === undefined)
      throw new Error('HnswSearcher: expected an open graph, got a disposed one');
    return this.#graph;
  }

  #compareOthers(
    queries: Float32Array,
    query: number,
    compared: readonly number[],
    lists: NearestLists,
  ): void {
    const { live } = this.#pool;
    const done = new Set(compared);
    for (let row = 0; row < live.total; row++) {
      if (!live.isRemoved(row) && !done.has(row)) this.#compare(queries, query, row, lists);
    }
  }

  #compare(queries: Float32Array, query: number, row: number, lists: NearestLists): void {
    const { values, size } = this.#pool.vectors;
    lists.offer(query, row, squaredDistance(queries, query * size, values, row * size, size));
    lists.compared[query] = (lists.compared[query] as number) + 1;
  }
}
