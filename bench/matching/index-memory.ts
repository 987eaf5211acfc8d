/** Bytes of an index, reckoned from its layout and measured from outside. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { IndexConfig } from '../../matching/indexes/config.ts';

/**
 * Bytes that an index of n vectors of `size` numbers takes beside the vectors themselves, in the long run.
 *
 * - exact: a float32 copy with a number more a row on the backend.
 * - hnsw (hnswlib 0.8, `hnswalg.h`): on the lowest level 2 m links and their count, the vector, a label; on the levels
 *   above, where a row stands on 1 / (m - 1) on average, m links and their count; a pointer to them, the row's level, a
 *   lock, an entry of the map from labels, and two bytes for having been visited.
 * - lsh-forest: a key and a row in each tree, and the query that met the row.
 */
export function reckonedBytes(config: IndexConfig, n: number, size: number): number {
  switch (config.kind) {
    case 'exact':
      return 4 * (size + 1) * n;
    case 'hnsw': {
      const lowest = 4 * (2 * config.m + 1) + 4 * size + 8;
      const above = (4 * (config.m + 1)) / (config.m - 1);
      const [pointer, level, lock, mapEntry, visited] = [8, 4, 40, 40, 2];
      return (lowest + above + pointer + level + lock + mapEntry + visited) * n;
    }
    case 'lsh-forest':
      return (8 * config.trees + 4) * n;
  }
}

/**
 * Bytes of the process outside JavaScript's heap: arrays' contents, the backend's tensors and what packages allocate.
 * The difference of two is what came between, give or take a few megabytes of the allocator's.
 */
export function bytesOutsideHeap(): number {
  collectGarbage();
  const { rss, heapTotal } = process.memoryUsage();
  return rss - heapTotal;
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  if (typeof gc === 'function') gc();
}
