import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { beforeEach, expect, test, vi } from 'vitest';
import { DcganConfig } from '../../generators/dcgan-config.ts';
import { createDcganTraining, dcganStep, disposeDcganTraining } from '../../generators/dcgan-step.ts';
import { type Network, variablesOf } from '../../generators/network.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { webGpu } from '../backend/graphics-card.ts';
import { waves } from './waves.ts';

beforeEach(async () => {
  await selectBackend('cpu');
});

const SHAPE = [8, 8, 1] as const;
const CONFIG = DcganConfig.parse({ kind: 'dcgan', latentSize: 5, channels: [4, 3], batch: 6 });

function batches(n = 6) {
  const stream = rootStream(7);
  const reals = tf.tensor4d(
    stream.uniforms(n * 64).map((value) => 2 * value - 1),
    [n, 8, 8, 1],
  );
  return { reals, latents: tf.tensor2d(stream.normals(n * 5), [n, 5]) };
}

async function weightsOf(network: Network): Promise<Record<string, number[]>> {
  return valuesOf({ weights: network.weights, statistics: {} });
}

async function valuesOf(network: Network): Promise<Record<string, number[]>> {
  const entries = Object.entries(variablesOf('', network)).map(async ([name, variable]) => [
    name,
    [...(await variable.data())],
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

const ORDER = {
  generator: 'dense/weights norm0/gamma norm0/beta up0/filters norm1/gamma norm1/beta up1/filters image/bias',
  discriminator: 'norm0/gamma norm0/beta down0/filters down1/filters logit/weights logit/bias',
};

test.each(['wasm', 'cpu', ...webGpu] as const)(
  'three steps from the same weights end where PyTorch ends, on %s',
  async (backend) => {
    await selectBackend(backend);
    const file = new URL('../fixtures/dcgan-step.json', import.meta.url);
    const expected = JSON.parse(await readFile(file, 'utf8')) as {
      losses: [number, number][];
      tensors: Record<string, number[]>;
    };
    const config = { ...CONFIG, learningRate: 0.01, labelSmoothing: 0.1 };
    const training = createDcganTraining(config, SHAPE, rootStream(1));
    for (const network of ['generator', 'discriminator'] as const) {
      ORDER[network].split(' ').forEach((name, index) => {
        const variable = training[network].weights[name]!;
        const mean = name.endsWith('gamma') ? 1 : 0;
        variable.assign(tf.tensor(waves(index + 1, 0.3, mean, variable.size), variable.shape));
      });
    }
    for (const [step, [discriminator, generator]] of expected.losses.entries()) {
      const reals = tf.tensor4d(waves(100 + step, 0.9, 0, 6 * 64), [6, 8, 8, 1]);
      const latents = tf.tensor2d(waves(200 + step, 1.5, 0, 30), [6, 5]);
      const losses = dcganStep(training, reals, latents);
      expect((await losses.discriminatorLoss.data())[0]).toBeCloseTo(discriminator, 5);
      expect((await losses.generatorLoss.data())[0]).toBeCloseTo(generator, 5);
    }
    const names = {
      ...variablesOf('generator', training.generator),
      ...variablesOf('discriminator', training.discriminator),
    };
    expect(Object.keys(names).sort()).toEqual(Object.keys(expected.tensors).sort());
    let worst = 0;
    for (const [name, variable] of Object.entries(names)) {
      const wanted = expected.tensors[name]!;
      (await variable.data()).forEach((value, i) => {
        worst = Math.max(worst, Math.abs(value - wanted[i]!));
      });
    }
    // Three Adam steps of 0.01: a wrong gradient anywhere is off by up to 0.06.
    expect(worst).toBeLessThan(1e-5);
    disposeDcganTraining(training);
  },
);

test('each update moves its own network alone', async () => {
  for (const frozen of ['generator', 'discriminator'] as const) {
    const training = createDcganTraining(CONFIG, SHAPE, rootStream(1));
    training[`${frozen}Adam`].learningRate = 0;
    const other = frozen === 'generator' ? 'discriminator' : 'generator';
    const before = { frozen: await weightsOf(training[frozen]), other: await weightsOf(training[other]) };
    const { reals, latents } = batches();
    dcganStep(training, reals, latents);
    expect(await weightsOf(training[frozen])).toEqual(before.frozen);
    const after = await weightsOf(training[other]);
    for (const name of Object.keys(after)) expect(after[name], name).not.toEqual(before.other[name]);
  }
});

test('the generator meets the discriminator as it is after its update', async () => {
  // Without learning of either, the generator's loss is that of the first discriminator; with a large step of the
  // discriminator it must change.
  const { reals, latents } = batches();
  const lossAt = async (rate: number) => {
    const training = createDcganTraining(CONFIG, SHAPE, rootStream(1));
    training.discriminatorAdam.learningRate = rate;
    const [loss] = await dcganStep(training, reals, latents).generatorLoss.data();
    return loss!;
  };
  expect(Math.abs((await lossAt(0.1)) - (await lossAt(0)))).toBeGreaterThan(0.05);
});

test('no tensor is left over by a step but its two losses', () => {
  const training = createDcganTraining({ ...CONFIG, ema: 0.9 }, SHAPE, rootStream(1));
  const { reals, latents } = batches();
  const before = tf.memory().numTensors;
  for (let step = 0; step < 3; step++) {
    const losses = dcganStep(training, reals, latents);
    expect(tf.memory().numTensors).toBe(before + 2);
    tf.dispose([losses.discriminatorLoss, losses.generatorLoss]);
  }
});

test('freeing a training frees everything it made', () => {
  const before = tf.memory().numTensors;
  disposeDcganTraining(createDcganTraining({ ...CONFIG, ema: 0.9 }, SHAPE, rootStream(1)));
  expect(tf.memory().numTensors).toBe(before);
});

test('nothing is read back from the device in a step', () => {
  const training = createDcganTraining({ ...CONFIG, ema: 0.9 }, SHAPE, rootStream(1));
  const { reals, latents } = batches();
  const reads = [vi.spyOn(tf.backend(), 'read'), vi.spyOn(tf.backend(), 'readSync')];
  dcganStep(training, reals, latents);
  for (const read of reads) {
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
  }
});

test('names the argument of a wrong shape', () => {
  const training = createDcganTraining(CONFIG, SHAPE, rootStream(1));
  const { reals, latents } = batches();
  expect(() => dcganStep(training, tf.zeros([6, 8, 8, 3]), latents)).toThrow(
    'dcganStep.reals: expected shape [*, 8, 8, 1], got [6, 8, 8, 3]',
  );
  expect(() => dcganStep(training, reals, tf.zeros([5, 5]))).toThrow(
    'dcganStep.latents: expected shape [6, 5], got [5, 5]',
  );
});
