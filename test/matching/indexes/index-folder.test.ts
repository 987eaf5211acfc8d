import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildIndex, loadIndex } from '../../../matching/indexes/build.ts';
import { IndexConfig } from '../../../matching/indexes/config.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { rootStream } from '../../../src/random.ts';
import { presentKinds } from './kinds.ts';
import { clusteredPool, queriesNear } from './pools.ts';

let dir: string;

beforeEach(async () => {
  await selectBackend('cpu');
  dir = await mkdtemp(path.join(tmpdir(), 'genal-index-'));
});

afterEach(() => rm(dir, { recursive: true }));

const VECTORS = clusteredPool(300, 5);
const QUERIES = queriesNear(VECTORS, 6);

function config(kind: string): IndexConfig {
  const options = kind === 'lsh-forest' ? { trees: 3, depth: 20, candidates: 15 } : {};
  return IndexConfig.parse({ kind, ...options });
}

async function saved(kind: string, removed: readonly number[] = []) {
  const index = await buildIndex(config(kind), VECTORS, rootStream(1));
  index.remove(removed);
  const folder = path.join(dir, 'some', kind);
  await index.save(folder);
  return { index, folder };
}

describe.each(presentKinds)('a saved index of kind %s', (kind) => {
  test('answers as before when loaded, without the rows removed', async () => {
    const { index, folder } = await saved(kind, [7, 200]);
    const loaded = await loadIndex(folder, VECTORS);
    expect([loaded.kind, loaded.size, loaded.count]).toEqual([kind, 5, 298]);
    expect(await loaded.search(QUERIES, 20)).toEqual(await index.search(QUERIES, 20));
    // And goes on from there: more rows removed, saved over the old, loaded again.
    const { rows } = await loaded.search(QUERIES, 1);
    const nearest = [...new Set(rows)];
    loaded.remove(nearest);
    await loaded.save(folder);
    index.remove(nearest);
    const again = await loadIndex(folder, VECTORS);
    expect(await again.search(QUERIES, 20)).toEqual(await index.search(QUERIES, 20));
    expect((await readdir(folder)).length).toBe(kind === 'exact' ? 1 : 2);
    for (const each of [index, loaded, again]) each.dispose();
  });

  test('refuses other vectors', async () => {
    const { index, folder } = await saved(kind);
    index.dispose();
    const other = { values: Float32Array.from(VECTORS.values), size: 5 };
    other.values[17]! += 1e-3;
    await expect(loadIndex(folder, other)).rejects.toThrow(
      `loadIndex.vectors: expected the vectors that ${folder} was built from, got others of the same shape`,
    );
    await expect(loadIndex(folder, clusteredPool(299, 5))).rejects.toThrow(
      `expected 300 rows of 5 numbers, which ${folder} was built from, got 299 rows of 5`,
    );
  });

  test('leaves no tensor behind when it is refused or disposed', async () => {
    const { index, folder } = await saved(kind);
    index.dispose();
    const before = tf.memory().numTensors;
    (await loadIndex(folder, VECTORS)).dispose();
    await expect(loadIndex(folder, clusteredPool(300, 5, 9))).rejects.toThrow();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe.each(presentKinds.filter((kind) => kind !== 'exact'))('the data of kind %s', (kind) => {
  test('must be whole', async () => {
    const { index, folder } = await saved(kind);
    index.dispose();
    const [name] = (await readdir(folder)).filter((each) => each.endsWith('.bin')) as [string];
    const file = path.join(folder, name);
    const bytes = await readFile(file);
    await writeFile(file, bytes.subarray(0, bytes.length - 5));
    await expect(loadIndex(folder, VECTORS)).rejects.toThrow(
      `${file}: expected ${bytes.length} bytes, got ${bytes.length - 5}; the index is broken`,
    );
    bytes[100]! ^= 1;
    await writeFile(file, bytes);
    await expect(loadIndex(folder, VECTORS)).rejects.toThrow(`${file}: expected SHA-256 `);
    await rm(file);
    await expect(loadIndex(folder, VECTORS)).rejects.toThrow(
      `${file}: expected the index's data, got no such file`,
    );
  });
});

test('says what is wrong with index.json', async () => {
  const { index, folder } = await saved('exact', [3]);
  index.dispose();
  const file = path.join(folder, 'index.json');
  const good = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  const cases: [string, string][] = [
    ['{"format": 1', `${file}: expected JSON, got something else`],
    [JSON.stringify({ ...good, format: 2 }), `${file}: expected format version 1, got 2`],
    [JSON.stringify({ ...good, count: 'many' }), `${file}: expected an index's description; count: `],
    [JSON.stringify({ ...good, byteOrder: good.byteOrder === 'LE' ? 'BE' : 'LE' }), 'expected byte order'],
    [JSON.stringify({ ...good, removed: [300] }), `${folder}: removed: expected rows below 300, got 300`],
  ];
  for (const [text, message] of cases) {
    await writeFile(file, text);
    await expect(loadIndex(folder, VECTORS)).rejects.toThrow(message);
  }
  await rm(file);
  await expect(loadIndex(folder, VECTORS)).rejects.toThrow(
    `${file}: expected a saved index, got no such file`,
  );
});
