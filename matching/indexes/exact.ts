/**
 * Exact nearest neighbours: every row is compared by a matrix product, and the few that may be among the nearest
 * again in float64.
 *
 * With everything relative to the pool's mean, `|q - v|^2 = |q|^2 - 2 s` where `s = q.v - |v|^2 / 2` is one product of
 * the rows `(q, -1)` and the columns `(v, |v|^2 / 2)`. The backend computes `s` in blocks and returns only the largest
 * of every 32 rows. Those 32 are compared in float64 unless the bound of the product's rounding shows that none of them
 * is nearer than the k-th so far. So the answer is that of float64 arithmetic for every pool, however much float32 loses.
 */
import * as tf from '@tensorflow/tfjs';
import type { ExactConfig } from './config.ts';
import { meanRow } from './mean-row.ts';
import { NearestLists } from './nearest-lists.ts';
import { factorError, productError } from './product-precision.ts';
import type { SearchedPool, Searcher } from './searcher.ts';
import { squaredDistance } from './vector-index.ts';

/** Rows whose largest score is looked at: measured, 16 cost the backend more and 64 more comparisons. */
const GROUP = 32;
/** Queries in one product, so that memory does not grow with their number. */
const QUERIES_AT_ONCE = 64;
/** Where a score would be, of rows that must not be found. No float32 product comes near, and none overflows. */
const NEVER = 3e38;
/** Unit roundoff of float64. */
const ROUNDOFF = 2 ** -53;

/** Rows `[start, end)` on the backend. */
interface Block {
  readonly start: number;
  readonly end: number;
  /** `[size + 1, groups * GROUP]`: a column a row, relative to the mean, with half its squared length below. */
  columns: tf.Tensor2D;
  /** The largest length of a row, relative to the mean. */
  longest: number;
  /** Rows removed since the columns were made. */
  removed: number;
}

/** Queries relative to the mean, of one product. */
interface QueryRows {
  readonly first: number;
  readonly count: number;
  /** `[count, size + 1]`, the last column -1. */
  readonly rows: tf.Tensor2D;
  /** `[count]`, float64. */
  readonly lengths: Float64Array;
}

/**
 * Copies the pool to the backend, `4 (size + 1)` bytes a row, for {@link ExactSearcher}.
 *
 * The backend in use now must be the one in use at every search.
 */
export async function buildExact(config: ExactConfig, pool: SearchedPool): Promise<ExactSearcher> {
  return new ExactSearcher(config, pool, await factorError());
}

/** Finds the true nearest rows in time linear in the pool; extra memory of a search is that of one block. */
export class ExactSearcher implements Searcher {
  readonly #pool: SearchedPool;
  readonly #mean: Float64Array;
  readonly #factorError: number;
  readonly #blockRows: number;
  readonly #blocks: Block[] = [];

  constructor({ block }: ExactConfig, pool: SearchedPool, productFactorError: number) {
    this.#pool = pool;
    this.#mean = meanRow(pool.vectors);
    this.#factorError = productFactorError;
    this.#blockRows = block;
    for (let start = 0; start < pool.live.total; start += block) {
      const end = Math.min(start + block, pool.live.total);
      this.#blocks.push({ start, end, ...this.#columns(start, end), removed: 0 });
    }
  }

  async search(queries: Float32Array, lists: NearestLists): Promise<void> {
    for (let first = 0; first < lists.queries; first += QUERIES_AT_ONCE) {
      const chunk = this.#queryRows(queries, first, Math.min(QUERIES_AT_ONCE, lists.queries - first));
      try {
        for (const block of this.#blocks) {
          const best = await this.#bestOfGroups(chunk, block);
          for (let at = 0; at < chunk.count; at++) this.#refine(queries, chunk, at, block, best, lists);
        }
      } finally {
        chunk.rows.dispose();
      }
    }
  }

