/**
 * Feature vectors of the pool and their index in a folder, so that they are computed once.
 *
 * The folder holds `features.safetensors`, `index/`, and `pool.json`, which says what they were made of and is written
 * last. What does not fit what is asked for in every respect is made anew, so an index that was reopened finds what a
 * fresh one would.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { writeFileAtomic } from '../src/atomic-write.ts';
import { type ImageShape, imageSize } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { decodeSafetensors, encodeSafetensors, type FloatTensor } from '../src/safetensors.ts';
import type { PoolIndex } from '../src/shapes.ts';
import { type FeatureMap, featuresOfBytes } from './features/feature-map.ts';
import { buildIndex, loadIndex } from './indexes/build.ts';
import { IndexConfig } from './indexes/config.ts';
import type { VectorIndex, Vectors } from './indexes/vector-index.ts';
import { MatchIndex } from './match-index.ts';

/** What an index is made of. */
export interface IndexedPool {
  /** `[poolSize, height, width, channels]`, 0 to 255. */
  readonly bytes: Uint8Array;
  readonly shape: ImageShape;
  /** The rows of `bytes` that queries may ever be matched with, ascending: neither held out nor test images. */
  readonly rows: readonly PoolIndex[];
  readonly map: FeatureMap;
  readonly config: IndexConfig;
  /** Decides what an approximate index draws; not moved. */
  readonly stream: Stream;
}

/** An index from a folder. */
export interface StoredIndex {
  /** All rows can be found, whatever was removed from an earlier one. The caller disposes it. */
  readonly index: MatchIndex;
  /** Why it was built and not reopened, in a few words; null if it was reopened. */
  readonly built: string | null;
}

/** An index with the vectors it was built over. */
interface Built {
  readonly vectors: Vectors;
  readonly index: VectorIndex;
}

const FORMAT = 'genal pool index 1';
const POOL = 'pool.json';
const FEATURES = 'features.safetensors';
const INDEX = 'index';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** In the order in which differences are told. */
const Description = z.strictObject({
  format: z.literal(FORMAT),
  features: z.string(),
  /** `FeatureMap.version`. */
  featureVersion: z.string(),
  size: z.int().min(1),
  rows: z.int().min(1),
  /** Of shape, row numbers and bytes of the rows. */
  poolSha256: Sha256,
  index: IndexConfig,
  /** What an approximate index was drawn by; null for one that draws nothing. */
  seed: z.int().nullable(),
  /** The TensorFlow.js backend: another gives other last bits. */
  backend: z.string(),
});

type Description = z.output<typeof Description>;

const Stored = Description.extend({ featuresSha256: Sha256 });

/**
 * Computes the features of the rows and indexes them, in memory alone. The caller disposes the index.
 *
 * @throws Error naming the first row with a feature that is not finite; RangeError for rows that are not there or not
 *   ascending; as `buildIndex`
 */
export async function buildMatchIndex(pool: IndexedPool): Promise<MatchIndex> {
  const { index, vectors } = await build(pool);
  return disposedOnError(index, () => new MatchIndex(index, vectors, pool.rows));
}

/**
 * The index in a folder if it fits the pool, the features' version, the index's config, the stream and the backend;
 * otherwise it is built as {@link buildMatchIndex} does, and put there.
 *
 * @param dir is made if need be; nobody else may be writing to it
 */
export async function openMatchIndex(dir: string, pool: IndexedPool): Promise<StoredIndex> {
  const wanted = descriptionOf(pool);
  const stored = await readDescription(dir);
  let fault = differenceOf(stored, wanted);
  if (stored !== null && fault === null) {
    const index = await reopen(dir, pool, stored.featuresSha256);
    if (index !== null) return { index, built: null };
    fault = 'its files are damaged';
  }
  return { index: await buildInto(dir, pool, wanted), built: fault };
}

async function build({ map, bytes, shape, rows, config, stream }: IndexedPool): Promise<Built> {
  const vectors = { values: await featuresOfBytes(map, bytes, shape, rows), size: map.size };
  return { vectors, index: await buildIndex(config, vectors, stream) };
}

async function buildInto(dir: string, pool: IndexedPool, description: Description): Promise<MatchIndex> {
  const { vectors, index } = await build(pool);
  return disposedOnError(index, async () => {
    const match = new MatchIndex(index, vectors, pool.rows);
    const table = { shape: [pool.rows.length, vectors.size], values: vectors.values };
    const features = encodeSafetensors(new Map([['features', table]]));
    await mkdir(dir, { recursive: true });
    // From here on the folder holds nothing that counts, until its description is there again.
    await rm(path.join(dir, POOL), { force: true });
    await writeFileAtomic(path.join(dir, FEATURES), features);
    await index.save(path.join(dir, INDEX));
    const stored = { ...description, featuresSha256: sha256(features) };
    await writeFileAtomic(path.join(dir, POOL), `${JSON.stringify(stored, null, 2)}\n`);
    return match;
  });
}

/** The index of a folder whose description fits, or null if its files are not those that were written. */
async function reopen(
  dir: string,
  { rows, map }: IndexedPool,
  featuresSha256: string,
): Promise<MatchIndex | null> {
  const file = path.join(dir, FEATURES);
  const bytes = await readIfThere(file);
  if (bytes === null || sha256(bytes) !== featuresSha256) return null;
  const { values } = decodeSafetensors(bytes, file).tensors.get('features') as FloatTensor;
  const vectors = { values, size: map.size };
  let index: VectorIndex;
  try {
    index = await loadIndex(path.join(dir, INDEX), vectors);
  } catch (error) {
    // A folder that is broken; anything else, such as a package that is not there, would come again after building.
    if (error instanceof RangeError) return null;
    throw error;
  }
  return disposedOnError(index, () => new MatchIndex(index, vectors, rows));
}

function descriptionOf({ bytes, shape, rows, map, config, stream }: IndexedPool): Description {
  const size = imageSize(shape);
  const pool = createHash('sha256').update(JSON.stringify([shape, rows]));
  for (const row of rows) pool.update(bytes.subarray(row * size, (row + 1) * size));
  return {
    format: FORMAT,
    features: map.kind,
    featureVersion: map.version,
    size: map.size,
    rows: rows.length,
    poolSha256: pool.digest('hex'),
    index: config,
    seed: config.kind === 'exact' ? null : stream.of('stored index').seed(),
    backend: tf.getBackend(),
  };
}

/** What a folder says of itself; null if it says nothing that can be read. */
async function readDescription(dir: string): Promise<z.output<typeof Stored> | null> {
  const text = await readIfThere(path.join(dir, POOL));
  if (text === null) return null;
  try {
    return Stored.safeParse(JSON.parse(text.toString('utf8'))).data ?? null;
  } catch {
    // Not JSON: as good as not there, since everything in the folder can be made again.
    return null;
  }
}

/** The first thing in which the folder does not fit, in a few words; null if it fits. */
function differenceOf(stored: Description | null, wanted: Description): string | null {
  if (stored === null) return 'there was none';
  for (const key of Object.keys(wanted) as (keyof Description)[]) {
    const [has, needs] = [JSON.stringify(stored[key]), JSON.stringify(wanted[key])];
    if (has !== needs) return `its ${key} is ${has}, not ${needs}`;
  }
  return null;
}

async function disposedOnError<T>(index: VectorIndex, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    index.dispose();
    throw error;
  }
}

/** The bytes of a file, or null if it does not exist. */
async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
