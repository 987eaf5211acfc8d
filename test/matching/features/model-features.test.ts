import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Generator } from '../../../generators/generator.ts';
import { LayersGenerator } from '../../../generators/layers-model.ts';
import { loadGenerator } from '../../../generators/load.ts';
import { trainGenerator } from '../../../generators/training.ts';
import { createTrainable } from '../../../generators/zoo.ts';
import {
  AutoencoderFeatureConfig,
  DiscriminatorFeatureConfig,
  FeatureConfig,
  TaskModelFeatureConfig,
} from '../../../matching/features/config.ts';
import { createFeatureMap } from '../../../matching/features/create.ts';
import type { FeatureMap } from '../../../matching/features/feature-map.ts';
import { autoencoderFeatures, discriminatorFeatures } from '../../../matching/features/generator-features.ts';
import { featuresOfModel, unitRows } from '../../../matching/features/model-features.ts';
import { hashClassifier, hashGeneratorFolder } from '../../../matching/features/model-hash.ts';
import { taskModelFeatures } from '../../../matching/features/task-model.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { ClassifierConfig } from '../../../src/classifiers/config.ts';
import { trainClassifier } from '../../../src/classifiers/train.ts';
import { rootStream } from '../../../src/random.ts';
import { dataOf, imagesOf, ZOO, type ZooCase } from '../../generators/zoo-cases.ts';

beforeAll(async () => {
  await selectBackend('cpu');
});

const SHA = 'a'.repeat(64);
const other = 'b'.repeat(64);

const discriminator = (options: object = {}) =>
  DiscriminatorFeatureConfig.parse({ kind: 'discriminator', ...options });
const codes = (options: object = {}) => AutoencoderFeatureConfig.parse({ kind: 'autoencoder', ...options });

function zooCase(name: string): ZooCase {
  return ZOO.find((each) => each.name === name)!;
}

/** A fresh model of the zoo as it is used; freed with what `dispose` gives. */
function fresh(name: string): { generator: Generator; dispose: () => void } {
  const model = createTrainable(zooCase(name).config, dataOf(zooCase(name)), rootStream(3));
  return { generator: model.sampler, dispose: () => model.dispose() };
}

/** Lengths of the rows of a map's vectors of some images. */
async function lengths(map: FeatureMap, images: tf.Tensor4D): Promise<number[]> {
  const vectors = map.features(images);
  const values = await vectors.data();
  vectors.dispose();
  return Array.from({ length: images.shape[0] }, (_, row) =>
    Math.hypot(...values.slice(row * map.size, (row + 1) * map.size)),
  );
}

describe('discriminator features', () => {
  test('are the last convolution, the largest value of each cell, of length 1, unless told otherwise', async () => {
    const { generator, dispose } = fresh('dcgan');
    const map = discriminatorFeatures({ generator, sha256: SHA }, discriminator());
    // Two levels: [8, 8, 1] -> [4, 4, 3] -> [2, 2, 4], and 2 is no more than 4 cells.
    expect([map.kind, map.layer, map.size]).toEqual(['discriminator', 'down0', 16]);
    const images = imagesOf(zooCase('dcgan'), 3, rootStream(1));
    for (const length of await lengths(map, images)) expect(length).toBeCloseTo(1, 6);
    images.dispose();
    dispose();
  });

  test('are the layer named, pooled as asked, and as they are if not normalised', async () => {
    const { generator, dispose } = fresh('dcgan');
    const of = (options: object) =>
      discriminatorFeatures(
        { generator, sha256: SHA },
        discriminator({ layer: 'down1', normalise: false, ...options }),
      );
    expect(of({ pooling: { kind: 'flat' } }).size).toBe(48);
    expect(of({ pooling: { kind: 'max', side: 2 } }).size).toBe(12);
    const images = imagesOf(zooCase('dcgan'), 2, rootStream(2));
    const average = of({ pooling: { kind: 'average', side: 1 } });
    expect(average.size).toBe(3);
    const maps = generator.features!(images, 'down1') as tf.Tensor4D;
    const wanted = tf.mean(maps, [1, 2]);
    const vectors = average.features(images);
    const [found, expected] = await Promise.all([vectors.data(), wanted.data()]);
    expected.forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 6);
    });
    tf.dispose([images, maps, wanted, vectors]);
    dispose();
  });

  test('pass over the score, which a layers model names among its layers', async () => {
    const shape = [4, 4, 1];
    const generatorModel = tf.sequential({
      layers: [
        tf.layers.dense({ units: 16, inputShape: [2], activation: 'tanh' }),
        tf.layers.reshape({ targetShape: shape }),
      ],
    });
    const conv = tf.layers.conv2d({ inputShape: shape, filters: 3, kernelSize: 2, strides: 2, name: 'conv' });
    const maps = tf.sequential({
      layers: [
        conv,
        tf.layers.conv2d({ filters: 1, kernelSize: 2, name: 'judge' }),
        tf.layers.flatten({ name: 'score' }),
      ],
    });
    const own = new LayersGenerator({ generator: generatorModel, discriminator: maps }, [-1, 1]);
    const map = discriminatorFeatures({ generator: own, sha256: SHA }, discriminator());
    expect([map.layer, map.size]).toEqual(['conv', 12]);
    own.dispose();

    const generatorAgain = tf.sequential({
      layers: [
        tf.layers.dense({ units: 16, inputShape: [2], activation: 'tanh' }),
        tf.layers.reshape({ targetShape: shape }),
      ],
    });
    const dense = tf.sequential({
      layers: [
        tf.layers.flatten({ inputShape: shape, name: 'pixels' }),
        tf.layers.dense({ units: 5, activation: 'relu', name: 'hidden' }),
        tf.layers.dense({ units: 1, name: 'score' }),
      ],
    });
    const flat = new LayersGenerator({ generator: generatorAgain, discriminator: dense }, [0, 1]);
    const vectors = discriminatorFeatures({ generator: flat, sha256: SHA }, discriminator());
    expect([vectors.layer, vectors.size]).toEqual(['hidden', 5]);
    flat.dispose();
  });

  test('need a discriminator and a layer that is there', () => {
    const { generator, dispose } = fresh('autoencoder');
    expect(() => discriminatorFeatures({ generator, sha256: SHA }, discriminator())).toThrow(
      'discriminatorFeatures.generator: expected a model with discriminate and features, got autoencoder without discriminate',
    );
    dispose();
    const gan = fresh('dcgan');
    const named = discriminator({ layer: 'nowhere' });
    expect(() => discriminatorFeatures({ generator: gan.generator, sha256: SHA }, named)).toThrow(
      'discriminatorFeatures.layer: expected one of down1, down0, got nowhere',
    );
    gan.dispose();
  });
});

