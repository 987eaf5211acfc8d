import * as tf from '@tensorflow/tfjs';
import { beforeEach, describe, expect, test } from 'vitest';
import { openSaved } from '../../generators/model.ts';
import { sampleImages } from '../../generators/sample.ts';
import type { TrainableGenerator } from '../../generators/trainable.ts';
import { Vae, vaeModel } from '../../generators/vae.ts';
import { VaeConfig } from '../../generators/vae-config.ts';
import { likelihoodOf } from '../../generators/vae-likelihood.ts';
import { vaeNetworks } from '../../generators/vae-networks.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { linearVae, logDensity } from './linear-vae.ts';

beforeEach(async () => {
  await selectBackend('cpu');
});

const SHAPE = [6, 5, 1] as const;
const base = { kind: 'vae', latentSize: 3, ema: 0.5, batch: 4 } as const;
const CONFIGS = {
  dense: VaeConfig.parse({ ...base, network: { kind: 'mlp', hidden: [5, 4] } }),
  convolutional: VaeConfig.parse({
    ...base,
    network: { kind: 'conv', channels: [2, 3, 4] },
    likelihood: 'gaussian',
  }),
};
const LAYERS = { dense: ['hidden0', 'hidden1'], convolutional: ['down0', 'down1', 'down2'] };
const SHAPES = {
  dense: [
    [7, 5],
    [7, 4],
  ],
  convolutional: [
    [7, 3, 3, 2],
    [7, 2, 2, 3],
    [7, 1, 1, 4],
  ],
};

function imagesOf(n: number, seed = 3): tf.Tensor4D {
  const values = rootStream(seed).uniforms(n * 30);
  return tf.tensor4d(
    values.map((value) => 2 * value - 1),
    [n, ...SHAPE],
  );
}

function latentsOf(n: number): tf.Tensor2D {
  return tf.tensor2d(rootStream(9).normals(n * 3), [n, 3]);
}

function step(model: TrainableGenerator, number: number): void {
  const images = imagesOf(4, number + 1);
  tf.dispose({ ...model.step({ images }, rootStream(1).of('step', number)) });
  images.dispose();
}

function trained(config: VaeConfig): TrainableGenerator<Vae> {
  const model = vaeModel.train(config, SHAPE, { images: 4, labelled: 0 }, rootStream(1));
  for (let number = 1; number <= 3; number++) step(model, number);
  return model;
}

