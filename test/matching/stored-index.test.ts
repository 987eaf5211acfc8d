import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FeatureMap } from '../../matching/features/feature-map.ts';
import { IndexConfig } from '../../matching/indexes/config.ts';
import { buildMatchIndex, type IndexedPool, openMatchIndex } from '../../matching/stored-index.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { poolIndex } from '../../src/shapes.ts';
import { presentKinds } from './indexes/kinds.ts';
import { rowsOf } from './plane.ts';

let dir: string;
beforeAll(async () => {
  await selectBackend('wasm');
});
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'genal-stored-'));
});

/** The pixels themselves as features; counts the images it was asked for. */
function pixelMap(version = 'pixels'): { map: FeatureMap; seen: () => number } {
  let seen = 0;
  return {
    map: {
      kind: 'pixels',
      size: 6,
      version,
      features: (images) => {
        seen += images.shape[0];
        return tf.tidy(() => tf.reshape(images, [-1, 6]) as tf.Tensor2D);
      },
      dispose: () => {},
    },
    seen: () => seen,
  };
}

const random = rootStream(1);
const bytes = Uint8Array.from({ length: 90 * 6 }, () => random.integer(256));
const rows = Array.from({ length: 80 }, (_, i) => poolIndex(i + (i >= 40 ? 5 : 0)));
const queries = rootStream(2).normals(5 * 6);

function poolWith(options: Partial<IndexedPool> = {}, kind = 'exact'): IndexedPool {
  return {
    bytes,
    shape: [2, 3, 1],
    rows,
    map: pixelMap().map,
    config: IndexConfig.parse({ kind }),
    stream: rootStream(7),
    ...options,
  };
}

/** Opens and closes; why it was built. */
async function open(options: Partial<IndexedPool> = {}, kind = 'exact'): Promise<string | null> {
  const { index, built } = await openMatchIndex(dir, poolWith(options, kind));
  index.dispose();
  return built;
}

describe.each(presentKinds)('a stored index of kind %s', (kind) => {
  test('is built once, and finds the same when it is opened again', async () => {
    const { map, seen } = pixelMap();
    const first = await openMatchIndex(dir, poolWith({ map }, kind));
    expect(first.built).toBe('there was none');
    const found = await first.index.search(queries, 7);
    first.index.keep(rows.slice(20));
    first.index.dispose();
    const asked = seen();
    const second = await openMatchIndex(dir, poolWith({ map }, kind));
    expect(second.built).toBeNull();
    expect(seen()).toBe(asked);
    // Whatever was removed from the first: that is for the pool of the round to say.
    expect(second.index.candidates).toEqual(rows);
    expect(await second.index.search(queries, 7)).toEqual(found);
    second.index.dispose();
    const fresh = await buildMatchIndex(poolWith({}, kind));
    expect(await fresh.search(queries, 7)).toEqual(found);
    fresh.dispose();
  });
});

describe('a stored index is built anew', () => {
  const changed = Uint8Array.from(bytes);
  changed[6 * 50]! ^= 1;
  const outside = Uint8Array.from(bytes);
  outside[6 * 42]! ^= 1;

  test.each<[string, Partial<IndexedPool>, string]>([
    [
      'for other features',
      { map: pixelMap('retrained').map },
      'its featureVersion is "pixels", not "retrained"',
    ],
    ['for another image', { bytes: changed }, 'its poolSha256 is'],
    ['for other rows', { rows: rowsOf(...rows.slice(0, 79), 89) }, 'its poolSha256 is'],
    ['for fewer rows', { rows: rows.slice(1) }, 'its rows is 80, not 79'],
    ['for another shape', { shape: [3, 2, 1] }, 'its poolSha256 is'],
    ['for another config', { config: IndexConfig.parse({ kind: 'exact', block: 32 }) }, 'its index is'],
    ['for another kind', { config: IndexConfig.parse({ kind: 'lsh-forest' }) }, 'its index is'],
  ])('%s', async (_, options, reason) => {
    await open();
    expect(await open(options)).toContain(reason);
    expect(await open(options)).toBeNull();
    expect(await open()).not.toBeNull();
  });

  test('for another stream if it draws, and not if it does not', async () => {
    await open({}, 'lsh-forest');
    expect(await open({ stream: rootStream(8) }, 'lsh-forest')).toContain('its seed is');
    await open();
    expect(await open({ stream: rootStream(8) })).toBeNull();
  });

  test('on another backend', async () => {
    await open();
    await selectBackend('cpu');
    try {
      expect(await open()).toBe('its backend is "wasm", not "cpu"');
    } finally {
      await selectBackend('wasm');
    }
  });

  test('but not for an image that is none of its rows', async () => {
    await open();
    expect(await open({ bytes: outside })).toBeNull();
  });

  test('if its files are broken or gone', async () => {
    await open({}, 'lsh-forest');
    const files = ['pool.json', 'features.safetensors', 'index/index.json'];
    const data = readdirSync(path.join(dir, 'index')).find((name) => name.endsWith('.bin'));
    for (const file of [...files, `index/${data}`]) {
      const whole = readFileSync(path.join(dir, file));
      writeFileSync(path.join(dir, file), whole.subarray(0, whole.length - 2));
      const wanted = file === 'pool.json' ? 'there was none' : 'its files are damaged';
      expect(await open({}, 'lsh-forest')).toBe(wanted);
      expect(await open({}, 'lsh-forest')).toBeNull();
    }
  });
});

test('an index over rows that do not ascend, or with features that are not numbers, is refused and leaves nothing', async () => {
  const before = tf.memory().numTensors;
  await expect(openMatchIndex(dir, poolWith({ rows: rowsOf(3, 2) }))).rejects.toThrow(
    'MatchIndex.rows: expected ascending rows, got 2 after 3',
  );
  const { map } = pixelMap();
  const broken = {
    ...map,
    features: (images: tf.Tensor4D) => tf.tidy(() => tf.log(map.features(images)) as tf.Tensor2D),
  };
  await expect(openMatchIndex(dir, poolWith({ map: broken }))).rejects.toThrow(
    'featuresOfBytes: expected finite pixels features, got NaN for row 0',
  );
  expect(tf.memory().numTensors).toBe(before);
  expect(readdirSync(dir)).toEqual([]);
});

test('opening and closing leaves no tensors behind', async () => {
  const before = tf.memory().numTensors;
  await open();
  await open();
  expect(tf.memory().numTensors).toBe(before);
});
