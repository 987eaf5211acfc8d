/** The part of an index that differs between methods. What they share is in `checked-index.ts`. */
import type { LiveRows } from './live-rows.ts';
import type { NearestLists } from './nearest-lists.ts';
import type { Vectors } from './vector-index.ts';

/** One method of search, over vectors that have been checked. */
export interface Searcher {
  /**
   * Offers the lists rows that are left, each row once, and never fewer than they ask for while there are more.
   *
   * @param queries `[lists.queries, size]`, finite
   */
  search(queries: Float32Array, lists: NearestLists): Promise<void>;
  /** Told of rows that have just been removed. */
  forget(rows: readonly number[]): void;
  /** Writes to a file what cannot be had from config and vectors; absent if there is nothing. */
  write?(file: string): Promise<void>;
  dispose(): void;
}

/** What a searcher is built over: the vectors, and which of them are left, which changes under its feet. */
export interface SearchedPool {
  readonly vectors: Vectors;
  readonly live: LiveRows;
}
