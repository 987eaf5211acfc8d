import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GeneratorConfig } from '../../generators/config.ts';
import type { TrainableGenerator } from '../../generators/trainable.ts';
import { createTrainable } from '../../generators/zoo.ts';
import { FeatureConfig } from '../../matching/features/config.ts';
import { createFeatureMap } from '../../matching/features/create.ts';
import { type FeatureMap, featuresOfBytes } from '../../matching/features/feature-map.ts';
import { hashClassifier } from '../../matching/features/model-hash.ts';
import { IndexConfig } from '../../matching/indexes/config.ts';
import { matchedRows, matchQueries } from '../../matching/match.ts';
import { MatchConfig } from '../../matching/match-config.ts';
import { buildMatchIndex } from '../../matching/stored-index.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import type { TrainedClassifier } from '../../src/classifiers/classifier.ts';
import { ClassifierConfig } from '../../src/classifiers/config.ts';
import { trainClassifier } from '../../src/classifiers/train.ts';
import { digitsDataset } from '../../src/datasets/digits.ts';
import { rootStream } from '../../src/random.ts';
import { poolIndex } from '../../src/shapes.ts';
import { presentKinds } from './indexes/kinds.ts';

const n = 400;
const { train, shape } = digitsDataset({ trainSize: n, testSize: 10 });
const rows = Array.from({ length: n }, (_, row) => poolIndex(row)).filter((row) => row % 4 !== 0);
/** Every third of the rows, each pixel moved by up to 4 of 255: what a perfect generator would make. */
const wanted = rows.filter((_, i) => i % 3 === 0);
const noise = rootStream(4);
const nearCopies = Uint8Array.from(
  wanted.flatMap((row) => [...train.images.subarray(row * 784, (row + 1) * 784)]),
  (byte) => Math.max(0, Math.min(255, byte + noise.integer(9) - 4)),
);

/** Approximate kinds look at a part of the pool only: by default they would look at all of so small a one. */
const narrow: Readonly<Record<string, object>> = { hnsw: { efSearch: 20 }, 'lsh-forest': { candidates: 60 } };

const maps = new Map<string, FeatureMap>();
const models: TrainableGenerator[] = [];
let classifier: TrainedClassifier;

beforeAll(async () => {
  await selectBackend('wasm');
  // Untrained networks tell images apart as well, which is all that is asked here.
  const untrained = (config: object) => {
    const data = { images: train.images, shape };
    const model = createTrainable(GeneratorConfig.parse(config), data, rootStream(2));
    models.push(model);
    return { generator: model.sampler, sha256: '0'.repeat(64) };
  };
  const autoencoder = untrained({ kind: 'autoencoder', latentSize: 16, channels: [4, 8] });
  const dcgan = untrained({ kind: 'dcgan', latentSize: 4, channels: [8, 4] });
  classifier = await trainClassifier(
    ClassifierConfig.parse({ kind: 'mlp', hidden: [32], updates: 60 }),
    { images: train.images.slice(0, 100 * 784), labels: train.labels.slice(0, 100), n: 100 },
    { shape, classes: 10, weights: rootStream(1), order: rootStream(1) },
  );
  const pool = { bytes: train.images, shape, rows };
  const stream = rootStream(3);
  const create = (kind: string, resources: object, options: object = {}) =>
    createFeatureMap(FeatureConfig.parse({ kind, ...options }), { pool, stream, ...resources });
  maps.set('pca', await create('pca', {}, { keep: { components: 30 } }));
  maps.set('autoencoder', await create('autoencoder', { generator: autoencoder }));
  maps.set('discriminator', await create('discriminator', { generator: dcgan }));
  const hashed = { classifier, sha256: await hashClassifier(classifier) };
  maps.set('task-model', await create('task-model', { classifier: hashed }));
}, 60_000);

afterAll(() => {
  for (const each of [...maps.values(), ...models, classifier]) each.dispose();
});

describe.each(['pca', 'autoencoder', 'discriminator', 'task-model'])('by %s features', (kind) => {
  test.each(presentKinds)('an image with a little noise finds itself (%s)', async (index) => {
    const map = maps.get(kind)!;
    const before = tf.memory().numTensors;
    const config = IndexConfig.parse({ kind: index, ...narrow[index] });
    const pool = await buildMatchIndex({
      bytes: train.images,
      shape,
      rows,
      map,
      config,
      stream: rootStream(5),
    });
    const queries = await featuresOfBytes(map, nearCopies, shape);
    const batch = await matchQueries(queries, pool, { ...MatchConfig.parse({}), candidates: rows });
    const found = matchedRows(batch).filter((row, query) => row === wanted[query]).length / wanted.length;
    if (index === 'exact') expect(found).toBe(1);
    else expect(found).toBeGreaterThanOrEqual(0.99);
    pool.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
