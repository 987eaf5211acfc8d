import * as tf from '@tensorflow/tfjs';
import { beforeEach, expect, test, vi } from 'vitest';
import { convSides } from '../../generators/conv-networks.ts';
import { variablesOf } from '../../generators/network.ts';
import { VaeConfig } from '../../generators/vae-config.ts';
import { vaeNetworks } from '../../generators/vae-networks.ts';
import {
  createVaeTraining,
  disposeVaeTraining,
  type VaeTraining,
  vaeStep,
  vaeVariables,
} from '../../generators/vae-step.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import type { ImageShape } from '../../src/datasets/dataset.ts';
import { rootStream } from '../../src/random.ts';
import { expectSteps, fillAsReference, readReference, scalars } from './reference-steps.ts';
import { waves } from './waves.ts';

beforeEach(async () => {
  await selectBackend('cpu');
});

interface Setting {
  readonly shape: ImageShape;
  readonly config: VaeConfig;
}

const base = { kind: 'vae', learningRate: 0.01 } as const;
const SETTINGS: Readonly<Record<string, Setting>> = {
  'gaussian 8x8x3': {
    shape: [8, 8, 3],
    config: VaeConfig.parse({
      ...base,
      network: { kind: 'conv', channels: [3, 4] },
      latentSize: 2,
      beta: 0.7,
      likelihood: 'gaussian',
      deviation: 0.6,
    }),
  },
  'binarised 6x5x1': {
    shape: [6, 5, 1],
    config: VaeConfig.parse({
      ...base,
      network: { kind: 'conv', channels: [2, 3, 4] },
      latentSize: 3,
      beta: 1.3,
    }),
  },
};
const TOY = SETTINGS['binarised 6x5x1']!;
const N = 8;

function batch({ shape, config }: Setting, step: number) {
  const size = N * tf.util.sizeFromShape([...shape]);
  const { latentSize, likelihood } = config;
  return {
    images: tf.tensor4d(waves(100 + step, 0.9, 0, size), [N, ...shape]),
    noise: {
      latents: tf.tensor2d(waves(300 + step, 1.5, 0, N * latentSize), [N, latentSize]),
      ...(likelihood === 'binarised' && {
        pixels: tf.tensor4d(waves(200 + step, 0.9, 0, size), [N, ...shape]),
      }),
    },
  };
}

function allOf({ encoder, decoder }: VaeTraining) {
  return { ...variablesOf('encoder', encoder), ...variablesOf('decoder', decoder) };
}

test.each(
  Object.keys(SETTINGS).flatMap((name) => (['cpu', 'wasm'] as const).map((on) => [name, on] as const)),
)(
  'losses, every gradient, and weights and running statistics after two steps are those of PyTorch: %s on %s',
  async (name, backend) => {
    await selectBackend(backend);
    const expected = await readReference('vae-conv-step.json', name);
    const setting = SETTINGS[name]!;
    const training = createVaeTraining(setting.config, setting.shape, rootStream(1));
    fillAsReference(vaeVariables(training), expected, (key) => (key.endsWith('gamma') ? 1 : 0.1));
    const steps = {
      adam: training.adam,
      tensors: allOf(training),
      take: (step: number) => {
        const { images, noise } = batch(setting, step);
        const { loss, reconstruction, divergence } = vaeStep(training, images, noise);
        return scalars([loss, reconstruction, divergence]);
      },
    };
    // A wrong gradient would move a tensor by up to 0.02.
    await expectSteps(steps, expected, { losses: 2e-6, gradients: 1e-5, tensors: 2e-5 });
    disposeVaeTraining(training);
  },
);

test('sides are halved and rounded up, and the decoder begins one doubling nearer to the image', () => {
  expect(convSides([28, 28, 1], 4)).toEqual([28, 14, 7, 4, 2].map((side) => [side, side]));
  expect(convSides([6, 5, 1], 3)).toEqual([
    [6, 5],
    [3, 3],
    [2, 2],
    [1, 1],
  ]);
  const network = { kind: 'conv' as const, channels: [128, 256, 512, 1024] };
  const { shapes } = vaeNetworks({ latentSize: 32, network }, [32, 32, 3]);
  expect(shapes.encoder.weights).toMatchObject({
    'down0/filters': [4, 4, 3, 128],
    'down3/filters': [4, 4, 512, 1024],
    'norm3/gamma': [1024],
    'moments/weights': [4096, 64],
  });
  expect(shapes.decoder.weights).toMatchObject({
    'dense/weights': [32, 1024 * 4 * 4],
    'up2/filters': [4, 4, 512, 1024],
    'up0/filters': [4, 4, 128, 256],
    'image/weights': [128, 3],
  });
  expect(
    vaeNetworks({ latentSize: 32, network }, [28, 28, 1]).shapes.decoder.weights['dense/weights'],
  ).toEqual([32, 1024 * 4 * 4]);
});

