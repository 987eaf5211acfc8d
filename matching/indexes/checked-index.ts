/**
 * What all indexes share: checks of what they are given, the rows that are left, and saving.
 */
import { checkInteger } from '../../src/shapes.ts';
import type { IndexConfig } from './config.ts';
import { writeIndexFolder } from './index-folder.ts';
import { NearestLists } from './nearest-lists.ts';
import type { SearchedPool, Searcher } from './searcher.ts';
import { checkRows, type Neighbours, type VectorIndex } from './vector-index.ts';

/** A searcher behind checks. */
export class CheckedIndex implements VectorIndex {
  readonly size: number;
  readonly kind: IndexConfig['kind'];
  readonly #config: IndexConfig;
  readonly #pool: SearchedPool;
  readonly #searcher: Searcher;
  #running = 0;
  #isDisposed = false;

  constructor(config: IndexConfig, pool: SearchedPool, searcher: Searcher) {
    this.kind = config.kind;
    this.size = pool.vectors.size;
    this.#config = config;
    this.#pool = pool;
    this.#searcher = searcher;
  }

  get count(): number {
    return this.#pool.live.count;
  }

  search(queries: Float32Array, k: number): Promise<Neighbours> {
    return this.#while('search', async () => {
      checkInteger('VectorIndex.search.k', k, 1);
      const lists = new NearestLists(checkRows('VectorIndex.search.queries', queries, this.size), k);
      if (lists.queries > 0 && this.count > 0) await this.#searcher.search(queries, lists);
      return lists.finish();
    });
  }

  remove(rows: Iterable<number>): void {
    this.#checkIdle('remove');
    const list = [...rows];
    this.#pool.live.remove('VectorIndex.remove.rows', list);
    this.#searcher.forget(list);
  }

  save(dir: string): Promise<void> {
    return this.#while('save', () => writeIndexFolder(dir, this.#config, this.#pool, this.#searcher));
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#checkIdle('dispose');
    this.#isDisposed = true;
    this.#searcher.dispose();
  }

  async #while<T>(name: string, action: () => Promise<T>): Promise<T> {
    this.#checkOpen(name);
    this.#running++;
    try {
      return await action();
    } finally {
      this.#running--;
    }
  }

  #checkIdle(name: string): void {
    this.#checkOpen(name);
    if (this.#running > 0) {
      throw new Error(`VectorIndex.${name}: expected no search or save to be running, got one`);
    }
  }

  #checkOpen(name: string): void {
    if (this.#isDisposed) throw new Error(`VectorIndex.${name}: expected an open index, got a disposed one`);
  }
}
