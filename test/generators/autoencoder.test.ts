import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Autoencoder, autoencoderModel } from '../../generators/autoencoder.ts';
import { AutoencoderConfig } from '../../generators/autoencoder-config.ts';
import { loadGenerator } from '../../generators/load.ts';
import { openSaved } from '../../generators/model.ts';
import { reconstructImages, sampleImages } from '../../generators/sample.ts';
import type { TrainableGenerator } from '../../generators/trainable.ts';
import { trainGenerator } from '../../generators/training.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';

const SHAPE = [6, 5, 3] as const;
const SIZE = 90;
const CONFIG = AutoencoderConfig.parse({
  kind: 'autoencoder',
  latentSize: 4,
  channels: [2, 3, 4],
  batch: 4,
  steps: 5,
  ema: 0.5,
  checkpointEvery: 2,
  gridEvery: 0,
});

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'genal-autoencoder-'));
});
beforeEach(async () => {
  await selectBackend('cpu');
});
afterAll(() => rm(root, { recursive: true }));

function imagesOf(n: number, seed = 3): tf.Tensor4D {
  const values = rootStream(seed).uniforms(n * SIZE);
  return tf.tensor4d(
    values.map((value) => 2 * value - 1),
    [n, ...SHAPE],
  );
}

function latentsOf(n: number): tf.Tensor2D {
  return tf.tensor2d(rootStream(9).normals(n * 4), [n, 4]);
}

function step(model: TrainableGenerator, number: number): void {
  const images = imagesOf(4, number + 1);
  tf.dispose({ ...model.step({ images }, rootStream(1).of('step', number)) });
  images.dispose();
}

function trained(): TrainableGenerator<Autoencoder> {
  const model = autoencoderModel.train(CONFIG, SHAPE, { images: 4, labelled: 0 }, rootStream(1));
  for (let number = 1; number <= 3; number++) step(model, number);
  return model;
}

test('has codes, images in [-1, 1] of them, and features of each level down to the code', async () => {
  const { sampler } = trained();
  const codes = sampler.encode(imagesOf(7));
  expect(codes.shape).toEqual([7, 4]);
  const images = sampler.generate(tf.mul(latentsOf(7), 50) as tf.Tensor2D);
  expect(images.shape).toEqual([7, 6, 5, 3]);
  for (const value of await images.data()) expect(Math.abs(value)).toBeLessThanOrEqual(1);
  expect(sampler.featureLayers).toEqual(['down0', 'down1', 'down2', 'bottleneck']);
  expect(sampler.featureLayers.map((layer) => sampler.features(imagesOf(7), layer).shape)).toEqual([
    [7, 3, 3, 2],
    [7, 2, 2, 3],
    [7, 1, 1, 4],
    [7, 4],
  ]);
  expect(await sampler.features(imagesOf(7), 'bottleneck').data()).toEqual(await codes.data());
  expect(() => sampler.features(imagesOf(7), 'code')).toThrow(
    'features.layer: expected one of down0, down1, down2, bottleneck, got code',
  );
});

test('has nothing to draw codes from', async () => {
  const { sampler } = trained();
  await expect(sampleImages(sampler, 3, rootStream(1))).rejects.toThrow(
    'sampleImages.generator: expected a model to sample from, got autoencoder, which has no prior',
  );
});

test.each(['cpu', 'wasm'] as const)(
  'no image, code or feature depends on the neighbours in the batch, on %s',
  async (backend) => {
    await selectBackend(backend);
    const { sampler } = trained();
    const [images, latents] = [imagesOf(7), latentsOf(7)];
    const all = (from: number, n: number) => {
      const some = tf.slice(images, from, n) as tf.Tensor4D;
      const few = tf.slice(latents, from, n) as tf.Tensor2D;
      return [sampler.generate(few), sampler.encode(some), sampler.features(some, 'down1')];
    };
    const together = all(0, 7);
    for (const row of [0, 3, 6]) {
      for (const [i, alone] of all(row, 1).entries()) {
        const there = await tf.slice(together[i]!, row, 1).data();
        (await alone.data()).forEach((value, j) => {
          expect(value).toBeCloseTo(there[j]!, 6);
        });
      }
    }
  },
);

test('a model from saved weights gives the same bits, and a restored training goes on to the same', async () => {
  const model = trained();
  const loaded = openSaved(autoencoderModel, CONFIG, SHAPE, await model.weights());
  const { sampler } = model;
  expect(await loaded.generate(latentsOf(3)).data()).toEqual(await sampler.generate(latentsOf(3)).data());
  expect(await loaded.encode(imagesOf(3)).data()).toEqual(await sampler.encode(imagesOf(3)).data());
  const copy = autoencoderModel.train(CONFIG, SHAPE, { images: 4, labelled: 0 }, rootStream(77));
  copy.restore(await model.state());
  for (const each of [model, copy]) for (let number = 4; number <= 5; number++) step(each, number);
  expect(await copy.state()).toEqual(await model.state());
});

test('a training leaves a folder that opens, and decodes images nearer to them than grey is', async () => {
  // Two images, dark and bright, over and over: what a code of four numbers can tell apart.
  const images = Uint8Array.from({ length: 40 * SIZE }, (_, i) =>
    Math.floor(i / SIZE) % 2 === 0 ? 30 : 220,
  );
  const config = { ...CONFIG, ema: 0, steps: 40, learningRate: 0.02 };
  const dir = path.join(root, 'folder');
  const stream = rootStream(1);
  const model = await trainGenerator(config, { images, shape: SHAPE }, { dir, stream });
  model.dispose();
  const loaded = await loadGenerator(dir);
  expect(loaded.kind).toBe('autoencoder');
  const decoded = await reconstructImages(loaded, images.subarray(0, 2 * SIZE));
  const error = decoded.reduce((sum, value, i) => sum + Math.abs(value - images[i]!), 0) / decoded.length;
  // The middle grey is 95 away from either.
  expect(error).toBeLessThan(75);
  loaded.dispose();
});

test('leaves no tensor behind when used and disposed', async () => {
  const before = tf.memory().numTensors;
  const model = trained();
  const held = tf.memory().numTensors;
  model.restore(await model.state());
  const { sampler } = model;
  const [images, latents] = [imagesOf(2), latentsOf(2)];
  const made = [
    images,
    latents,
    sampler.generate(latents),
    sampler.encode(images),
    ...sampler.featureLayers.map((layer) => sampler.features(images, layer)),
  ];
  expect(tf.memory().numTensors).toBe(held + made.length);
  tf.dispose(made);
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('names the argument of a wrong shape', () => {
  const { sampler } = trained();
  expect(() => sampler.generate(tf.zeros([2, 3]))).toThrow(
    'Autoencoder.generate.latents: expected shape [*, 4], got [2, 3]',
  );
  for (const call of ['encode', 'features'] as const) {
    expect(() => sampler[call](tf.zeros([2, 5, 6, 3]), 'bottleneck')).toThrow(
      `Autoencoder.${call}.images: expected shape [*, 6, 5, 3], got [2, 5, 6, 3]`,
    );
  }
});
