import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { GeneratorConfig } from '../../generators/config.ts';
import type { Generator } from '../../generators/generator.ts';
import { LayersGenerator } from '../../generators/layers-model.ts';
import { generatorFiles, loadGenerator } from '../../generators/load.ts';
import { sampleImages } from '../../generators/sample.ts';
import { trainGenerator } from '../../generators/training.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { searchLatents } from '../../src/queries/latent-search.ts';
import { rootStream } from '../../src/random.ts';
import { presentBackends } from '../backend/present.ts';
import { numericGradient, randomSvm } from '../queries/toys.ts';
import { dense, describeModel, edit, SHAPE, save, toyDiscriminator, toyGenerator } from './layers-fixture.ts';

const { layers } = tf;

let dir: string;
beforeAll(async () => {
  await selectBackend('cpu');
});
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'genal-layers-'));
});

const latentsOf = (n: number) => tf.tensor2d(rootStream(4).normals(n * 3), [n, 3]);
const values = async (tensor: tf.Tensor) => [...(await tensor.data())];

async function expectSame(got: tf.Tensor, wanted: tf.Tensor, tolerance = 1e-6): Promise<void> {
  expect(got.shape).toEqual(wanted.shape);
  const expected = await values(wanted);
  (await values(got)).forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThan(tolerance);
  });
}

/** A folder with all four models. */
async function saveAll(): Promise<
  Record<'generator' | 'discriminator' | 'classifier' | 'encoder', tf.LayersModel>
> {
  const models = {
    generator: toyGenerator(),
    discriminator: toyDiscriminator(),
    classifier: dense(SHAPE, 5, 3),
    encoder: dense(SHAPE, 3, 4),
  };
  await save(models.generator, dir);
  for (const side of ['discriminator', 'classifier', 'encoder'] as const)
    await save(models[side], path.join(dir, side));
  describeModel(dir, {
    discriminator: 'discriminator/model.json',
    classifier: 'classifier/model.json',
    encoder: 'encoder/model.json',
  });
  return models;
}