describe('autoencoder features', () => {
  test.each(['autoencoder', 'vae', 'm2'])('are the codes of a model such as %s', async (name) => {
    const { generator, dispose } = fresh(name);
    const images = imagesOf(zooCase(name), 3, rootStream(1));
    const map = autoencoderFeatures({ generator, sha256: SHA }, codes());
    const [vectors, wanted] = [map.features(images), generator.encode!(images)];
    expect(vectors.shape).toEqual([3, map.size]);
    expect(await vectors.data()).toEqual(await wanted.data());
    const unit = autoencoderFeatures({ generator, sha256: SHA }, codes({ normalise: true }));
    for (const length of await lengths(unit, images)) expect(length).toBeCloseTo(1, 6);
    tf.dispose([images, vectors, wanted]);
    dispose();
  });

  test('need a model that can encode', () => {
    const { generator, dispose } = fresh('dcgan');
    expect(() => autoencoderFeatures({ generator, sha256: SHA }, codes())).toThrow(
      'autoencoderFeatures.generator: expected a model with encode, got dcgan without it',
    );
    dispose();
  });
});

test('task model features are the inputs of its last layer', async () => {
  const shape = [4, 4, 1] as const;
  const images = Uint8Array.from({ length: 12 * 16 }, (_, i) => (i * 37) % 256);
  const labelled = { images, labels: Uint8Array.from({ length: 12 }, (_, i) => i % 3), n: 12 };
  const config = ClassifierConfig.parse({ kind: 'mlp', hidden: [6], updates: 3 });
  const train = (seed: number) =>
    trainClassifier(config, labelled, {
      shape,
      classes: 3,
      weights: rootStream(seed),
      order: rootStream(2),
    });
  const classifier = await train(1);
  const sha256 = await hashClassifier(classifier);
  const map = taskModelFeatures({ classifier, sha256 }, TaskModelFeatureConfig.parse({ kind: 'task-model' }));
  expect([map.kind, map.size]).toEqual(['task-model', 6]);
  const two = tf.ones([2, ...shape]) as tf.Tensor4D;
  const [vectors, wanted] = [map.features(two), classifier.features(two)];
  expect(await vectors.data()).toEqual(await wanted.data());
  tf.dispose([two, vectors, wanted]);

  const [again, different] = [await train(1), await train(9)];
  expect(await hashClassifier(again)).toBe(sha256);
  expect(await hashClassifier(different)).not.toBe(sha256);
  for (const each of [classifier, again, different]) each.dispose();
});

