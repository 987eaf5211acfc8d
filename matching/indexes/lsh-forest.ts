/**
 * Approximate nearest neighbours by an LSH forest: rows whose hash keys share a long prefix with the query's.
 *
 * Each tree is a prefix tree over 32-bit keys, kept as the sorted array of its keys: the rows below a node are one
 * stretch of it. A query's place is found by binary search. Then all trees together ascend from the longest prefix, one
 * bit a step, and gather the rows that share it until there are enough; those are compared in float64. The work depends
 * on the number gathered and on the logarithm of the pool, not on the pool.
 *
 * Source: Bawa, Condie and Ganesan 2005, "LSH Forest: Self-Tuning Indexes for Similarity Search", section 3
 * (synchronous ascent). Differs: gathering stops within a level as soon as there are enough.
 */
import { open } from 'node:fs/promises';
import { endianness } from 'node:os';
import type { Stream } from '../../src/random.ts';
import type { LshForestConfig } from './config.ts';
import { drawPlanes, type HashPlanes, hashKeys } from './hash-planes.ts';
import type { NearestLists } from './nearest-lists.ts';
import type { SearchedPool, Searcher } from './searcher.ts';
import { squaredDistance } from './vector-index.ts';

/** A prefix tree: its keys ascending, rows with equal keys ascending, 8 bytes a row. */
export interface PrefixTree {
  readonly keys: Uint32Array;
  readonly rows: Uint32Array;
}

/** Hashes every row and sorts the trees. Takes `8 trees + 4` bytes a row; while it is built, `4 trees + 8` more. */
export async function buildLshForest(
  config: LshForestConfig,
  pool: SearchedPool,
  stream: Stream,
): Promise<LshForestSearcher> {
  const planes = drawPlanes(config.trees, config.depth, pool.vectors, stream);
  const keys = await hashKeys(planes, pool.vectors.values);
  const n = pool.live.total;
  const trees = Array.from({ length: config.trees }, (_, tree) =>
    sortTree(keys.subarray(tree * n, (tree + 1) * n)),
  );
  return new LshForestSearcher(config, pool, planes, trees);
}

/**
 * The forest from a file of {@link LshForestSearcher.write}.
 *
 * @throws RangeError if the file is shorter than this config and pool make it
 */
export async function readLshForest(
  config: LshForestConfig,
  pool: SearchedPool,
  file: string,
): Promise<LshForestSearcher> {
  const { size } = pool.vectors;
  const n = pool.live.total;
  const planes = config.trees * config.depth;
  const handle = await open(file);
  try {
    const read = async <T extends Float64Array | Float32Array | Uint32Array>(part: T): Promise<T> => {
      const { bytesRead } = await handle.read(new Uint8Array(part.buffer));
      if (bytesRead < part.byteLength) {
        throw new RangeError(`${file}: expected ${part.byteLength} more bytes, got ${bytesRead}`);
      }
      return part;
    };
    const mean = await read(new Float64Array(size));
    const normals = await read(new Float32Array(size * planes));
    const thresholds = await read(new Float32Array(planes));
    const trees: PrefixTree[] = [];
    for (let tree = 0; tree < config.trees; tree++) {
      trees.push({ keys: await read(new Uint32Array(n)), rows: await read(new Uint32Array(n)) });
    }
    const hashing = { trees: config.trees, depth: config.depth, mean, normals, thresholds };
    return new LshForestSearcher(config, pool, hashing, trees);
  } finally {
    await handle.close();
  }
}

/** Orders rows by (key, row). */
export function sortTree(keys: Uint32Array): PrefixTree {
  // As one 64-bit number a row, which typed arrays sort without a call for each comparison.
  const pairs = new Uint32Array(2 * keys.length);
  const high = endianness() === 'LE' ? 1 : 0;
  for (let row = 0; row < keys.length; row++) {
    pairs[2 * row + high] = keys[row] as number;
    pairs[2 * row + 1 - high] = row;
  }
  new BigUint64Array(pairs.buffer).sort();
  const tree = { keys: new Uint32Array(keys.length), rows: new Uint32Array(keys.length) };
  for (let at = 0; at < keys.length; at++) {
    tree.keys[at] = pairs[2 * at + high] as number;
    tree.rows[at] = pairs[2 * at + 1 - high] as number;
  }
  return tree;
}

