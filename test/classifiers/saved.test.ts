import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { ClassifierConfig } from '../../src/classifiers/config.ts';
import { scoreImages } from '../../src/classifiers/predict.ts';
import { loadClassifier, saveClassifier } from '../../src/classifiers/saved.ts';
import { trainClassifier } from '../../src/classifiers/train.ts';
import { rootStream } from '../../src/random.ts';

const root = rootStream(31);
const labelled = {
  images: Uint8Array.from({ length: 12 * 256 }, () => root.integer(256)),
  labels: Uint8Array.from({ length: 12 }, (_, row) => row % 3),
  n: 12,
};
const svm = ClassifierConfig.parse({ kind: 'linear-svm', updates: 200 });
const configs = [
  svm,
  ClassifierConfig.parse({ kind: 'mlp', hidden: [5, 4], updates: 3 }),
  ClassifierConfig.parse({ kind: 'lenet', widths: [2, 3, 4], updates: 3 }),
];
const train = (config: ClassifierConfig) =>
  trainClassifier(config, labelled, {
    shape: [16, 16, 1],
    classes: 3,
    weights: root.of('weights'),
    order: root.of('order'),
  });

let dir: string;
beforeAll(() => selectBackend('wasm'));
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'genal-classifier-'));
});
afterEach(() => rm(dir, { recursive: true }));

test.each(configs)(
  '$kind comes back with the same scores to the bit, and all that is known of it',
  async (config) => {
    const before = tf.memory().numTensors;
    const classifier = await train(config);
    await saveClassifier(path.join(dir, 'a', 'b'), classifier);
    const loaded = await loadClassifier(path.join(dir, 'a', 'b'));
    expect(await scoreImages(loaded, labelled.images)).toEqual(
      await scoreImages(classifier, labelled.images),
    );
    expect(loaded.config).toEqual(config);
    expect(loaded.training).toEqual(classifier.training);
    expect(loaded.shape).toEqual([16, 16, 1]);
    expect(loaded.classes).toBe(3);
    classifier.dispose();
    loaded.dispose();
    expect(tf.memory().numTensors).toBe(before);
  },
);

test('the same classifier is saved as the same bytes', async () => {
  const files = [];
  for (const name of ['one', 'two']) {
    const classifier = await train(configs[1]!);
    await saveClassifier(path.join(dir, name), classifier);
    classifier.dispose();
    for (const file of ['model.json', 'weights.safetensors']) {
      files.push((await readFile(path.join(dir, name, file))).toString('hex'));
    }
  }
  expect(files.slice(0, 2)).toEqual(files.slice(2));
});

describe('a folder that is not whole is refused', () => {
  const edit = async (change: (model: Record<string, unknown>) => void) => {
    const file = path.join(dir, 'model.json');
    const model = JSON.parse(await readFile(file, 'utf8'));
    change(model);
    await writeFile(file, JSON.stringify(model));
  };
  beforeEach(async () => {
    const classifier = await train(svm);
    await saveClassifier(dir, classifier);
    classifier.dispose();
  });

  test('with the weights of another save', async () => {
    const other = await trainClassifier(svm, labelled, {
      shape: [16, 16, 1],
      classes: 3,
      weights: root,
      order: root.of('other'),
    });
    await saveClassifier(path.join(dir, 'other'), other);
    other.dispose();
    await writeFile(
      path.join(dir, 'weights.safetensors'),
      await readFile(path.join(dir, 'other', 'weights.safetensors')),
    );
    await expect(loadClassifier(dir)).rejects.toThrow(
      /weights\.safetensors: expected the weights .* was written with/,
    );
  });

  test('with a configuration the weights do not fit', async () => {
    const before = tf.memory().numTensors;
    await edit((model) => {
      model.classes = 4;
    });
    await expect(loadClassifier(dir)).rejects.toThrow('expected svm/kernel of shape [256, 4], got [256, 3]');
    await edit((model) => {
      model.config = configs[1];
    });
    await expect(loadClassifier(dir)).rejects.toThrow('expected dense-1/kernel of shape [256, 5], got none');
    expect(tf.memory().numTensors).toBe(before);
  });

  test('with a model.json that is broken, or of another kind', async () => {
    await edit((model) => {
      model.format = 'genal generator 1';
      model.extra = true;
    });
    await expect(loadClassifier(dir)).rejects.toThrow(
      /model\.json: expected a saved classifier, got[\s\S]*extra/,
    );
    await writeFile(path.join(dir, 'model.json'), '{"format": ');
    await expect(loadClassifier(dir)).rejects.toThrow('model.json: expected JSON, got something else');
  });

  test('without a file', async () => {
    await rm(path.join(dir, 'model.json'));
    await expect(loadClassifier(dir)).rejects.toThrow('ENOENT');
  });
});
