/**
 * The pool as matching sees it: an index over feature vectors, and which row of the pool each of them belongs to.
 */
import type { Stream } from '../src/random.ts';
import type { PoolIndex } from '../src/shapes.ts';
import { buildIndex } from './indexes/build.ts';
import { IndexConfig } from './indexes/config.ts';
import { type Recall, recallOnPool } from './indexes/recall.ts';
import type { Neighbours, VectorIndex, Vectors } from './indexes/vector-index.ts';

/** A pool image near a query. */
export interface Neighbour {
  readonly row: PoolIndex;
  /** Euclidean, between feature vectors. */
  readonly distance: number;
}

/** Rows of the pool that can be found by their features. It shrinks as rows are labelled. */
export class MatchIndex {
  /** The rows it was built over; those labelled since are among them. */
  readonly rows: readonly PoolIndex[];
  readonly #index: VectorIndex;
  readonly #vectors: Vectors;
  readonly #isLeft: Uint8Array;

  /**
   * @param index of `vectors`, nothing removed; it becomes this object's, and is disposed with it
   * @param rows the row of the pool of each vector, ascending
   */
  constructor(index: VectorIndex, vectors: Vectors, rows: readonly PoolIndex[]) {
    if (index.count !== rows.length || vectors.values.length !== rows.length * vectors.size) {
      throw new RangeError(
        `MatchIndex.rows: expected a row for each of ${index.count} vectors, got ${rows.length} rows`,
      );
    }
    const fault = rows.findIndex((row, place) => place > 0 && row <= (rows[place - 1] as number));
    if (fault >= 0) {
      throw new RangeError(
        `MatchIndex.rows: expected ascending rows, got ${rows[fault]} after ${rows[fault - 1]}`,
      );
    }
    this.rows = rows;
    this.#index = index;
    this.#vectors = vectors;
    this.#isLeft = new Uint8Array(rows.length).fill(1);
  }

  /** Values a vector. */
  get size(): number {
    return this.#index.size;
  }

  /** Rows that can be found. */
  get count(): number {
    return this.#index.count;
  }

  /** The rows that can be found, ascending. */
  get candidates(): PoolIndex[] {
    return this.rows.filter((_, place) => this.#isLeft[place] === 1);
  }

  /**
   * Lets only these rows be found from now on: the unlabelled part of the pool, which only ever shrinks.
   *
   * Takes time linear in their number, some milliseconds for a million of them in ascending order.
   *
   * @throws RangeError, and nothing changes, if one was not indexed, has been removed before, or is named twice
   */
  keep(candidates: readonly PoolIndex[]): void {
    const kept = new Uint8Array(this.rows.length);
    let next = 0;
    for (const row of candidates) {
      const place = this.#placeOf(row, next);
      if (place === undefined || this.#isLeft[place] === 0 || kept[place] === 1) {
        const fault =
          place === undefined
            ? 'was not indexed'
            : kept[place] === 1
              ? 'is named twice'
              : 'was removed before';
        throw new RangeError(
          `MatchIndex.keep.candidates: expected different rows of the index, got ${row}, which ${fault}`,
        );
      }
      kept[place] = 1;
      next = place + 1;
    }
    const gone: number[] = [];
    for (let place = 0; place < kept.length; place++) {
      if (this.#isLeft[place] === 1 && kept[place] === 0) gone.push(place);
    }
    if (gone.length > 0) this.#index.remove(gone);
    this.#isLeft.set(kept);
  }

  /**
   * The k nearest rows of each query, nearest first, equal ones by row; all that are left if there are fewer.
   *
   * @param queries `[queries, size]`, finite
   */
  async search(queries: Float32Array, k: number): Promise<Neighbour[][]> {
    const found = await this.#index.search(queries, k);
    return Array.from({ length: queries.length / this.size }, (_, query) => this.#listOf(found, query));
  }

  /** Feature vectors `[rows, size]` of indexed rows, labelled or not. RangeError for a row that was not indexed. */
  vectorsOf(rows: readonly PoolIndex[]): Float32Array {
    const { values, size } = this.#vectors;
    const gathered = new Float32Array(rows.length * size);
    rows.forEach((row, at) => {
      const place = this.#placeOf(row, 0);
      if (place === undefined) {
        throw new RangeError(`MatchIndex.vectorsOf.rows: expected indexed rows, got ${row}`);
      }
      gathered.set(values.subarray(place * size, (place + 1) * size), at * size);
    });
    return gathered;
  }

  /**
   * Recall on the indexed rows themselves as {@link recallOnPool} defines it, before any is removed. Needs an exact index
   * of the same vectors while it runs.
   */
  async recall(stream: Stream, options: { readonly k: number; readonly rows: number }): Promise<Recall> {
    const exact = await buildIndex(IndexConfig.parse({ kind: 'exact' }), this.#vectors, stream);
    try {
      return await recallOnPool(this.#index, exact, this.#vectors, stream, options);
    } finally {
      exact.dispose();
    }
  }

  /** Frees the index; searches are errors afterwards. */
  dispose(): void {
    this.#index.dispose();
  }

  /** Where a row stands among {@link rows}; `guess` is looked at first. */
  #placeOf(row: PoolIndex, guess: number): number | undefined {
    if (this.rows[guess] === row) return guess;
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.rows[middle] as number) < row) low = middle + 1;
      else high = middle;
    }
    return this.rows[low] === row ? low : undefined;
  }

  #listOf({ rows, squaredDistances, k }: Neighbours, query: number): Neighbour[] {
    const list: Neighbour[] = [];
    for (let at = query * k; at < (query + 1) * k && rows[at] !== -1; at++) {
      list.push({
        row: this.rows[rows[at] as number] as PoolIndex,
        distance: Math.sqrt(squaredDistances[at] as number),
      });
    }
    return list;
  }
}
