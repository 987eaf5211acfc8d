/**
 * All that matching needs to know of a pool: what images are compared by, and the index of the pool's features.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { writeFileAtomic } from '../src/atomic-write.ts';
import { type ImageShape, imageSize } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import type { PoolIndex } from '../src/shapes.ts';
import type { FeatureConfig, PcaConfig } from './features/config.ts';
import { createFeatureMap } from './features/create.ts';
import type { FeatureMap } from './features/feature-map.ts';
import type { HashedGenerator } from './features/generator-features.ts';
import { fitPca, type PcaFeatures } from './features/pca.ts';
import { loadPca, savePca } from './features/saved-pca.ts';
import type { IndexConfig } from './indexes/config.ts';
import type { MatchIndex } from './match-index.ts';
import { openMatchIndex } from './stored-index.ts';

/** A feature map and the pool indexed by it. */
export interface Matcher {
  readonly map: FeatureMap;
  readonly index: MatchIndex;
  /** Frees both. */
  dispose(): void;
}

/** What a stored matcher is made of. */
export interface MatcherPool {
  /** `[poolSize, height, width, channels]`, 0 to 255. */
  readonly bytes: Uint8Array;
  readonly shape: ImageShape;
  /** Rows that queries may ever be matched with, ascending: neither held out nor test images. */
  readonly rows: readonly PoolIndex[];
  /** Of any kind but `task-model`, whose features change every round. */
  readonly features: FeatureConfig;
  readonly index: IndexConfig;
  /** For the kinds `autoencoder` and `discriminator`. It stays the caller's, and must outlive the matcher. */
  readonly generator?: HashedGenerator;
  /** Decides the start of a PCA and what an approximate index draws; not moved. */
  readonly stream: Stream;
}

/** Where things lie in a matcher's folder, beside the index itself. */
const PCA = 'pca';
const PCA_POOL = 'pca-pool.json';

const PcaPool = z.strictObject({
  /** SHA-256 of all that the components depend on. */
  madeOf: z.string(),
  /** The components' version. */
  version: z.string(),
});

/**
 * The matcher in a folder if it fits what is asked for in every respect; otherwise it is made, and put there.
 *
 * @param dir is made if need be; nobody else may be writing to it
 * @returns a matcher whose rows can all be found, and why it was built, null if it was reopened
 * @throws as `createFeatureMap` and `openMatchIndex`
 */
export async function openMatcher(
  dir: string,
  pool: MatcherPool,
): Promise<{ readonly matcher: Matcher; readonly built: string | null }> {
  const { features, bytes, shape, rows, stream, generator } = pool;
  const map =
    features.kind === 'pca'
      ? await openPca(dir, pool, features)
      : await createFeatureMap(features, {
          pool: { bytes, shape, rows },
          stream,
          ...(generator === undefined ? {} : { generator }),
        });
  try {
    const { index, built } = await openMatchIndex(dir, {
      bytes,
      shape,
      rows,
      map,
      config: pool.index,
      stream: stream.of('index'),
    });
    const dispose = (): void => {
      index.dispose();
      map.dispose();
    };
    return { matcher: { map, index, dispose }, built };
  } catch (error) {
    map.dispose();
    throw error;
  }
}

/** The components in the folder if they were fitted to this very pool, else fitted now and put there. */
async function openPca(dir: string, pool: MatcherPool, config: PcaConfig): Promise<PcaFeatures> {
  const madeOf = pcaSourceOf(pool, config);
  const stored = await readPcaPool(dir);
  if (stored?.madeOf === madeOf) {
    const pca = await loadIfWhole(path.join(dir, PCA));
    if (pca?.version === stored.version) return pca;
    pca?.dispose();
  }
  const pca = await fitPca(pool.bytes, pool.shape, pool.rows, { config, stream: pool.stream.of('pca') });
  await savePca(path.join(dir, PCA), pca);
  const note = { madeOf, version: pca.version } satisfies z.output<typeof PcaPool>;
  await writeFileAtomic(path.join(dir, PCA_POOL), `${JSON.stringify(note, null, 2)}\n`);
  return pca;
}

function pcaSourceOf({ bytes, shape, rows, stream }: MatcherPool, config: PcaConfig): string {
  const size = imageSize(shape);
  const seed = stream.of('pca').seed();
  const hash = createHash('sha256').update(JSON.stringify([config, shape, rows, seed, tf.getBackend()]));
  for (const row of rows) hash.update(bytes.subarray(row * size, (row + 1) * size));
  return hash.digest('hex');
}

async function readPcaPool(dir: string): Promise<z.output<typeof PcaPool> | null> {
  try {
    return PcaPool.safeParse(JSON.parse(await readFile(path.join(dir, PCA_POOL), 'utf8'))).data ?? null;
  } catch {
    // Not there or not JSON: it can be made again.
    return null;
  }
}

/** Null if files are missing or damaged: they can be made again. */
async function loadIfWhole(dir: string): Promise<PcaFeatures | null> {
  try {
    return await loadPca(dir);
  } catch {
    return null;
  }
}
