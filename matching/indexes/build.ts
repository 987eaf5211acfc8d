/**
 * Building an index of any kind, and loading a saved one.
 */
import type { Stream } from '../../src/random.ts';
import { CheckedIndex } from './checked-index.ts';
import type { IndexConfig } from './config.ts';
import { buildExact } from './exact.ts';
import { buildHnsw, readHnsw } from './hnsw-index.ts';
import { readIndexFolder } from './index-folder.ts';
import { LiveRows } from './live-rows.ts';
import { buildLshForest, readLshForest } from './lsh-forest.ts';
import type { SearchedPool, Searcher } from './searcher.ts';
import { checkVectors, type VectorIndex, type Vectors } from './vector-index.ts';

/**
 * Builds an index over a pool's vectors, which it keeps and which must not change. The caller disposes it.
 *
 * `exact` and `lsh-forest` multiply on the TensorFlow.js backend in use, which must be the same at every search.
 *
 * @param stream decides what the approximate kinds draw; the same stream gives the same index
 * @throws RangeError if there are no vectors, or one holds a number that is not finite
 * @throws Error with one sentence for `hnsw` if hnswlib-node cannot be loaded
 */
export async function buildIndex(
  config: IndexConfig,
  vectors: Vectors,
  stream: Stream,
): Promise<VectorIndex> {
  const pool = { vectors, live: new LiveRows(checkVectors('buildIndex.vectors', vectors)) };
  return new CheckedIndex(config, pool, await build(config, pool, stream));
}

/**
 * Loads an index from a folder of {@link VectorIndex.save}, rows removed before included. The caller disposes it.
 *
 * @param vectors those it was built from
 * @throws RangeError if the folder holds no index or a broken one, or it was built from other vectors
 * @throws Error with one sentence for `hnsw` if hnswlib-node cannot be loaded
 */
export async function loadIndex(dir: string, vectors: Vectors): Promise<VectorIndex> {
  const live = new LiveRows(checkVectors('loadIndex.vectors', vectors));
  const pool = { vectors, live };
  const { config, removed, file } = await readIndexFolder(dir, vectors);
  live.remove(`${dir}: removed`, removed);
  return new CheckedIndex(config, pool, await load(config, pool, file));
}

function build(config: IndexConfig, pool: SearchedPool, stream: Stream): Promise<Searcher> {
  switch (config.kind) {
    case 'exact':
      return buildExact(config, pool);
    case 'hnsw':
      return buildHnsw(config, pool, stream.of('hnsw'));
    case 'lsh-forest':
      return buildLshForest(config, pool, stream.of('lsh-forest'));
  }
}

function load(config: IndexConfig, pool: SearchedPool, file: string): Promise<Searcher> {
  switch (config.kind) {
    case 'exact':
      return buildExact(config, pool);
    case 'hnsw':
      return readHnsw(config, pool, file);
    case 'lsh-forest':
      return readLshForest(config, pool, file);
  }
}
