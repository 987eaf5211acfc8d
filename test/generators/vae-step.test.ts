import * as tf from '@tensorflow/tfjs';
import { beforeEach, expect, test, vi } from 'vitest';
import { VaeConfig } from '../../generators/vae-config.ts';
import { createVaeTraining, disposeVaeTraining, vaeStep, vaeVariables } from '../../generators/vae-step.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { expectSteps, fillAsReference, readReference, scalars } from './reference-steps.ts';
import { waves } from './waves.ts';

beforeEach(async () => {
  await selectBackend('cpu');
});

const SHAPE = [2, 3, 1] as const;
const CONFIG = VaeConfig.parse({
  kind: 'vae',
  latentSize: 3,
  network: { kind: 'mlp', hidden: [5, 4] },
  beta: 0.7,
  learningRate: 0.01,
});
const N = 4;

function batch(step: number) {
  return {
    images: tf.tensor4d(waves(100 + step, 0.9, 0, N * 6), [N, ...SHAPE]),
    noise: {
      latents: tf.tensor2d(waves(300 + step, 1.5, 0, N * 3), [N, 3]),
      pixels: tf.tensor4d(waves(200 + step, 0.9, 0, N * 6), [N, ...SHAPE]),
    },
  };
}

test.each(['cpu', 'wasm'] as const)(
  'losses, every gradient and the weights after two steps are those of PyTorch, on %s',
  async (backend) => {
    await selectBackend(backend);
    const expected = await readReference('vae-step.json');
    const training = createVaeTraining(CONFIG, SHAPE, rootStream(1));
    fillAsReference(vaeVariables(training), expected);
    const steps = {
      adam: training.adam,
      tensors: vaeVariables(training),
      take: (step: number) => {
        const { images, noise } = batch(step);
        const { loss, reconstruction, divergence } = vaeStep(training, images, noise);
        return scalars([loss, reconstruction, divergence]);
      },
    };
    await expectSteps(steps, expected, { losses: 2e-6, gradients: 5e-6, tensors: 5e-6 });
    disposeVaeTraining(training);
  },
);

test('the loss is the reconstruction and beta times the divergence', async () => {
  for (const beta of [0, 0.25, 1, 4]) {
    const training = createVaeTraining({ ...CONFIG, beta }, SHAPE, rootStream(1));
    const { images, noise } = batch(0);
    const losses = vaeStep(training, images, noise);
    const [loss, reconstruction, divergence] = await scalars([
      losses.loss,
      losses.reconstruction,
      losses.divergence,
    ]);
    expect(loss).toBeCloseTo(reconstruction! + beta * divergence!, 5);
    expect(divergence).toBeGreaterThan(0);
  }
});

test('pixels and dimensions are summed: a decoder and an encoder that know nothing cost what theory says', async () => {
  // Logits 0 cost ln 2 a pixel; moments 0 and 0 are the prior, moments 1 and 0 lie 1/2 a dimension from it.
  const training = createVaeTraining(CONFIG, SHAPE, rootStream(1));
  for (const name of ['decoder/logits/weights', 'encoder/moments/weights']) {
    const variable = vaeVariables(training)[name]!;
    variable.assign(tf.zerosLike(variable));
  }
  vaeVariables(training)['encoder/moments/bias']!.assign(tf.tensor1d([1, 1, 1, 0, 0, 0]));
  const { images, noise } = batch(0);
  const { reconstruction, divergence } = vaeStep(training, images, noise);
  expect((await reconstruction.data())[0]).toBeCloseTo(6 * Math.LN2, 5);
  expect((await divergence.data())[0]).toBeCloseTo(3 * 0.5, 5);
});

test('learns: the bound falls on a batch seen again and again', async () => {
  const training = createVaeTraining(CONFIG, SHAPE, rootStream(1));
  const { images, noise } = batch(0);
  const lossOf = async () => (await vaeStep(training, images, noise).loss.data())[0]!;
  const first = await lossOf();
  for (let step = 0; step < 60; step++) tf.dispose({ ...vaeStep(training, images, noise) });
  expect(await lossOf()).toBeLessThan(0.7 * first);
});

test('no tensor is left over by a step but its three losses, and none by a training freed', () => {
  const empty = tf.memory().numTensors;
  const training = createVaeTraining(CONFIG, SHAPE, rootStream(1));
  const { images, noise } = batch(0);
  const before = tf.memory().numTensors;
  for (let step = 0; step < 3; step++) {
    const losses = vaeStep(training, images, noise);
    expect(tf.memory().numTensors).toBe(before + 3);
    tf.dispose({ ...losses });
  }
  tf.dispose({ images, noise });
  disposeVaeTraining(training);
  expect(tf.memory().numTensors).toBe(empty);
});

test('nothing is read back from the device in a step', () => {
  const training = createVaeTraining(CONFIG, SHAPE, rootStream(1));
  const { images, noise } = batch(0);
  const reads = [vi.spyOn(tf.backend(), 'read'), vi.spyOn(tf.backend(), 'readSync')];
  vaeStep(training, images, noise);
  for (const read of reads) {
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
  }
});

test('names the argument of a wrong shape', () => {
  const training = createVaeTraining(CONFIG, SHAPE, rootStream(1));
  const { images, noise } = batch(0);
  expect(() => vaeStep(training, tf.zeros([4, 3, 2, 1]), noise)).toThrow(
    'vaeStep.images: expected shape [*, 2, 3, 1], got [4, 3, 2, 1]',
  );
  expect(() => vaeStep(training, images, { ...noise, latents: tf.zeros([4, 2]) })).toThrow(
    'vaeStep.noise.latents: expected shape [4, 3], got [4, 2]',
  );
  expect(() => vaeStep(training, images, { ...noise, pixels: tf.zeros([4, 3, 2, 1]) })).toThrow(
    'vaeStep.noise.pixels: expected shape [4, 2, 3, 1], got [4, 3, 2, 1]',
  );
});