describe.each(['dense', 'convolutional'] as const)('a %s model', (name) => {
  const config = CONFIGS[name];

  test('has codes, images in [-1, 1] and features of the sizes that it says', async () => {
    const { sampler } = trained(config);
    expect(sampler.encode(imagesOf(7)).shape).toEqual([7, 3]);
    const images = sampler.generate(tf.mul(latentsOf(7), 50) as tf.Tensor2D);
    expect(images.shape).toEqual([7, 6, 5, 1]);
    for (const value of await images.data()) expect(Math.abs(value)).toBeLessThanOrEqual(1);
    expect(sampler.featureLayers).toEqual(LAYERS[name]);
    const shapes = sampler.featureLayers.map((layer) => sampler.features(imagesOf(7), layer).shape);
    expect(shapes).toEqual(SHAPES[name]);
    expect(() => sampler.features(imagesOf(7), 'down9')).toThrow(
      `features.layer: expected one of ${LAYERS[name].join(', ')}, got down9`,
    );
    expect(sampler.negativeElbo(imagesOf(7), rootStream(1)).shape).toEqual([7]);
  });

  test.each(['cpu', 'wasm'] as const)(
    'no image, code, feature or bound depends on the neighbours in the batch, on %s',
    async (backend) => {
      await selectBackend(backend);
      const { sampler } = trained(config);
      const [images, latents] = [imagesOf(7), latentsOf(7)];
      const layer = sampler.featureLayers.at(-1)!;
      const all = (from: number, n: number) => {
        const [some, few] = [
          tf.slice(images, from, n) as tf.Tensor4D,
          tf.slice(latents, from, n) as tf.Tensor2D,
        ];
        return [sampler.generate(few), sampler.encode(some), sampler.features(some, layer)];
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
      // Latents are drawn row after row, so that those of the first row are the same.
      const [first] = await sampler.negativeElbo(tf.slice(images, 0, 1) as tf.Tensor4D, rootStream(5)).data();
      expect((await sampler.negativeElbo(images, rootStream(5)).data())[0]! / first!).toBeCloseTo(1, 5);
    },
  );

  test('images follow their latents with the gradient of central differences', async () => {
    const { sampler } = trained(config);
    const start = latentsOf(1);
    const objective = (latents: tf.Tensor) => tf.mean(tf.square(sampler.generate(latents as tf.Tensor2D)));
    const gradient = await tf.grad(objective)(start).data();
    for (let i = 0; i < 3; i++) {
      const by = tf.mul(tf.oneHot([i], 3), 0.01);
      const [up, down] = [objective(tf.add(start, by)), objective(tf.sub(start, by))];
      const wanted = ((await up.data())[0]! - (await down.data())[0]!) / 0.02;
      expect(Math.abs(gradient[i]! - wanted)).toBeLessThan(0.02 * Math.abs(wanted) + 1e-4);
    }
  });

  test('a model from saved weights gives the same bits', async () => {
    const model = trained(config);
    const loaded = openSaved(vaeModel, config, SHAPE, await model.weights());
    const { sampler } = model;
    expect(await loaded.generate(latentsOf(3)).data()).toEqual(await sampler.generate(latentsOf(3)).data());
    expect(await loaded.encode(imagesOf(3)).data()).toEqual(await sampler.encode(imagesOf(3)).data());
    const bound = (of: Vae) => of.negativeElbo(imagesOf(3), rootStream(2)).data();
    expect(await bound(loaded)).toEqual(await bound(sampler));
  });

  test('a restored training goes on to the bits of the one it was copied from', async () => {
    const model = trained(config);
    const copy = vaeModel.train(config, SHAPE, { images: 4, labelled: 0 }, rootStream(77));
    copy.restore(await model.state());
    for (const each of [model, copy]) for (let number = 4; number <= 5; number++) step(each, number);
    expect(await copy.state()).toEqual(await model.state());
  });

  test('leaves no tensor behind when used and disposed', async () => {
    const before = tf.memory().numTensors;
    const model = trained(config);
    const held = tf.memory().numTensors;
    step(model, 4);
    model.restore(await model.state());
    const { sampler } = model;
    await sampleImages(sampler, 3, rootStream(1));
    const [images, latents] = [imagesOf(2), latentsOf(2)];
    const made = [
      images,
      latents,
      sampler.generate(latents),
      sampler.encode(images),
      sampler.features(images, sampler.featureLayers[0]!),
      sampler.negativeElbo(images, rootStream(1)),
    ];
    expect(tf.memory().numTensors).toBe(held + made.length);
    tf.dispose(made);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('in use the running statistics normalise, which a training moves a tenth of the way to each batch', async () => {
  const model = vaeModel.train(
    { ...CONFIGS.convolutional, ema: 0 },
    SHAPE,
    { images: 4, labelled: 0 },
    rootStream(1),
  );
  const variance = async () => [...(await model.weights()).get('encoder/norm0/variance')!.values];
  expect(await variance()).toEqual([1, 1]);
  const images = imagesOf(4);
  const filters = (await model.weights()).get('encoder/down0/filters')!;
  const maps = tf.conv2d(images, tf.tensor4d([...filters.values], [4, 4, 1, 2]), 2, 'same'); // [4, 3, 3, 2]
  const { variance: biased } = tf.moments(maps, [0, 1, 2]);
  const unbiased = [...(await biased.data())].map((value) => (value * 36) / 35);
  model.step({ images }, rootStream(1));
  (await variance()).forEach((value, i) => {
    expect(value).toBeCloseTo(0.9 + 0.1 * unbiased[i]!, 5);
  });
});

test('a Gaussian bound around the true posterior of a linear model is, in the mean, the density itself', async () => {
  // Pixels N(W z + b, s^2 I) of latents N(0, I) are N(b, W W' + s^2 I).
  const loadings = [
    [0.5, 0.1],
    [-0.3, 0.4],
    [0.2, -0.6],
  ];
  const [bias, deviation] = [[0.1, -0.2, 0.3], 0.6];
  const config = VaeConfig.parse({
    kind: 'vae',
    latentSize: 2,
    network: { kind: 'mlp', hidden: [4] },
    likelihood: 'gaussian',
    deviation,
  });
  const networks = vaeNetworks(config, [3, 1, 1]);
  const model = new Vae({
    networks,
    likelihood: likelihoodOf(config),
    ...linearVae(networks, { loadings, bias, deviation }),
  });
  const draws = 4000;
  for (const pixels of [
    [0.1, -0.2, 0.3],
    [0.9, -0.8, 0.1],
  ]) {
    const images = tf.tile(tf.tensor4d(pixels, [1, 3, 1, 1]), [draws, 1, 1, 1]) as tf.Tensor4D;
    const bounds = await model.negativeElbo(images, rootStream(3)).data<'float32'>();
    const mean = bounds.reduce((sum, bound) => sum + bound, 0) / draws;
    const variance = bounds.reduce((sum, bound) => sum + (bound - mean) ** 2, 0) / draws;
    const standardError = Math.sqrt(variance / draws);
    expect(standardError).toBeLessThan(0.02);
    expect(Math.abs(mean + logDensity(pixels, { loadings, bias, deviation }))).toBeLessThan(
      4 * standardError,
    );
  }
  model.dispose();
});

test('names the argument of a wrong shape', () => {
  const { sampler } = trained(CONFIGS.convolutional);
  expect(() => sampler.generate(tf.zeros([2, 4]))).toThrow(
    'Vae.generate.latents: expected shape [*, 3], got [2, 4]',
  );
  expect(() => sampler.encode(tf.zeros([2, 5, 6, 1]))).toThrow(
    'Vae.encode.images: expected shape [*, 6, 5, 1], got [2, 5, 6, 1]',
  );
  expect(() => sampler.features(tf.zeros([2, 5, 6, 1]), 'down0')).toThrow(
    'Vae.features.images: expected shape [*, 6, 5, 1], got [2, 5, 6, 1]',
  );
});