test('one level halves once and its decoder not at all', async () => {
  const config = { ...TOY.config, network: { kind: 'conv' as const, channels: [3] } };
  const training = createVaeTraining(config, [3, 2, 1], rootStream(1));
  expect(Object.keys(training.decoder.weights)).toEqual([
    'dense/weights',
    'dense/bias',
    'image/weights',
    'image/bias',
  ]);
  const images = tf.tensor4d(waves(1, 0.9, 0, 12), [2, 3, 2, 1]);
  const losses = vaeStep(training, images, { latents: tf.zeros([2, 3]), pixels: tf.zeros([2, 3, 2, 1]) });
  expect(Number.isFinite((await losses.loss.data())[0])).toBe(true);
});

test('first convolutions pass on the scale of what they are given, in both directions', async () => {
  const config = { ...TOY.config, network: { kind: 'conv' as const, channels: [16, 24] } };
  const { encoder, decoder } = createVaeTraining(config, [6, 5, 3], rootStream(1));
  const spreadOf = async (variable: tf.Variable) => (await tf.sqrt(tf.mean(tf.square(variable))).data())[0]!;
  expect(await spreadOf(encoder.weights['down0/filters']!)).toBeCloseTo(Math.sqrt(2 / (16 * 3)), 1);
  expect(await spreadOf(encoder.weights['down1/filters']!)).toBeCloseTo(Math.sqrt(2 / (16 * 16)), 2);
  expect(await spreadOf(decoder.weights['up0/filters']!)).toBeCloseTo(Math.sqrt(2 / (4 * 24)), 2);
  expect(await encoder.weights['norm0/gamma']!.data()).toEqual(new Float32Array(16).fill(1));
  expect(await encoder.weights['norm0/beta']!.data()).toEqual(new Float32Array(16));
  expect(await decoder.weights['image/bias']!.data()).toEqual(new Float32Array(3));
});

test('with beta 0 the loss is the reconstruction, and no weight follows the divergence', async () => {
  const setting = { ...TOY, config: { ...TOY.config, beta: 0 } };
  const training = createVaeTraining(setting.config, setting.shape, rootStream(1));
  // Latents without noise: the variances then reach no pixel, so that only the divergence could move them.
  const { images, noise } = batch(setting, 0);
  const before = await training.encoder.weights['moments/bias']!.data();
  const kept = [...before];
  const losses = vaeStep(training, images, { ...noise, latents: tf.zeros([N, 3]) });
  const [loss, reconstruction, divergence] = await scalars([
    losses.loss,
    losses.reconstruction,
    losses.divergence,
  ]);
  expect(loss).toBe(reconstruction);
  expect(divergence).toBeGreaterThan(0);
  const after = [...(await training.encoder.weights['moments/bias']!.data())];
  expect(after.slice(3)).toEqual(kept.slice(3));
  expect(after.slice(0, 3)).not.toEqual(kept.slice(0, 3));
});

test('learns: the bound falls on a batch seen again and again', async () => {
  const setting = SETTINGS['gaussian 8x8x3']!;
  const training = createVaeTraining(setting.config, setting.shape, rootStream(1));
  const { images, noise } = batch(setting, 0);
  const lossOf = async () => (await vaeStep(training, images, noise).loss.data())[0]!;
  const first = await lossOf();
  for (let step = 0; step < 8; step++) tf.dispose({ ...vaeStep(training, images, noise) });
  expect(await lossOf()).toBeLessThan(0.95 * first);
});

test('no tensor is left over by a step but its three losses, and none by a training freed', () => {
  const empty = tf.memory().numTensors;
  const training = createVaeTraining(TOY.config, TOY.shape, rootStream(1));
  const { images, noise } = batch(TOY, 0);
  const before = tf.memory().numTensors;
  for (let step = 0; step < 2; step++) {
    const losses = vaeStep(training, images, noise);
    expect(tf.memory().numTensors).toBe(before + 3);
    tf.dispose({ ...losses });
  }
  tf.dispose({ images, noise });
  disposeVaeTraining(training);
  expect(tf.memory().numTensors).toBe(empty);
});

test('nothing is read back from the device in a step', () => {
  const training = createVaeTraining(TOY.config, TOY.shape, rootStream(1));
  const { images, noise } = batch(TOY, 0);
  const reads = [vi.spyOn(tf.backend(), 'read'), vi.spyOn(tf.backend(), 'readSync')];
  vaeStep(training, images, noise);
  for (const read of reads) {
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
  }
});
