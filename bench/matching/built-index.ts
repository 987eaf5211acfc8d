/** An index over a drawn pool, and what building it cost. */
import { buildIndex } from '../../matching/indexes/build.ts';
import type { IndexConfig } from '../../matching/indexes/config.ts';
import type { VectorIndex, Vectors } from '../../matching/indexes/vector-index.ts';
import { MatchIndex } from '../../matching/match-index.ts';
import { Pool } from '../../src/acquisition/pool.ts';
import type { Stream } from '../../src/random.ts';
import { type PoolIndex, poolIndex } from '../../src/shapes.ts';
import { bytesOutsideHeap } from './index-memory.ts';

/** An index in use. */
export interface BuiltIndex {
  readonly config: IndexConfig;
  readonly index: VectorIndex;
  /** Matching over the same index; disposing it disposes that. */
  readonly match: MatchIndex;
  /** The rows that this index still has. */
  readonly pool: Pool;
  readonly buildMs: number;
  /** Bytes outside JavaScript's heap that came with it. */
  readonly measuredBytes: number;
}

export async function buildTimed(config: IndexConfig, vectors: Vectors, stream: Stream): Promise<BuiltIndex> {
  const before = bytesOutsideHeap();
  const start = performance.now();
  const index = await buildIndex(config, vectors, stream);
  const buildMs = performance.now() - start;
  const measuredBytes = bytesOutsideHeap() - before;
  const rows: PoolIndex[] = [];
  for (let row = 0; row < index.count; row++) rows.push(poolIndex(row));
  const match = new MatchIndex(index, vectors, rows);
  return { config, index, match, pool: new Pool(rows.length), buildMs, measuredBytes };
}