describe('a saved layers model', () => {
  test('generates what the model predicts, whatever its shards', async () => {
    const model = toyGenerator();
    await save(model, dir);
    const generator = await loadGenerator(dir);
    expect(generator).toBeInstanceOf(LayersGenerator);
    expect(generator).toMatchObject({
      kind: 'layers-model',
      prior: 'normal',
      latentSize: 3,
      shape: [4, 6, 1],
    });
    for (const absent of [
      'discriminate',
      'features',
      'classify',
      'encode',
      'featureLayers',
      'classes',
    ] as const) {
      expect(generator[absent]).toBeUndefined();
    }
    const latents = latentsOf(5);
    await expectSame(generator.generate(latents), model.predict(latents) as tf.Tensor);
    expect(await sampleImages(generator, 3, rootStream(1))).toHaveLength(3 * 24);
  });

  test('scores, shows its layers, classifies and encodes by the models beside it', async () => {
    const models = await saveAll();
    const generator = await loadGenerator(dir);
    const images = generator.generate(latentsOf(4));
    const scores = (models.discriminator.predict(images) as tf.Tensor).reshape([-1]);
    await expectSame(generator.discriminate!(images), scores);
    await expectSame(generator.classify!(images), models.classifier.predict(images) as tf.Tensor);
    await expectSame(generator.encode!(images), models.encoder.predict(images) as tf.Tensor);
    expect(generator.featureLayers).toEqual(['maps', 'norm', 'flat', 'score']);
    const maps = models.discriminator.getLayer('maps').apply(images) as tf.Tensor;
    await expectSame(generator.features!(images, 'maps'), maps);
    const flat = models.discriminator.getLayer('norm').apply(maps) as tf.Tensor;
    await expectSame(generator.features!(images, 'flat'), flat.reshape([4, -1]));
    expect(() => generator.features!(images, 'input1')).toThrow(
      'features.layer: expected one of maps, norm, flat, score, got input1',
    );
  });

  test('of pixels in [0, 1] meets the others in [-1, 1]', async () => {
    const model = toyGenerator('sigmoid');
    const discriminator = toyDiscriminator();
    await save(model, dir);
    await save(discriminator, path.join(dir, 'd'));
    describeModel(dir, { range: [0, 1], discriminator: 'd/model.json' });
    const generator = await loadGenerator(dir);
    const latents = latentsOf(3);
    const unit = model.predict(latents) as tf.Tensor4D;
    const images = generator.generate(latents);
    await expectSame(images, unit.mul(2).sub(1));
    await expectSame(
      generator.discriminate!(images),
      (discriminator.predict(unit) as tf.Tensor).reshape([-1]),
      1e-5,
    );
  });

  test('is differentiated in its latents, again and again, and stays as it is', async () => {
    await saveAll();
    const generator = await loadGenerator(dir);
    const latents = latentsOf(2);
    const before = await values(generator.generate(latents));
    const score = (z: tf.Tensor) =>
      generator.discriminate!(tf.square(generator.generate(z as tf.Tensor2D)) as tf.Tensor4D);
    const gradient = tf.grad((z) => tf.sum(score(z)));
    const expected = await numericGradient(score, latents);
    for (let time = 0; time < 2; time++) {
      (await values(gradient(latents))).forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i]!, 2);
      });
    }
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.1);
    expect(await values(generator.generate(latents))).toEqual(before);
  });

  test('is searched for images on the boundary', async () => {
    await save(toyGenerator(), dir);
    const generator = await loadGenerator(dir);
    const classifier = randomSvm(SHAPE, 0.1);
    const before = tf.memory().numTensors;
    const found = await searchLatents(generator, classifier, rootStream(1), {
      queries: 3,
      steps: 60,
      restarts: 2,
    });
    expect(tf.memory().numTensors).toBe(before);
    found.objectiveEnd.forEach((end, query) => {
      expect(end).toBeLessThan(0.3 * found.objectiveStart[query]! + 1e-3);
    });
  });

  test('leaves nothing behind, in use or when disposed', async () => {
    const models = await saveAll();
    for (const model of Object.values(models)) model.dispose();
    const before = tf.memory().numTensors;
    const generator = await loadGenerator(dir);
    const loaded = tf.memory().numTensors;
    const latents = latentsOf(2);
    const images = generator.generate(latents);
    const made = [
      generator.discriminate!(images),
      generator.features!(images, 'flat'),
      generator.encode!(images),
    ];
    tf.dispose([latents, images, made]);
    expect(tf.memory().numTensors).toBe(loaded);
    generator.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('may be quantised', async () => {
    const model = dense([3], 24, 5);
    const shaped = tf.sequential({ layers: [model, layers.reshape({ targetShape: [...SHAPE] })] });
    await save(shaped, dir, 1e6);
    const spec = [...(await values(tf.concat(shaped.getWeights().map((weight) => weight.flatten()))))];
    edit(dir, ({ weightsManifest: [group] }) => {
      for (const weight of group!.weights) weight.quantization = { dtype: 'uint8', min: 0, scale: 1 / 255 };
    });
    writeFileSync(
      path.join(dir, 'shard-1.bin'),
      Uint8Array.from(spec, (value) => Math.round(255 * value)),
    );
    const latents = latentsOf(2);
    await expectSame(
      (await loadGenerator(dir)).generate(latents),
      shaped.predict(latents) as tf.Tensor,
      0.03,
    );
  });

  test('says which files it consists of, model.json last', async () => {
    await saveAll();
    const files = await generatorFiles(dir);
    expect(files).toEqual(
      expect.arrayContaining(['genal.json', 'discriminator/model.json', 'encoder/shard-1.bin']),
    );
    expect(files.at(-1)).toBe('model.json');
    expect(new Set(files).size).toBe(files.length);
  });

  test('is not trained into', async () => {
    await save(toyGenerator(), dir);
    const config = GeneratorConfig.parse({ kind: 'dcgan', channels: [2], batch: 2 });
    const data = { shape: SHAPE, images: new Uint8Array(48) };
    await expect(trainGenerator(config, data, { dir, stream: rootStream(1) })).rejects.toThrow(
      'got a model that was trained elsewhere',
    );
  });
});

// Without a card, WebGPU takes half a minute of compiling.
test.each(presentBackends.filter((backend) => backend !== 'webgpu'))(
  'computes and is searched on %s as on cpu',
  async (backend) => {
    await save(toyGenerator(), dir);
    const run = async (generator: Generator) => {
      const latents = latentsOf(3);
      const gradient = tf.grad((z) => tf.sum(tf.square(generator.generate(z as tf.Tensor2D))));
      return [...(await values(generator.generate(latents))), ...(await values(gradient(latents)))];
    };
    const expected = await run(await loadGenerator(dir));
    try {
      await selectBackend(backend);
      const generator = await loadGenerator(dir);
      (await run(generator)).forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i]!, 4);
      });
      const found = await searchLatents(generator, randomSvm(SHAPE, 0.1), rootStream(1), {
        queries: 2,
        steps: 30,
        restarts: 1,
      });
      found.objectiveEnd.forEach((end, query) => {
        expect(end).toBeLessThan(found.objectiveStart[query]! + 1e-6);
      });
    } finally {
      await selectBackend('cpu');
    }
  },
);
