import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { variablesOf } from '../../generators/network.ts';
import { vaeVariables } from '../../generators/vae-step.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { adversarialLoss, discriminateCodes, discriminatorLoss } from '../../vaal/discriminator.ts';
import { VaalConfig } from '../../vaal/vaal-config.ts';
import {
  createVaalTraining,
  discriminatorUpdate,
  disposeVaalTraining,
  type VaalTraining,
  vaeUpdate,
} from '../../vaal/vaal-step.ts';
import { waves, worstShare } from '../generators/waves.ts';

const SHAPE = [8, 8, 1] as const;
const N = 6;
const CONFIG = VaalConfig.parse({
  latentSize: 3,
  network: { kind: 'conv', channels: [3, 4] },
  discriminator: [5, 4],
  beta: 0.7,
  adversary: 1.3,
  learningRate: 0.01,
  discriminatorLearningRate: 0.01,
});
const REFERENCE = { ...CONFIG, faithful: { ...CONFIG.faithful, pixelMeans: true, separateNorms: true } };

beforeEach(() => selectBackend('cpu'));

function batch(update = 0) {
  const pool = (i: number) => tf.tensor4d(waves(100 + 10 * update + i, 0.9, 0, N * 64), [N, ...SHAPE]);
  const latents = tf.tensor2d(waves(200 + update, 1.5, 0, 2 * N * 3), [2 * N, 3]);
  return { images: { labelled: pool(0), unlabelled: pool(1) }, latents };
}

function variables({ encoder, decoder, discriminator }: VaalTraining) {
  return {
    ...variablesOf('encoder', encoder),
    ...variablesOf('decoder', decoder),
    ...variablesOf('discriminator', discriminator),
  };
}

