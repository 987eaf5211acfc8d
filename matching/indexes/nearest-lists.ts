/**
 * The k best rows seen so far for each of several queries.
 *
 * Each list is a binary heap with its worst row on top, so most offers cost one comparison and nothing is ever sorted
 * but the k rows that stay.
 */
import type { Neighbours } from './vector-index.ts';

/** Keeps the k rows with the smallest (distance, row) of all that are offered. A row may be offered once. */
export class NearestLists {
  readonly queries: number;
  readonly k: number;
  /** `[queries]`: how often something was compared, for {@link Neighbours}; whoever computes a distance adds to it. */
  readonly compared: Int32Array;
  readonly #rows: Int32Array;
  readonly #distances: Float64Array;
  readonly #held: Int32Array;

  constructor(queries: number, k: number) {
    this.queries = queries;
    this.k = k;
    this.compared = new Int32Array(queries);
    this.#rows = new Int32Array(queries * k).fill(-1);
    this.#distances = new Float64Array(queries * k).fill(Number.POSITIVE_INFINITY);
    this.#held = new Int32Array(queries);
  }

  /** Rows in a query's list, at most k. */
  held(query: number): number {
    return this.#held[query] as number;
  }

  /** The largest distance in a full list: a row farther than this is of no use. Infinity while it is not full. */
  worst(query: number): number {
    return this.#held[query] === this.k
      ? (this.#distances[query * this.k] as number)
      : Number.POSITIVE_INFINITY;
  }

  offer(query: number, row: number, distance: number): void {
    const base = query * this.k;
    const held = this.#held[query] as number;
    if (held < this.k) {
      this.#held[query] = held + 1;
      this.#rise(base, held, row, distance);
    } else if (this.#isWorse(base, row, distance)) {
      this.#sink(base, held, row, distance);
    }
  }

  /** Everything in order, nearest first. Ends the use of these lists. */
  finish(): Neighbours {
    for (let query = 0; query < this.queries; query++) {
      const base = query * this.k;
      for (let last = this.held(query) - 1; last > 0; last--) {
        const row = this.#rows[base + last] as number;
        const distance = this.#distances[base + last] as number;
        this.#put(base + last, this.#rows[base] as number, this.#distances[base] as number);
        this.#sink(base, last, row, distance);
      }
    }
    return { k: this.k, rows: this.#rows, squaredDistances: this.#distances, compared: this.compared };
  }

  /** Whether the row at `place` is behind the given one. */
  #isWorse(place: number, row: number, distance: number): boolean {
    const other = this.#distances[place] as number;
    return other > distance || (other === distance && (this.#rows[place] as number) > row);
  }

  /** Puts a row into the heap from its free place `at` upwards. */
  #rise(base: number, at: number, row: number, distance: number): void {
    let hole = at;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (this.#isWorse(base + parent, row, distance)) break;
      this.#copy(base + parent, base + hole);
      hole = parent;
    }
    this.#put(base + hole, row, distance);
  }

  /** Puts a row into the heap of `held` places from its top downwards, over what is there. */
  #sink(base: number, held: number, row: number, distance: number): void {
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= held) break;
      const right = base + child + 1;
      if (child + 1 < held && !this.#isBehind(base + child, right)) child++;
      if (!this.#isWorse(base + child, row, distance)) break;
      this.#copy(base + child, base + hole);
      hole = child;
    }
    this.#put(base + hole, row, distance);
  }

  #isBehind(place: number, other: number): boolean {
    return this.#isWorse(place, this.#rows[other] as number, this.#distances[other] as number);
  }

  #copy(from: number, to: number): void {
    this.#put(to, this.#rows[from] as number, this.#distances[from] as number);
  }

  #put(place: number, row: number, distance: number): void {
    this.#rows[place] = row;
    this.#distances[place] = distance;
  }
}
