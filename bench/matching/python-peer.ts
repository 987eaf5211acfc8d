/**
 * Python's libraries on the same pools, in a process of its own: one line of JSON each way, vectors by file.
 *
 * The peer first prints `{"name", "engines", "pca"}`. A request names what to `do`: `load` a pool, `build` an engine over it,
 * `tune` it to a recall, `search`, or fit a `pca`; every answer is an object, or `{"error"}`. The peer sleeps while nobody
 * asks.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IndexConfig } from '../../matching/indexes/config.ts';
import type { Vectors } from '../../matching/indexes/vector-index.ts';
import { linesOf } from '../peer.ts';
import { QUERIES } from './asal-round.ts';
import { writeNpy } from './npy.ts';
import { firstOf, K, type QueryTimes, SINGLES } from './query-times.ts';

/** Which of our indexes an engine stands beside. */
const BESIDE: Readonly<Record<string, IndexConfig['kind']>> = {
  hnswlib: 'hnsw',
  'FAISS HNSWFlat': 'hnsw',
  'FAISS FlatL2': 'exact',
  'scikit-learn brute': 'exact',
};

/** An engine built over the pool of the moment. */
export interface PeerEngine {
  readonly name: string;
  readonly beside: IndexConfig['kind'];
  /** Threads of a search. */
  readonly threads: number;
  readonly buildMs: number;
  /** By how much the process grew. */
  readonly bytes: number;
  /** Candidates kept during a search; null for engines that keep none. */
  readonly ef: number | null;
  readonly recall: number;
  time(round: number): Promise<QueryTimes>;
}

/** A fit of principal components: milliseconds and the variance captured, pixels in [-1, 1]. */
export interface PeerPca {
  readonly svdMs: number;
  readonly svdVariance: number;
  readonly fitMs: number;
  readonly fitVariance: number;
}

export interface PeerPool {
  readonly vectors: Vectors;
  readonly queries: Vectors;
  /** Squared distances of the first queries to their true k-th neighbour. */
  readonly farthest: Float64Array;
  readonly hnsw: { readonly m: number; readonly efConstruction: number };
  /** What our index reaches, which engines of a graph are to reach too; null if it is not there to be compared. */
  readonly recall: number | null;
}

export interface PythonPeer {
  /** Libraries with their versions. */
  readonly name: string;
  readonly hasPca: boolean;
  /** Builds every engine over a pool; those of the pool before are dropped. */
  build(pool: PeerPool): Promise<PeerEngine[]>;
  /** Fits components to images `[n, pixels]`, with as many passes and spare directions as ours. */
  pca(images: Uint8Array, pixels: number, options: object): Promise<PeerPca>;
  close(): Promise<void>;
}

/** Starts the peer. Error if it cannot be started, with what it printed last. */
export async function startPythonPeer(python: string): Promise<PythonPeer> {
  const script = fileURLToPath(new URL('../peers/matching.py', import.meta.url));
  const child = spawn(python, [script, '--threads', String(cpus().length)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const lines = linesOf(child);
  const greeting = await lines<{ name: string; engines: string[]; pca: boolean }>();
  const dir = await mkdtemp(join(tmpdir(), 'genal-bench-'));
  const ask = async <T>(request: { readonly do: string } & Record<string, unknown>): Promise<T> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { error, ...answer } = await lines<{ error?: string }>();
    if (error !== undefined) throw new Error(`${greeting.name}: ${request.do}: ${error}`);
    return answer as T;
  };
  const write = async (name: string, values: Float32Array | Float64Array | Uint8Array, columns: number) => {
    const file = join(dir, `${name}.npy`);
    await writeNpy(file, values, columns === 1 ? [values.length] : [values.length / columns, columns]);
    return file;
  };
  let imageFile: string | undefined;
  return {
    name: greeting.name,
    hasPca: greeting.pca,
    build: async ({ vectors, queries, farthest, hnsw, recall }) => {
      await ask({
        do: 'load',
        vectors: await write('vectors', vectors.values, vectors.size),
        asked: await write('queries', queries.values, queries.size),
        truth: await write('truth', farthest, 1),
      });
      const engines: PeerEngine[] = [];
      for (const engine of greeting.engines) {
        const beside = BESIDE[engine] as IndexConfig['kind'];
        if (beside === 'hnsw' && recall === null) continue;
        const built = await ask<{ ms: number; bytes: number; threads: number }>({
          do: 'build',
          engine,
          ...hnsw,
        });
        const tuned = await ask<{ ef: number | null; recall: number }>({
          do: 'tune',
          engine,
          k: K,
          recall: recall ?? 1,
        });
        engines.push({
          name: engine,
          beside,
          threads: built.threads,
          buildMs: built.ms,
          bytes: built.bytes,
          ...tuned,
          time: (round) =>
            ask({
              do: 'search',
              engine,
              k: K,
              first: firstOf(queries, round),
              count: QUERIES,
              singles: SINGLES,
            }),
        });
      }
      return engines;
    },
    pca: async (images, pixels, options) => {
      imageFile ??= await write('images', images, pixels);
      return ask({ do: 'pca', images: imageFile, ...options });
    },
    close: async () => {
      child.stdin.end();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
