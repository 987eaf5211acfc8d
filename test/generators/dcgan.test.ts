import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { type Dcgan, dcganModel } from '../../generators/dcgan.ts';
import { DcganConfig } from '../../generators/dcgan-config.ts';
import { createDcganNetwork, dcganShapes } from '../../generators/dcgan-networks.ts';
import { openSaved } from '../../generators/model.ts';
import { sampleImages } from '../../generators/sample.ts';
import type { TrainableGenerator } from '../../generators/trainable.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';

beforeAll(async () => {
  await selectBackend('cpu');
});

const SHAPE = [8, 8, 1] as const;
const CONFIG = DcganConfig.parse({ kind: 'dcgan', latentSize: 5, channels: [4, 3], ema: 0.5 });

/** After a few steps on noise, so that statistics and weights are no longer those of the start. */
function trained(config = CONFIG): TrainableGenerator<Dcgan> {
  const model = dcganModel.train(config, SHAPE, { images: 6, labelled: 0 }, rootStream(1));
  const reals = tf.tensor4d(rootStream(2).uniforms(6 * 64), [6, 8, 8, 1]);
  for (let step = 1; step <= 3; step++) step3(model, reals, step);
  return model;
}
function step3(model: TrainableGenerator<Dcgan>, reals: tf.Tensor4D, step: number) {
  tf.dispose({ ...model.step({ images: reals }, rootStream(9).of(step)) });
}

const latentsOf = (n: number) => tf.tensor2d(rootStream(4).normals(n * 5), [n, 5]);

test('28x28x1 has two levels by default, 32x32x3 three where three are given', () => {
  const gray = dcganShapes({ latentSize: 100, channels: [128, 64], shape: [28, 28, 1] });
  expect(gray.generator.weights).toMatchObject({
    'dense/weights': [100, 7 * 7 * 128],
    'up0/filters': [5, 5, 64, 128],
    'up1/filters': [5, 5, 1, 64],
  });
  expect(gray.discriminator.weights).toMatchObject({
    'down1/filters': [5, 5, 1, 64],
    'down0/filters': [5, 5, 64, 128],
    'logit/weights': [7 * 7 * 128, 1],
  });
  expect(Object.keys(gray.discriminator.statistics)).toEqual(['norm0/mean', 'norm0/variance']);
  const colour = dcganShapes({ latentSize: 100, channels: [256, 128, 64], shape: [32, 32, 3] });
  expect(colour.generator.weights['dense/weights']).toEqual([100, 4 * 4 * 256]);
  expect(colour.generator.weights['up2/filters']).toEqual([5, 5, 3, 64]);
  expect(Object.keys(colour.generator.statistics)).toHaveLength(6);
  expect(Object.keys(colour.discriminator.statistics)).toHaveLength(4);
});

test('images of three levels and three channels have the shape asked for', async () => {
  const shape = [16, 24, 3] as const;
  const config = DcganConfig.parse({ kind: 'dcgan', latentSize: 5, channels: [4, 3, 2] });
  const { sampler } = dcganModel.train(config, shape, { images: 6, labelled: 0 }, rootStream(1));
  const images = sampler.generate(latentsOf(2));
  expect(images.shape).toEqual([2, 16, 24, 3]);
  for (const value of await images.data()) expect(Math.abs(value)).toBeLessThanOrEqual(1);
  expect(sampler.discriminate(images).shape).toEqual([2]);
});

test('refuses sides that cannot be halved once a level', () => {
  expect(() => dcganShapes({ latentSize: 5, channels: [4, 3, 2], shape: [28, 28, 1] })).toThrow(
    "dcgan.channels: expected 3 levels to halve the image's sides 28 and 28 that often, got sides that do not divide by 8",
  );
});

test('starts with weights around 0, gammas around 1 and statistics of 0 and 1, the same for the same stream', async () => {
  const shapes = dcganShapes({ latentSize: 100, channels: [32, 16], shape: [8, 8, 1] });
  const { weights, statistics } = createDcganNetwork(shapes.generator, rootStream(1));
  const spread = async (variable: tf.Variable) => {
    const { mean, variance } = tf.moments(variable);
    return [(await mean.data())[0]!, Math.sqrt((await variance.data())[0]!)] as const;
  };
  const [mean, deviation] = await spread(weights['dense/weights']!);
  expect(Math.abs(mean)).toBeLessThan(0.002);
  expect(deviation).toBeCloseTo(0.02, 3);
  expect((await spread(weights['norm0/gamma']!))[0]).toBeCloseTo(1, 1);
  expect((await spread(weights['norm0/beta']!))[1]).toBe(0);
  expect([...(await statistics['norm0/variance']!.data())]).toEqual(new Array(32).fill(1));
  const again = createDcganNetwork(shapes.generator, rootStream(1));
  expect(await again.weights['up0/filters']!.data()).toEqual(await weights['up0/filters']!.data());
});

