import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

const SHAPE = [4, 6, 1] as const;
const { layers } = tf;

let dir: string;
beforeAll(async () => {
  await selectBackend('cpu');
});
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'genal-layers-'));
});

/** Sets every weight to seeded values; moving statistics too, so that forgetting them shows. */
function fill(model: tf.LayersModel, seed: number): tf.LayersModel {
  const weights = model.getWeights().map((weight, i) => {
    const values = rootStream(seed).of('weight', i).normals(weight.size);
    return tf.tensor(
      values.map((value) => 0.6 + 0.4 * Math.tanh(value)),
      weight.shape,
    );
  });
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

function toyGenerator(activation: 'tanh' | 'sigmoid' = 'tanh'): tf.LayersModel {
  const model = tf.sequential({
    layers: [
      layers.dense({ units: 12, inputShape: [3], useBias: false }),
      layers.reshape({ targetShape: [2, 3, 2] }),
      layers.batchNormalization({ epsilon: 1e-3 }),
      layers.dropout({ rate: 0.5 }),
      layers.leakyReLU({ alpha: 0.2 }),
      layers.conv2dTranspose({ filters: 1, kernelSize: 3, strides: 2, padding: 'same' }),
      layers.rescaling({ scale: 0.2, offset: -0.4 }),
      layers.activation({ activation }),
    ],
  });
  return fill(model, 1);
}

function toyDiscriminator(): tf.LayersModel {
  const images = tf.input({ shape: [...SHAPE] });
  const maps = layers
    .conv2d({ filters: 2, kernelSize: 3, strides: 2, padding: 'same', name: 'maps' })
    .apply(images);
  const norm = layers.batchNormalization({ name: 'norm' }).apply(maps);
  const flat = layers.flatten({ name: 'flat' }).apply(norm);
  const score = layers.dense({ units: 1, name: 'score' }).apply(flat) as tf.SymbolicTensor;
  return fill(tf.model({ inputs: images, outputs: score }), 2);
}

function dense(inputShape: readonly number[], units: number, seed: number): tf.LayersModel {
  const size = tf.util.sizeFromShape([...inputShape]);
  const flat = layers.reshape({ targetShape: [size], inputShape: [...inputShape] });
  return fill(tf.sequential({ layers: [flat, layers.dense({ units })] }), seed);
}

/** The standard layout: `model.json` and its shards, here of at most `bytes` each. */
async function save(model: tf.LayersModel, folder: string, bytes = 64): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const handler = tf.io.withSaveHandler(
    async ({ modelTopology, weightSpecs, weightData, format, generatedBy }) => {
      const data = Buffer.from(weightData as ArrayBuffer);
      const paths = Array.from({ length: Math.ceil(data.length / bytes) }, (_, i) => `shard-${i + 1}.bin`);
      paths.forEach((file, i) => {
        writeFileSync(path.join(folder, file), data.subarray(i * bytes, (i + 1) * bytes));
      });
      const weightsManifest = [{ paths, weights: weightSpecs }];
      const json = { format, generatedBy, modelTopology, weightsManifest };
      writeFileSync(path.join(folder, 'model.json'), JSON.stringify(json));
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    },
  );
  await model.save(handler);
}

/** Changes a saved model's `model.json`. */
function edit(folder: string, change: (json: ModelJson) => void): void {
  const file = path.join(folder, 'model.json');
  const json = JSON.parse(readFileSync(file, 'utf8')) as ModelJson;
  change(json);
  writeFileSync(file, JSON.stringify(json));
}
interface ModelJson {
  format?: string;
  weightsManifest: {
    paths: string[];
    weights: { name: string; shape: number[]; dtype: string; quantization?: object }[];
  }[];
}

const options = (json: unknown) => writeFileSync(path.join(dir, 'genal.json'), JSON.stringify(json));
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
  options({
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
    options({ range: [0, 1], discriminator: 'd/model.json' });
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

describe('refuses', () => {
  beforeEach(async () => {
    await save(toyGenerator(), dir);
  });

  test.each(['../out.bin', '/etc/hostname', 'a/../../out.bin'])(
    'the path %s out of its folder',
    async (file) => {
      edit(dir, ({ weightsManifest: [group] }) => group!.paths.splice(0, 1, file));
      await expect(loadGenerator(dir)).rejects.toThrow(
        `model.json: expected paths within its folder, got ${JSON.stringify(file)}`,
      );
      options({ discriminator: file });
      await expect(loadGenerator(dir)).rejects.toThrow(`genal.json: expected paths within its folder`);
    },
  );

  test('a missing or short shard, by name', async () => {
    writeFileSync(path.join(dir, 'shard-2.bin'), Buffer.alloc(63));
    await expect(loadGenerator(dir)).rejects.toThrow(
      /expected \d+ bytes in shard-1\.bin, shard-2\.bin, .*got \d+/,
    );
    rmSync(path.join(dir, 'shard-2.bin'));
    await expect(loadGenerator(dir)).rejects.toThrow(
      /shard-2\.bin: expected weights of .*model\.json, got no such file/,
    );
  });

  test('weights that the topology does not have', async () => {
    edit(dir, ({ weightsManifest: [group] }) => {
      group!.weights[0]!.name = 'other/kernel';
    });
    await expect(loadGenerator(dir)).rejects.toThrow(
      /model\.json: expected a model that TensorFlow\.js can build: .*other\/kernel/s,
    );
  });

  test.each([
    ['another range', { range: [0, 255] }, 'genal.json: range.1'],
    ['an unknown field', { rage: [0, 1] }, 'genal.json: all of it: Unrecognized key: "rage"'],
    [
      'a model that is not there',
      { encoder: 'e/model.json' },
      'model.json: expected a layers model, got no such file',
    ],
  ])('%s', async (_, json, message) => {
    options(json);
    await expect(loadGenerator(dir)).rejects.toThrow(message);
  });

  test('models whose inputs or outputs do not fit', async () => {
    await save(dense([3], 4, 1), path.join(dir, 'flat'));
    await expect(loadGenerator(path.join(dir, 'flat'))).rejects.toThrow(
      'generator: expected one output [null, height, width, channels], got [null, 4]',
    );
    await save(dense([4, 5, 1], 1, 1), path.join(dir, 'd'));
    options({ discriminator: 'd/model.json' });
    await expect(loadGenerator(dir)).rejects.toThrow(
      "discriminator: expected input [null, 4, 6, 1], the generator's images, got [null, 4, 5, 1]",
    );
    await save(dense(SHAPE, 2, 1), path.join(dir, 'd'));
    await expect(loadGenerator(dir)).rejects.toThrow(
      'discriminator: expected output [null, 1], got [null, 2]',
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
