import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FeatureConfig } from '../../matching/features/config.ts';
import { featuresOfBytes } from '../../matching/features/feature-map.ts';
import { IndexConfig } from '../../matching/indexes/config.ts';
import { type MatcherPool, openMatcher } from '../../matching/matcher.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { poolIndex } from '../../src/shapes.ts';

let dir: string;
beforeAll(async () => {
  await selectBackend('wasm');
});
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'genal-matcher-'));
});

const random = rootStream(1);
const bytes = Uint8Array.from({ length: 90 * 6 }, () => random.integer(256));

function poolWith(options: Partial<MatcherPool> = {}): MatcherPool {
  return {
    bytes,
    shape: [2, 3, 1],
    rows: Array.from({ length: 80 }, (_, i) => poolIndex(i)),
    features: FeatureConfig.parse({ kind: 'pca', keep: { components: 3 } }),
    index: IndexConfig.parse({ kind: 'exact' }),
    stream: rootStream(7),
    ...options,
  };
}

/** Opens, searches and closes; why it was built, and what was found. */
async function open(options: Partial<MatcherPool> = {}) {
  const { matcher, built } = await openMatcher(dir, poolWith(options));
  try {
    const queries = await featuresOfBytes(matcher.map, bytes.subarray(0, 30), [2, 3, 1]);
    return { built, found: await matcher.index.search(queries, 3) };
  } finally {
    matcher.dispose();
  }
}

describe('a matcher by principal components', () => {
  test('is made once, and finds the same when it is opened again', async () => {
    const first = await open();
    const file = path.join(dir, 'pca', 'weights.safetensors');
    const written = statSync(file).mtimeMs;
    expect(first.built).toBe('there was none');
    expect(await open()).toEqual({ built: null, found: first.found });
    expect(statSync(file).mtimeMs).toBe(written);
  });

  test.each([
    ['other images', () => ({ bytes: Uint8Array.from(bytes, (value) => 255 - value) })],
    ['fewer rows', () => ({ rows: poolWith().rows.slice(1) })],
    [
      'other options',
      () => ({ features: FeatureConfig.parse({ kind: 'pca', keep: { components: 3 }, whiten: true }) }),
    ],
    ['another stream', () => ({ stream: rootStream(8) })],
  ])('is fitted anew for %s', async (_, change) => {
    await open();
    const again = await open(change());
    const other = mkdtempSync(path.join(tmpdir(), 'genal-matcher-'));
    const { matcher } = await openMatcher(other, poolWith(change()));
    const fresh = await matcher.index.search(
      await featuresOfBytes(matcher.map, bytes.subarray(0, 30), [2, 3, 1]),
      3,
    );
    matcher.dispose();
    expect(again.found).toEqual(fresh);
    const pca = (folder: string) => readFileSync(path.join(folder, 'pca', 'weights.safetensors'), 'hex');
    expect(pca(dir)).toBe(pca(other));
  });

  test.each(['pca/weights.safetensors', 'pca/model.json', 'pca-pool.json'])(
    'is made anew if %s is gone or broken',
    async (file) => {
      const { found } = await open();
      rmSync(path.join(dir, file));
      expect((await open()).found).toEqual(found);
      writeFileSync(path.join(dir, file), 'no such thing');
      expect((await open()).found).toEqual(found);
    },
  );

  test('leaves no tensors behind', async () => {
    await open();
    const before = tf.memory().numTensors;
    await open();
    await open({ stream: rootStream(9) });
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('a matcher by codes needs the model, and says so', async () => {
  await expect(open({ features: FeatureConfig.parse({ kind: 'autoencoder' }) })).rejects.toThrow(
    'createFeatureMap.generator: expected one for autoencoder features, got none',
  );
});
