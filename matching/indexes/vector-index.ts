/**
 * What every index of vectors can do, and what it answers.
 *
 * Distances are squared Euclidean, computed in float64 from the float32 vectors; equal distances are ordered by row.
 * Row numbers are positions among the vectors the index was built from, and stay so whatever is removed.
 */
import { checkInteger } from '../../src/shapes.ts';

/** Rows of one length, one after another: `[n, size]`. */
export interface Vectors {
  /** `n * size` finite numbers, row by row. An index keeps them and does not copy: they must not change. */
  readonly values: Float32Array;
  /** Length of a row, at least 1. */
  readonly size: number;
}

/** What a search found. */
export interface Neighbours {
  readonly k: number;
  /** `[queries, k]`, nearest first; -1 where fewer than k rows are left. */
  readonly rows: Int32Array;
  /** `[queries, k]`, ascending; Infinity where there is no row. */
  readonly squaredDistances: Float64Array;
  /** `[queries]`: the rows whose distance was computed one by one, in float64. A measure of work. */
  readonly compared: Int32Array;
}

/** Finds the nearest of a pool's vectors. */
export interface VectorIndex {
  readonly kind: 'exact' | 'hnsw' | 'lsh-forest';
  /** Length of a vector. */
  readonly size: number;
  /** Rows that a search can return: those built with, less those removed. */
  readonly count: number;
  /**
   * The k nearest rows of each query, or all that are left if fewer.
   *
   * @param queries `[queries, size]`, row by row
   * @throws RangeError if `queries` is not whole rows of finite numbers, or `k` no integer of at least 1
   */
  search(queries: Float32Array, k: number): Promise<Neighbours>;
  /**
   * Takes rows out: no later search returns them. All or, on an error, none.
   *
   * @throws RangeError for a row that is not there, not there any more, or named twice
   * @throws Error while a search or a save is running
   */
  remove(rows: Iterable<number>): void;
  /**
   * Writes the index, without its vectors, to a folder that is made if need be. A kill leaves what was there before or
   * the new index, never a mixture.
   */
  save(dir: string): Promise<void>;
  /** Frees what the index holds outside JavaScript. Searches are errors afterwards. */
  dispose(): void;
}

/**
 * The number of rows.
 *
 * @throws RangeError unless there is at least one, all are whole, and every number is finite
 */
export function checkVectors(name: string, { values, size }: Vectors): number {
  checkInteger(`${name}.size`, size, 1);
  const rows = checkRows(name, values, size);
  if (rows === 0) throw new RangeError(`${name}: expected at least one row, got none`);
  return rows;
}

/**
 * The number of rows, which may be none.
 *
 * @throws RangeError unless all are whole and every number is finite
 */
export function checkRows(name: string, values: Float32Array, size: number): number {
  if (values.length % size !== 0) {
    throw new RangeError(`${name}: expected rows of ${size} numbers, got ${values.length} numbers`);
  }
  for (let at = 0; at < values.length; at++) {
    if (!Number.isFinite(values[at])) {
      throw new RangeError(
        `${name}: expected finite numbers, got ${values[at]} in row ${Math.floor(at / size)}`,
      );
    }
  }
  return values.length / size;
}

/** `|a - b|^2` in float64, of two rows that start at the given positions. */
export function squaredDistance(
  a: Float32Array,
  aStart: number,
  b: Float32Array,
  bStart: number,
  size: number,
): number {
  let sum = 0;
  for (let axis = 0; axis < size; axis++) {
    const difference = (a[aStart + axis] as number) - (b[bStart + axis] as number);
    sum += difference * difference;
  }
  return sum;
}
