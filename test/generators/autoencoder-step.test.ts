import * as tf from '@tensorflow/tfjs';
import { beforeEach, expect, test, vi } from 'vitest';
import { AutoencoderConfig } from '../../generators/autoencoder-config.ts';
import {
  type AutoencoderTraining,
  autoencoderStep,
  createAutoencoderTraining,
  disposeAutoencoderTraining,
} from '../../generators/autoencoder-step.ts';
import { variablesOf } from '../../generators/network.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import type { ImageShape } from '../../src/datasets/dataset.ts';
import { rootStream } from '../../src/random.ts';
import { expectSteps, fillAsReference, readReference } from './reference-steps.ts';
import { waves } from './waves.ts';

beforeEach(async () => {
  await selectBackend('cpu');
});

interface Setting {
  readonly shape: ImageShape;
  readonly config: AutoencoderConfig;
}

const base = { kind: 'autoencoder', learningRate: 0.01 } as const;
const SETTINGS: Readonly<Record<string, Setting>> = {
  '8x8x3': {
    shape: [8, 8, 3],
    config: AutoencoderConfig.parse({ ...base, channels: [3, 4], latentSize: 2 }),
  },
  '7x6x1': {
    shape: [7, 6, 1],
    config: AutoencoderConfig.parse({ ...base, channels: [2, 3, 4], latentSize: 3 }),
  },
};
const TOY = SETTINGS['7x6x1']!;
const N = 8;

function imagesOf({ shape }: Setting, step: number): tf.Tensor4D {
  return tf.tensor4d(waves(100 + step, 0.9, 0, N * tf.util.sizeFromShape([...shape])), [N, ...shape]);
}

function allOf({ encoder, decoder }: AutoencoderTraining) {
  return { ...variablesOf('encoder', encoder), ...variablesOf('decoder', decoder) };
}

test.each(
  Object.keys(SETTINGS).flatMap((name) => (['cpu', 'wasm'] as const).map((on) => [name, on] as const)),
)(
  'the loss, every gradient, and weights and running statistics after two steps are those of PyTorch: %s on %s',
  async (name, backend) => {
    await selectBackend(backend);
    const expected = await readReference('autoencoder-step.json', name);
    const setting = SETTINGS[name]!;
    const training = createAutoencoderTraining(setting.config, setting.shape, rootStream(1));
    fillAsReference(allOf(training), expected, (key) => (key.endsWith('gamma') ? 1 : 0.1));
    const steps = {
      adam: training.adam,
      tensors: allOf(training),
      take: (step: number) => autoencoderStep(training, imagesOf(setting, step)).data(),
    };
    // A wrong gradient would move a tensor by up to 0.02.
    await expectSteps(steps, expected, { losses: 2e-6, gradients: 1e-5, tensors: 2e-5 });
    disposeAutoencoderTraining(training);
  },
);

test('errors are summed over pixels and averaged over images: a decoder of one grey costs its squared distance', async () => {
  const training = createAutoencoderTraining(TOY.config, TOY.shape, rootStream(1));
  const { weights } = training.decoder;
  weights['image/weights']!.assign(tf.zerosLike(weights['image/weights']!));
  weights['image/bias']!.assign(tf.tensor1d([0.25]));
  const images = tf.concat([tf.fill([3, 7, 6, 1], -1), tf.fill([1, 7, 6, 1], 0.25)]) as tf.Tensor4D;
  const [loss] = await autoencoderStep(training, images).data();
  expect(loss).toBeCloseTo((3 / 4) * 42 * 1.25 ** 2, 4);
});

test('learns: the error falls on a batch seen again and again', async () => {
  const setting = SETTINGS['8x8x3']!;
  const training = createAutoencoderTraining(setting.config, setting.shape, rootStream(1));
  const images = imagesOf(setting, 0);
  const [first] = await autoencoderStep(training, images).data();
  for (let step = 0; step < 8; step++) autoencoderStep(training, images).dispose();
  const [last] = await autoencoderStep(training, images).data();
  expect(last).toBeLessThan(0.9 * first!);
});

test('no tensor is left over by a step but its loss, none by a training freed, and nothing is read back', () => {
  const empty = tf.memory().numTensors;
  const training = createAutoencoderTraining(TOY.config, TOY.shape, rootStream(1));
  const images = imagesOf(TOY, 0);
  const before = tf.memory().numTensors;
  const reads = [vi.spyOn(tf.backend(), 'read'), vi.spyOn(tf.backend(), 'readSync')];
  for (let step = 0; step < 2; step++) {
    const loss = autoencoderStep(training, images);
    expect(tf.memory().numTensors).toBe(before + 1);
    loss.dispose();
  }
  for (const read of reads) {
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
  }
  images.dispose();
  disposeAutoencoderTraining(training);
  expect(tf.memory().numTensors).toBe(empty);
});

test('names the argument of a wrong shape', () => {
  const training = createAutoencoderTraining(TOY.config, TOY.shape, rootStream(1));
  expect(() => autoencoderStep(training, tf.zeros([4, 6, 7, 1]))).toThrow(
    'autoencoderStep.images: expected shape [*, 7, 6, 1], got [4, 6, 7, 1]',
  );
});
