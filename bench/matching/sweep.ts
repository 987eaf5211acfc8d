/**
 * Recall against time of an approximate index as its search looks at more: the same graph or forest, once built, with
 * other settings of the search.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CheckedIndex } from '../../matching/indexes/checked-index.ts';
import type { IndexConfig } from '../../matching/indexes/config.ts';
import { readHnsw } from '../../matching/indexes/hnsw-index.ts';
import { readIndexFolder } from '../../matching/indexes/index-folder.ts';
import { LiveRows } from '../../matching/indexes/live-rows.ts';
import { readLshForest } from '../../matching/indexes/lsh-forest.ts';
import { recallOnQueries } from '../../matching/indexes/recall.ts';
import type { VectorIndex, Vectors } from '../../matching/indexes/vector-index.ts';
import { quartiles } from '../timing.ts';
import type { BuiltIndex } from './built-index.ts';
import { K, timeQueries } from './query-times.ts';

const EF_SEARCH = [10, 20, 40, 60, 80, 100, 150, 200, 400, 800];
const CANDIDATES = [250, 500, 1000, 2000, 4000, 8000, 16_000];
const QUERIES = 500;
const TURNS = 5;

export interface SweepPoint {
  readonly kind: IndexConfig['kind'];
  /** `efSearch` of a graph, `candidates` of a forest. */
  readonly setting: string;
  readonly value: number;
  readonly recall: number;
  /** Milliseconds a query of fifty at once: median. */
  readonly batchMs: number;
}

/** The points of one index, which has no rows removed yet. */
export async function sweepIndex(
  { index: built, config: builtWith }: BuiltIndex,
  exact: VectorIndex,
  vectors: Vectors,
  queries: Vectors,
): Promise<SweepPoint[]> {
  const dir = await mkdtemp(join(tmpdir(), 'genal-sweep-'));
  const points: SweepPoint[] = [];
  try {
    await built.save(dir);
    const { file } = await readIndexFolder(dir, vectors);
    for (const config of settingsOf(builtWith)) {
      const pool = { vectors, live: new LiveRows(exact.count) };
      const searcher =
        config.kind === 'hnsw' ? await readHnsw(config, pool, file) : await readLshForest(config, pool, file);
      const index = new CheckedIndex(config, pool, searcher);
      const asked = queries.values.subarray(0, Math.min(QUERIES * queries.size, queries.values.length));
      const { recall } = await recallOnQueries(index, exact, asked, K);
      const times: number[] = [];
      for (let turn = 0; turn < TURNS; turn++) {
        times.push((await timeQueries((rows) => index.search(rows, K), queries, turn)).batchMs);
      }
      index.dispose();
      const [setting, value] =
        config.kind === 'hnsw'
          ? (['efSearch', config.efSearch] as const)
          : (['candidates', config.candidates] as const);
      points.push({ kind: config.kind, setting, value, recall, batchMs: quartiles(times).median });
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  return points;
}

function settingsOf(config: IndexConfig) {
  switch (config.kind) {
    case 'exact':
      return [];
    case 'hnsw':
      return EF_SEARCH.map((efSearch) => ({ ...config, efSearch }));
    case 'lsh-forest':
      return CANDIDATES.map((candidates) => ({ ...config, candidates }));
  }
}