/** Finds many of the nearest rows by comparing a fixed number of them. */
export class LshForestSearcher implements Searcher {
  readonly #pool: SearchedPool;
  readonly #config: LshForestConfig;
  readonly #planes: HashPlanes;
  readonly #trees: readonly PrefixTree[];
  /** The last query that met a row, so that a row in several trees is taken once. 4 bytes a row. */
  readonly #met: Uint32Array;
  #query = 0;
  /** Places of the trees that the last search looked at, over all its queries: its work, beside the comparisons. */
  lastPlaces = 0;

  constructor(config: LshForestConfig, pool: SearchedPool, planes: HashPlanes, trees: readonly PrefixTree[]) {
    this.#config = config;
    this.#pool = pool;
    this.#planes = planes;
    this.#trees = trees;
    this.#met = new Uint32Array(pool.live.total);
  }

  async search(queries: Float32Array, lists: NearestLists): Promise<void> {
    const { live, vectors } = this.#pool;
    const { values, size } = vectors;
    const keys = await hashKeys(this.#planes, queries);
    const wanted = Math.min(Math.max(this.#config.candidates, lists.k), live.count);
    this.lastPlaces = 0;
    for (let query = 0; query < lists.queries; query++) {
      const own = this.#trees.map((_, tree) => keys[tree * lists.queries + query] as number);
      for (const row of this.#gather(own, wanted)) {
        lists.offer(query, row, squaredDistance(queries, query * size, values, row * size, size));
      }
      lists.compared[query] = wanted;
    }
  }

  /** Removed rows stay in the trees and are passed over. */
  forget(): void {}

  /** The planes, then each tree's keys and rows, as they lie in memory. */
  async write(file: string): Promise<void> {
    const { mean, normals, thresholds } = this.#planes;
    const parts = [mean, normals, thresholds, ...this.#trees.flatMap(({ keys, rows }) => [keys, rows])];
    const handle = await open(file, 'w');
    try {
      for (const { buffer, byteOffset, byteLength } of parts) {
        await handle.writeFile(new Uint8Array(buffer, byteOffset, byteLength));
      }
    } finally {
      await handle.close();
    }
  }

  /** Everything is ordinary memory. */
  dispose(): void {}

  /** `wanted` different rows that are left, those with the longest common prefix in any tree first. */
  #gather(keys: readonly number[], wanted: number): number[] {
    if (++this.#query === 2 ** 32) {
      this.#met.fill(0);
      this.#query = 1;
    }
    const gathered: number[] = [];
    const cursors = this.#trees.map((tree, at) => new Cursor(tree, keys[at] as number));
    for (let prefix = this.#config.depth; prefix >= 0; prefix--) {
      // A step of each tree in turn, so that the last level's share does not all come from the first.
      for (let moved = true; moved; ) {
        moved = false;
        for (const cursor of cursors) {
          const row = cursor.next(prefix);
          if (row < 0) continue;
          moved = true;
          this.lastPlaces++;
          if (this.#met[row] === this.#query || this.#pool.live.isRemoved(row)) continue;
          this.#met[row] = this.#query;
          if (gathered.push(row) === wanted) return gathered;
        }
      }
    }
    return gathered;
  }
}

/** Walks a tree outwards from where a key belongs. */
class Cursor {
  readonly #tree: PrefixTree;
  readonly #key: number;
  #left: number;
  #right: number;

  constructor(tree: PrefixTree, key: number) {
    this.#tree = tree;
    this.#key = key;
    this.#right = lowerBound(tree.keys, key);
    this.#left = this.#right - 1;
  }

  /** The next row whose key shares at least `prefix` bits, or -1 if there is no more. */
  next(prefix: number): number {
    const { keys, rows } = this.#tree;
    if (this.#right < keys.length && commonPrefix(keys[this.#right] as number, this.#key) >= prefix) {
      return rows[this.#right++] as number;
    }
    if (this.#left >= 0 && commonPrefix(keys[this.#left] as number, this.#key) >= prefix) {
      return rows[this.#left--] as number;
    }
    return -1;
  }
}

function commonPrefix(a: number, b: number): number {
  return Math.clz32(a ^ b);
}

/** The first place whose key is not below the given one. */
function lowerBound(keys: Uint32Array, key: number): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as number) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