  forget(rows: readonly number[]): void {
    const touched = new Set<Block>();
    for (const row of rows) {
      const block = this.#blocks[Math.floor(row / this.#blockRows)] as Block;
      block.removed++;
      touched.add(block);
    }
    for (const block of touched) {
      // A removed row costs a needless comparison of its group; a sixteenth of them is worth a new copy.
      if (block.removed * 16 < block.end - block.start) continue;
      block.columns.dispose();
      Object.assign(block, this.#columns(block.start, block.end), { removed: 0 });
    }
  }

  dispose(): void {
    for (const { columns } of this.#blocks) columns.dispose();
    this.#blocks.length = 0;
  }

  #columns(start: number, end: number): Pick<Block, 'columns' | 'longest'> {
    const { vectors, live } = this.#pool;
    const { values, size } = vectors;
    const width = Math.ceil((end - start) / GROUP) * GROUP;
    const columns = new Float32Array((size + 1) * width);
    const halves = columns.subarray(size * width).fill(NEVER);
    let longest = 0;
    for (let row = start; row < end; row++) {
      if (live.isRemoved(row)) continue;
      let squared = 0;
      for (let axis = 0; axis < size; axis++) {
        const value = (values[row * size + axis] as number) - (this.#mean[axis] as number);
        columns[axis * width + row - start] = value;
        squared += value * value;
      }
      halves[row - start] = squared / 2;
      longest = Math.max(longest, Math.sqrt(squared));
    }
    return { columns: tf.tensor2d(columns, [size + 1, width]), longest };
  }

  #queryRows(queries: Float32Array, first: number, count: number): QueryRows {
    const { size } = this.#pool.vectors;
    const rows = new Float32Array(count * (size + 1)).fill(-1);
    const lengths = new Float64Array(count);
    for (let at = 0; at < count; at++) {
      let squared = 0;
      for (let axis = 0; axis < size; axis++) {
        const value = (queries[(first + at) * size + axis] as number) - (this.#mean[axis] as number);
        rows[at * (size + 1) + axis] = value;
        squared += value * value;
      }
      lengths[at] = Math.sqrt(squared);
    }
    return { first, count, rows: tf.tensor2d(rows, [count, size + 1]), lengths };
  }

  /** The largest score of each group of rows: `[count, groups]`. */
  async #bestOfGroups({ rows, count }: QueryRows, { columns }: Block): Promise<Float32Array> {
    const best = tf.tidy(() => tf.max(tf.reshape(tf.matMul(rows, columns), [count, -1, GROUP]), 2));
    try {
      return (await best.data()) as Float32Array;
    } finally {
      best.dispose();
    }
  }

  /** Compares, for one query, the rows of every group whose best score may belong to a row near enough. */
  #refine(
    queries: Float32Array,
    chunk: QueryRows,
    at: number,
    block: Block,
    best: Float32Array,
    lists: NearestLists,
  ): void {
    const query = chunk.first + at;
    const length = chunk.lengths[at] as number;
    const groups = best.length / chunk.count;
    const scores = best.subarray(at * groups, (at + 1) * groups);
    const error = this.#scoreError(length, block.longest);
    const leastScore = (): number => scoreAt(lists.worst(query), length, error, this.#pool.vectors.size);
    const visited = new Set<number>();
    // The best groups first, or the whole first block would be compared for want of a k-th distance.
    if (lists.held(query) < lists.k) {
      for (const group of bestGroups(scores, Math.min(lists.k, groups))) {
        this.#compareGroup(queries, query, block, group, lists);
        visited.add(group);
      }
    }
    let least = leastScore();
    for (let group = 0; group < groups; group++) {
      // Written so that NaN, of a product that overflowed, is compared too.
      if ((scores[group] as number) < least || visited.has(group)) continue;
      this.#compareGroup(queries, query, block, group, lists);
      least = leastScore();
    }
  }

  #compareGroup(
    queries: Float32Array,
    query: number,
    block: Block,
    group: number,
    lists: NearestLists,
  ): void {
    const { vectors, live } = this.#pool;
    const { values, size } = vectors;
    const first = block.start + group * GROUP;
    const end = Math.min(first + GROUP, block.end);
    for (let row = first; row < end; row++) {
      if (live.isRemoved(row)) continue;
      lists.offer(query, row, squaredDistance(queries, query * size, values, row * size, size));
      lists.compared[query] = (lists.compared[query] as number) + 1;
    }
  }

  /** The most by which a score of the backend can be off, for a query and rows of at most these lengths. */
  #scoreError(query: number, row: number): number {
    return productError({
      terms: this.#pool.vectors.size + 1,
      magnitude: query * row + (row * row) / 2,
      scale: 1 + query + row,
      factorError: this.#factorError,
    });
  }
}

/** The least score that a row at most this far away can have on the backend. */
function scoreAt(squared: number, length: number, error: number, size: number): number {
  if (squared === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  const slack = (size + 8) * ROUNDOFF * (length * length + squared);
  return (length * length - squared) / 2 - error - slack;
}

/** The groups with the largest scores, best first. */
function bestGroups(scores: Float32Array, count: number): Int32Array {
  const lists = new NearestLists(1, count);
  for (const [group, score] of scores.entries()) {
    lists.offer(0, group, Number.isNaN(score) ? Number.POSITIVE_INFINITY : -score);
  }
  return lists.finish().rows;
}