describe('a map of a model', () => {
  const map = (options: object, sha256 = SHA) => {
    const { generator, dispose } = fresh('dcgan');
    const { version } = discriminatorFeatures({ generator, sha256 }, discriminator(options));
    dispose();
    return version;
  };

  test('has another version for other weights, layer, pooling or normalisation, and no other', () => {
    const versions = [
      map({}),
      map({}, other),
      map({ layer: 'down1' }),
      map({ pooling: { kind: 'max', side: 1 } }),
      map({ pooling: { kind: 'average', side: 4 } }),
      map({ pooling: { kind: 'flat' } }),
      map({ normalise: false }),
    ];
    expect(new Set(versions).size).toBe(versions.length);
    for (const version of versions) expect(version).toMatch(/^[0-9a-f]{64}$/);
    // The default by name is the same map.
    expect(map({ layer: 'down0' })).toBe(versions[0]);
  });

  test('refuses other images and a hash that is none', () => {
    const { generator, dispose } = fresh('dcgan');
    expect(() => discriminatorFeatures({ generator, sha256: 'weights' }, discriminator())).toThrow(
      'featuresOfModel.sha256: expected 64 hexadecimal digits, got weights',
    );
    const features = discriminatorFeatures({ generator, sha256: SHA }, discriminator());
    const images = tf.zeros([1, 4, 4, 1]) as tf.Tensor4D;
    expect(() => features.features(images)).toThrow(
      'discriminator features.images: expected shape [*, 8, 8, 1], got [1, 4, 4, 1]',
    );
    images.dispose();
    dispose();
  });

  test('leaves no tensors behind, and the model to its owner', () => {
    const { generator, dispose } = fresh('dcgan');
    const before = tf.memory().numTensors;
    const features = discriminatorFeatures({ generator, sha256: SHA }, discriminator());
    const images = tf.zeros([2, 8, 8, 1]) as tf.Tensor4D;
    features.features(images).dispose();
    features.dispose();
    features.features(images).dispose();
    images.dispose();
    expect(tf.memory().numTensors).toBe(before);
    dispose();
  });
});

test('rows of length 1 are so however large or small they were, and zeros stay zeros', async () => {
  const rows = tf.tensor2d([3e30, 4e30, 3e-30, -4e-30, 0, 0, 5, 12], [4, 2]);
  const unit = unitRows(rows);
  const values = await unit.data();
  [0.6, 0.8, 0.6, -0.8, 0, 0, 5 / 13, 12 / 13].forEach((value, i) => {
    expect(values[i]).toBeCloseTo(value, 6);
  });
  tf.dispose([rows, unit]);
});

test('a saved generator has a hash that follows its weights', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'genal-hash-'));
  const { config } = zooCase('autoencoder');
  const train = async (name: string, seed: number) => {
    const folder = path.join(dir, name);
    const data = dataOf(zooCase('autoencoder'));
    const trained = await trainGenerator({ ...config, steps: 2 }, data, {
      dir: folder,
      stream: rootStream(seed),
    });
    trained.dispose();
    return folder;
  };
  const [one, two] = [await train('one', 1), await train('two', 2)];
  const hash = await hashGeneratorFolder(one);
  const copy = path.join(dir, 'copy');
  cpSync(one, copy, { recursive: true });
  writeFileSync(path.join(copy, 'notes.txt'), 'of no account');
  expect(await hashGeneratorFolder(copy)).toBe(hash);
  expect(await hashGeneratorFolder(two)).not.toBe(hash);

  const generator = await loadGenerator(one);
  const pool = { bytes: new Uint8Array(0), shape: generator.shape, rows: [] };
  const map = await createFeatureMap(FeatureConfig.parse({ kind: 'autoencoder' }), {
    pool,
    stream: rootStream(1),
    generator: { generator, sha256: hash },
  });
  expect([map.kind, map.size]).toEqual(['autoencoder', 3]);
  generator.dispose();
});

test('a feature map that lacks what it is made from says so', async () => {
  const pool = { bytes: new Uint8Array(0), shape: [4, 4, 1] as const, rows: [] };
  const create = (kind: string) =>
    createFeatureMap(FeatureConfig.parse({ kind }), { pool, stream: rootStream(1) });
  await expect(create('discriminator')).rejects.toThrow(
    'createFeatureMap.generator: expected one for discriminator features, got none',
  );
  await expect(create('task-model')).rejects.toThrow(
    'createFeatureMap.classifier: expected one for task-model',
  );
  await expect(create('pca')).rejects.toThrow('expected two or more');
});

test('a map of activations keeps the order of their axes', async () => {
  const map = featuresOfModel({
    kind: 'toy',
    shape: [1, 2, 1],
    sha256: SHA,
    settings: [],
    normalise: false,
    activations: (images) => tf.concat([images, tf.mul(images, 10)], 3),
  });
  const images = tf.tensor4d([1, 2, 3, 4], [2, 1, 2, 1]);
  const vectors = map.features(images);
  expect([...(await vectors.data())]).toEqual([1, 10, 2, 20, 3, 30, 4, 40]);
  tf.dispose([images, vectors]);
});