async function valuesOf(training: VaalTraining): Promise<Record<string, Float32Array>> {
  const entries = Object.entries(variables(training)).map(async ([name, variable]) => [
    name,
    Float32Array.from(await variable.data()),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

const numberOf = async (scalar: tf.Scalar) => (await scalar.data())[0]!;

interface Expected {
  readonly order: readonly string[];
  readonly losses: readonly (readonly [number, number, number, number])[];
  readonly discriminatorLoss: number;
  readonly tensors: Readonly<Record<string, readonly number[]>>;
}

describe.each([
  ['as the method', CONFIG],
  ['as the reference', REFERENCE],
] as const)('two updates of the autoencoder and one of the discriminator, %s,', (name, config) => {
  let expected: Expected;
  beforeAll(async () => {
    const file = new URL('../fixtures/vaal-step.json', import.meta.url);
    expected = (JSON.parse(await readFile(file, 'utf8')) as Record<string, Expected>)[name]!;
  });

  test.each(['cpu', 'wasm'] as const)('end where PyTorch ends, on %s', async (backend) => {
    await selectBackend(backend);
    const training = createVaalTraining(config, SHAPE, rootStream(1));
    const all = variables(training);
    expected.order.forEach((key, index) => {
      const mean = key.endsWith('gamma') ? 1 : 0.1;
      all[key]!.assign(tf.tensor(waves(index + 1, 0.4, mean, all[key]!.size), all[key]!.shape));
    });
    for (const [update, wanted] of expected.losses.entries()) {
      const { images, latents } = batch(update);
      const { loss, reconstruction, divergence, adversarial } = vaeUpdate(training, images, latents);
      const got = await Promise.all([loss, reconstruction, divergence, adversarial].map(numberOf));
      expect(worstShare(got, wanted)).toBeLessThan(1e-5);
    }
    const loss = await numberOf(discriminatorUpdate(training, batch(1).images));
    expect(loss).toBeCloseTo(expected.discriminatorLoss, 5);
    const values = await valuesOf(training);
    expect(Object.keys(values).sort()).toEqual(Object.keys(expected.tensors).sort());
    // Steps of 0.01: a wrong gradient anywhere is off by up to 0.04.
    for (const [key, wanted] of Object.entries(expected.tensors)) {
      expect(worstShare(values[key]!, wanted), key).toBeLessThan(5e-5);
    }
    disposeVaalTraining(training);
  });
});

test('the losses have their closed forms', async () => {
  const labelled = tf.tensor1d([2, -1]);
  const unlabelled = tf.tensor1d([0.8]);
  const log = (x: number) => Math.log1p(Math.exp(x));
  const ofLabelled = (log(-2) + log(1)) / 2;
  expect(await numberOf(discriminatorLoss(labelled, unlabelled))).toBeCloseTo((ofLabelled + log(0.8)) / 2, 6);
  expect(await numberOf(adversarialLoss(labelled, unlabelled))).toBeCloseTo((ofLabelled + log(-0.8)) / 2, 6);
  const chance = tf.zeros<tf.Rank.R1>([4]);
  expect(await numberOf(discriminatorLoss(chance, chance))).toBeCloseTo(Math.LN2, 6);
});

test('the adversarial term has the gradient of its finite differences, through codes and discriminator', async () => {
  const { discriminator } = createVaalTraining(CONFIG, SHAPE, rootStream(3));
  const start = rootStream(4).normals(2 * N * 3);
  const lossAt = (codes: tf.Tensor2D) => {
    const [labelled, unlabelled] = tf.split(discriminateCodes(discriminator, codes), 2) as tf.Tensor1D[];
    return adversarialLoss(labelled!, unlabelled!);
  };
  const codes = tf.tensor2d(start, [2 * N, 3]);
  const gradient = await tf
    .grad((x) => lossAt(x as tf.Tensor2D))(codes)
    .data();
  const width = 1e-2;
  for (let i = 0; i < start.length; i++) {
    const at = async (shift: number) =>
      numberOf(
        lossAt(
          tf.tensor2d(
            start.map((value, k) => (k === i ? value + shift : value)),
            [2 * N, 3],
          ),
        ),
      );
    const slope = ((await at(width)) - (await at(-width))) / (2 * width);
    expect(Math.abs(slope - gradient[i]!)).toBeLessThan(2e-4 + 0.02 * Math.abs(slope));
  }
});

test('each update moves its own networks alone', async () => {
  const training = createVaalTraining(CONFIG, SHAPE, rootStream(1));
  const moved = (before: Record<string, Float32Array>, after: Record<string, Float32Array>) =>
    new Set(
      Object.keys(after)
        .filter((name) => before[name]!.some((value, i) => value !== after[name]![i]))
        .map((name) => name.split('/')[0]),
    );
  const { images, latents } = batch();
  const before = await valuesOf(training);
  vaeUpdate(training, images, latents);
  const between = await valuesOf(training);
  expect(moved(before, between)).toEqual(new Set(['encoder', 'decoder']));
  discriminatorUpdate(training, images);
  expect(moved(between, await valuesOf(training))).toEqual(new Set(['discriminator']));
});

test('no gradient is computed of weights that an update leaves as they are', () => {
  const training = createVaalTraining(CONFIG, SHAPE, rootStream(1));
  const { images, latents } = batch();
  const products = (action: () => void) => {
    const engine = tf.engine() as unknown as { runKernel(name: string, ...rest: unknown[]): unknown };
    const kernels = vi.spyOn(engine, 'runKernel');
    action();
    const count = kernels.mock.calls.filter(([name]) => name === 'BatchMatMul').length;
    kernels.mockRestore();
    return count;
  };
  // Forward: encoder 1, decoder 2, discriminator 3. Backward: two each of encoder and decoder, one each of the discriminator.
  expect(products(() => vaeUpdate(training, images, latents))).toBe(6 + 6 + 3);
  // Forward: encoder 1, discriminator 2 x 3. Backward: of weights 2 x 3, of units 2 x 2; none of codes, none of the encoder.
  expect(products(() => discriminatorUpdate(training, images))).toBe(7 + 10);
});

test('batch norms see both pools at once, unless told to see them apart', async () => {
  const apart = { ...CONFIG, faithful: { ...CONFIG.faithful, separateNorms: true } };
  const statistics = async (config: VaalConfig) => {
    const training = createVaalTraining(config, SHAPE, rootStream(1));
    const { images, latents } = batch();
    // One pool is brighter, so that its own moments are others.
    vaeUpdate(training, { ...images, labelled: tf.add(tf.mul(images.labelled, 0.1), 0.9) }, latents);
    return (await valuesOf(training))['encoder/norm0/variance']!;
  };
  const [joint, separate] = [await statistics(CONFIG), await statistics(apart)];
  // The variance of a mixture exceeds the mean variance of its parts.
  for (const [i, value] of joint.entries()) expect(value).toBeGreaterThan(separate[i]!);
});

test('leaves its losses and nothing else, and frees everything', () => {
  const start = tf.memory().numTensors;
  const { images, latents } = batch();
  const given = tf.memory().numTensors;
  for (const config of [CONFIG, REFERENCE]) {
    const training = createVaalTraining(config, SHAPE, rootStream(1));
    tf.dispose({ ...vaeUpdate(training, images, latents) });
    discriminatorUpdate(training, images).dispose();
    const before = tf.memory().numTensors;
    tf.dispose({ ...vaeUpdate(training, images, latents) });
    discriminatorUpdate(training, images).dispose();
    expect(tf.memory().numTensors).toBe(before);
    disposeVaalTraining(training);
    expect(tf.memory().numTensors).toBe(given);
  }
  tf.dispose([images.labelled, images.unlabelled, latents]);
  expect(tf.memory().numTensors).toBe(start);
});

test('first weights of the reference are those of PyTorch where its own go astray', async () => {
  const config = { ...CONFIG, network: { kind: 'conv' as const, channels: [16, 32] } };
  const faithful = { ...config.faithful, torchWeights: true };
  const { encoder, decoder } = createVaalTraining({ ...config, faithful }, SHAPE, rootStream(1));
  const largest = async (variable: tf.Variable | undefined) =>
    Math.max(...(await variable!.data()).map(Math.abs));
  const within = async (variable: tf.Variable | undefined, bound: number) => {
    expect(await largest(variable)).toBeLessThanOrEqual(bound);
    expect(await largest(variable)).toBeGreaterThan(0.8 * bound);
  };
  await within(encoder.weights['moments/weights'], 1 / Math.sqrt(2 * 2 * 32));
  await within(decoder.weights['up0/filters'], 1 / Math.sqrt(16 * 16));
  await within(decoder.weights['image/weights'], 1);
  expect(await largest(encoder.weights['moments/bias'])).toBeGreaterThan(0);
  // What is a plain convolution, or in a block of several layers, starts as it was meant to.
  const plain = createVaalTraining(config, SHAPE, rootStream(1));
  const same = Object.keys(vaeVariables(plain)).filter((name) => /down|norm/.test(name));
  const [ours, theirs] = [vaeVariables(plain), vaeVariables({ encoder, decoder })];
  for (const name of same) expect(await theirs[name]!.data()).toEqual(await ours[name]!.data());
});

test('names the argument of a wrong shape', () => {
  const training = createVaalTraining(CONFIG, SHAPE, rootStream(1));
  const { images, latents } = batch();
  expect(() => vaeUpdate(training, { ...images, unlabelled: tf.zeros([5, 8, 8, 1]) }, latents)).toThrow(
    'vaeUpdate.batch.unlabelled: expected shape [6, 8, 8, 1], got [5, 8, 8, 1]',
  );
  expect(() => vaeUpdate(training, images, tf.zeros([6, 3]))).toThrow(
    'vaeUpdate.latents: expected shape [12, 3], got [6, 3]',
  );
});