test.each(['cpu', 'wasm'] as const)(
  'an image and its logit do not depend on the neighbours in the batch, on %s',
  async (backend) => {
    await selectBackend(backend);
    const { sampler } = trained();
    const latents = latentsOf(7);
    const together = sampler.generate(latents);
    const logits = await sampler.discriminate(together).data();
    for (const row of [0, 3, 6]) {
      const alone = sampler.generate(tf.slice(latents, [row, 0], [1, 5]));
      const there = await tf.slice(together, [row, 0, 0, 0], [1, 8, 8, 1]).data();
      expect(await alone.data()).toEqual(there);
      expect((await sampler.discriminate(alone).data())[0]).toBeCloseTo(logits[row]!, 6);
    }
    await selectBackend('cpu');
  },
);

test('images follow their latents with the gradient of central differences', async () => {
  const { sampler } = trained();
  const [start] = [latentsOf(1)];
  const objective = (latents: tf.Tensor) => tf.mean(tf.square(sampler.generate(latents as tf.Tensor2D)));
  const gradient = await tf.grad(objective)(start!).data();
  const values = [...(await start!.data())];
  for (let i = 0; i < 5; i++) {
    const at = async (by: number) =>
      (
        await objective(
          tf.tensor2d(
            values.map((value, j) => (j === i ? value + by : value)),
            [1, 5],
          ),
        ).data()
      )[0]!;
    const wanted = ((await at(0.01)) - (await at(-0.01))) / 0.02;
    expect(Math.abs(gradient[i]! - wanted)).toBeLessThan(0.02 * Math.abs(wanted) + 1e-5);
  }
});

test('a model from saved weights draws the same images; its average is what is saved', async () => {
  const model = trained();
  const weights = await model.weights();
  const loaded = openSaved(dcganModel, CONFIG, SHAPE, weights);
  const images = await model.sampler.generate(latentsOf(3)).data();
  expect(await loaded.generate(latentsOf(3)).data()).toEqual(images);
  const raw = [...(await model.state()).tensors].filter(([name]) => weights.has(name));
  const unaveraged = openSaved(dcganModel, CONFIG, SHAPE, new Map(raw));
  expect(await unaveraged.generate(latentsOf(3)).data()).not.toEqual(images);
});

test('names the tensor that does not fit, and leaves nothing behind', async () => {
  const weights = await trained().weights();
  const before = tf.memory().numTensors;
  const without = new Map(weights);
  without.delete('generator/norm1/mean');
  expect(() => openSaved(dcganModel, CONFIG, SHAPE, without)).toThrow(
    'expected a tensor generator/norm1/mean of shape [3], got none',
  );
  expect(() => openSaved(dcganModel, { ...CONFIG, latentSize: 6 }, SHAPE, weights)).toThrow(
    'expected a tensor generator/dense/weights of shape [6, 16], got [5, 16]',
  );
  const more = new Map([...weights, ['other', { shape: [1], values: new Float32Array(1) }] as const]);
  expect(() => openSaved(dcganModel, CONFIG, SHAPE, more)).toThrow(
    "expected the model's tensors alone, got other",
  );
  expect(tf.memory().numTensors).toBe(before);
});

test('a restored training goes on to the bits of the one it was copied from', async () => {
  const model = trained();
  const copy = dcganModel.train(CONFIG, SHAPE, { images: 6, labelled: 0 }, rootStream(77));
  copy.restore(await model.state());
  const reals = tf.tensor4d(rootStream(5).uniforms(6 * 64), [6, 8, 8, 1]);
  for (const each of [model, copy]) for (let step = 4; step <= 6; step++) step3(each, reals, step);
  expect(await copy.state()).toEqual(await model.state());
});

test('leaves no tensor behind when used and disposed', async () => {
  const before = tf.memory().numTensors;
  const model = dcganModel.train(CONFIG, SHAPE, { images: 6, labelled: 0 }, rootStream(1));
  const held = tf.memory().numTensors;
  const reals = tf.tensor4d(rootStream(5).uniforms(6 * 64), [6, 8, 8, 1]);
  step3(model, reals, 1);
  model.restore(await model.state());
  await sampleImages(model.sampler, 3, rootStream(1));
  const images = model.sampler.generate(latentsOf(2));
  expect(tf.memory().numTensors).toBe(held + 3);
  tf.dispose([reals, images]);
  model.dispose();
  expect(tf.memory().numTensors).toBe(before + 1);
});

test('drawn images are bytes, the same for the same stream, the first ones whatever their number', async () => {
  const { sampler } = trained();
  const many = await sampleImages(sampler, 300, rootStream(1));
  expect(many).toHaveLength(300 * 64);
  const few = await sampleImages(sampler, 3, rootStream(1));
  expect(few).toEqual(many.slice(0, 3 * 64));
  expect(await sampleImages(sampler, 3, rootStream(2))).not.toEqual(few);
  await expect(sampleImages(sampler, 0, rootStream(1))).rejects.toThrow(
    'sampleImages.count: expected an integer of at least 1, got 0',
  );
});

test('names the argument of a wrong shape', () => {
  const { sampler } = trained();
  expect(() => sampler.generate(tf.zeros([2, 4]))).toThrow(
    'Dcgan.generate.latents: expected shape [*, 5], got [2, 4]',
  );
  expect(() => sampler.discriminate(tf.zeros([2, 8, 8, 3]))).toThrow(
    'Dcgan.discriminate.images: expected shape [*, 8, 8, 1], got [2, 8, 8, 3]',
  );
});
