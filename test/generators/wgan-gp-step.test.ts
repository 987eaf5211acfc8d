import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type Network, variablesOf } from '../../generators/network.ts';
import { WganGpConfig } from '../../generators/wgan-gp-config.ts';
import {
  createWganGpTraining,
  criticStep,
  disposeWganGpTraining,
  generatorStep,
  mixImages,
  type WganGpTraining,
} from '../../generators/wgan-gp-step.ts';
import type { Adam } from '../../src/backend/adam.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import type { BackendName } from '../../src/backend/backend-names.ts';
import type { ImageShape } from '../../src/datasets/dataset.ts';
import { rootStream } from '../../src/random.ts';
import { waves } from './waves.ts';

const native = await selectBackend('tensorflow').then(
  () => true,
  () => false,
);

beforeEach(async () => {
  await selectBackend('cpu');
});

const SHAPE = [12, 9, 2] as const;
const CONFIG = WganGpConfig.parse({
  kind: 'wgan-gp',
  latentSize: 5,
  width: 1,
  generatorNorm: 'batch',
  criticNorm: 'layer',
});

function batches(n = 3, shape: ImageShape = SHAPE) {
  const stream = rootStream(7);
  const pixels = n * tf.util.sizeFromShape([...shape]);
  const reals = tf.tensor4d(
    stream.uniforms(pixels).map((value) => 2 * value - 1),
    [n, ...shape],
  );
  return {
    reals,
    latents: tf.tensor2d(stream.normals(n * 5), [n, 5]),
    mixing: tf.tensor1d(stream.uniforms(n)),
  };
}

async function valuesOf(network: Network): Promise<Record<string, number[]>> {
  const entries = Object.entries(variablesOf('', network)).map(async ([name, variable]) => [
    name.slice(1),
    [...(await variable.data())],
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

// The numbers that test/fixtures/wgan-gp-step.py fills its tensors with.
function wavesOf(phase: number, scale: number, mean: number, shape: readonly number[]): tf.Tensor {
  return tf.tensor(waves(phase, scale, mean, tf.util.sizeFromShape([...shape])), [...shape]);
}

function filledTraining(config: WganGpConfig, shape: ImageShape): WganGpTraining {
  const training = createWganGpTraining(config, shape, rootStream(1));
  for (const { weights } of [training.critic, training.generator]) {
    for (const [index, name] of Object.keys(weights).sort().entries()) {
      const variable = weights[name]!;
      variable.assign(wavesOf(index + 1, 0.3, name.endsWith('gamma') ? 1 : 0, variable.shape));
    }
  }
  return training;
}

interface Expected {
  readonly wasserstein: number;
  readonly penalty: number;
  readonly generatorLoss: number;
  readonly critic: ExpectedNetwork;
  readonly generator: ExpectedNetwork;
}

interface ExpectedNetwork {
  readonly gradients: Record<string, number[]>;
  readonly values: Record<string, number[]>;
}

async function expectNetwork(network: Network, adam: Adam, expected: ExpectedNetwork): Promise<void> {
  const values = await valuesOf(network);
  expect(Object.keys(values).sort()).toEqual(Object.keys(expected.values).sort());
  const { moments } = await adam.state();
  for (const [name, wanted] of Object.entries(expected.values)) {
    const gradients = expected.gradients[name];
    const largest = Math.max(...(gradients ?? [1]).map(Math.abs));
    wanted.forEach((value, i) => {
      if (gradients !== undefined) {
        const gradient = moments[`${name}/m`]![i]! / (1 - CONFIG.beta1);
        expect(Math.abs(gradient - gradients[i]!), `${name} ${i}`).toBeLessThan(1e-4 * largest + 1e-6);
        // Adam's first step is the gradient's sign, which rounding decides where that is almost 0.
        if (Math.abs(gradients[i]!) < 1e-3 * largest) return;
      }
      expect(Math.abs(values[name]![i]! - value), `${name} ${i}`).toBeLessThan(1e-5 * (1 + Math.abs(value)));
    });
  }
}

const fixtures = JSON.parse(
  await readFile(new URL('../fixtures/wgan-gp-step.json', import.meta.url), 'utf8'),
) as Record<string, Expected>;

describe.each(['wasm', 'cpu', 'tensorflow'] as const)('on %s', (backend: BackendName) => {
  test.skipIf(backend === 'tensorflow' && !native).each([
    ['28x28x1', [28, 28, 1], {}],
    ['32x32x3 with batch norm', [32, 32, 3], { generatorNorm: 'batch' }],
    ['12x9x2 with layer norm', [12, 9, 2], { criticNorm: 'layer' }],
  ] as const)('both steps equal those of PyTorch: %s', async (name, shape, norms) => {
    await selectBackend(backend);
    const config = WganGpConfig.parse({
      kind: 'wgan-gp',
      latentSize: 5,
      width: 1,
      learningRate: 0.01,
      ...norms,
    });
    const [ofCritic, ofGenerator] = [filledTraining(config, shape), filledTraining(config, shape)];
    const reals = wavesOf(100, 0.9, 0, [3, ...shape]) as tf.Tensor4D;
    const latents = wavesOf(200, 1.5, 0, [3, 5]) as tf.Tensor2D;
    const mixing = wavesOf(300, 0.4, 0.5, [3]) as tf.Tensor1D;
    const expected = fixtures[name]!;
    const losses = criticStep(ofCritic, reals, latents, mixing);
    expect((await losses.wasserstein.data())[0]! / expected.wasserstein).toBeCloseTo(1, 4);
    expect((await losses.penalty.data())[0]! / expected.penalty).toBeCloseTo(1, 4);
    const loss = expected.penalty - expected.wasserstein;
    expect((await losses.criticLoss.data())[0]! / loss).toBeCloseTo(1, 4);
    await expectNetwork(ofCritic.critic, ofCritic.criticAdam, expected.critic);
    const generatorLoss = generatorStep(ofGenerator, latents);
    expect((await generatorLoss.data())[0]! / expected.generatorLoss).toBeCloseTo(1, 4);
    await expectNetwork(ofGenerator.generator, ofGenerator.generatorAdam, expected.generator);
    disposeWganGpTraining(ofCritic);
    disposeWganGpTraining(ofGenerator);
  });
});

test('each step moves its own network alone', async () => {
  const training = createWganGpTraining(CONFIG, SHAPE, rootStream(1));
  const { reals, latents, mixing } = batches();
  const first = [await valuesOf(training.generator), await valuesOf(training.critic)];
  criticStep(training, reals, latents, mixing);
  const second = [await valuesOf(training.generator), await valuesOf(training.critic)];
  expect(second[0]).toEqual(first[0]);
  for (const [name, values] of Object.entries(second[1]!)) expect(values, name).not.toEqual(first[1]![name]);
  generatorStep(training, latents);
  const third = [await valuesOf(training.generator), await valuesOf(training.critic)];
  expect(third[1]).toEqual(second[1]);
  for (const [name, values] of Object.entries(third[0]!)) expect(values, name).not.toEqual(second[0]![name]);
});

test('points of the penalty lie between the images: 0 is the real one, 1 the generated', async () => {
  const [reals, fakes] = [tf.ones([3, 1, 2, 1]), tf.fill([3, 1, 2, 1], 5)] as tf.Tensor4D[];
  const mixed = mixImages(reals!, fakes!, tf.tensor1d([0, 0.25, 1]));
  expect([...(await mixed.data())]).toEqual([1, 1, 2, 2, 5, 5]);
});

test('the estimated distance rises as the critic learns and falls as the generator does', async () => {
  await selectBackend('wasm');
  const config = WganGpConfig.parse({ kind: 'wgan-gp', latentSize: 2, width: 2, learningRate: 0.01 });
  const training = createWganGpTraining(config, [8, 8, 1], rootStream(1));
  const stream = rootStream(2);
  const draw = () => tf.tensor2d(stream.normals(8), [4, 2]);
  const reals = tf.fill([4, 8, 8, 1], 0.6) as tf.Tensor4D;
  const estimates: number[] = [];
  for (let step = 0; step < 40; step++) {
    for (let update = 0; update < 5; update++) {
      const { wasserstein } = criticStep(training, reals, draw(), tf.tensor1d(stream.uniforms(4)));
      if (update === 4) estimates.push((await wasserstein.data())[0]!);
    }
    generatorStep(training, draw());
  }
  const highest = Math.max(...estimates);
  // With slopes of 1, at most the distance of the images, 0.6 times 8 at the start.
  expect(highest).toBeGreaterThan(2);
  expect(highest).toBeLessThan(5);
  expect(estimates[0]).toBeLessThan(0.5 * highest);
  expect(estimates.at(-1)).toBeLessThan(0.5 * highest);
  disposeWganGpTraining(training);
});

test('a step leaves its losses alone behind, and reads nothing back', () => {
  const training = createWganGpTraining({ ...CONFIG, ema: 0.9 }, SHAPE, rootStream(1));
  const { reals, latents, mixing } = batches();
  const reads = [vi.spyOn(tf.backend(), 'read'), vi.spyOn(tf.backend(), 'readSync')];
  const before = tf.memory().numTensors;
  for (let step = 0; step < 3; step++) {
    const losses = criticStep(training, reals, latents, mixing);
    expect(tf.memory().numTensors).toBe(before + 3);
    tf.dispose([losses.criticLoss, losses.wasserstein, losses.penalty]);
    const loss = generatorStep(training, latents);
    expect(tf.memory().numTensors).toBe(before + 1);
    loss.dispose();
  }
  for (const read of reads) {
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
  }
});

test('freeing a training frees everything it made', () => {
  const before = tf.memory().numTensors;
  disposeWganGpTraining(createWganGpTraining({ ...CONFIG, ema: 0.9 }, SHAPE, rootStream(1)));
  expect(tf.memory().numTensors).toBe(before);
});

test('names the argument of a wrong shape', () => {
  const training = createWganGpTraining(CONFIG, SHAPE, rootStream(1));
  const { reals, latents, mixing } = batches();
  expect(() => criticStep(training, tf.zeros([3, 8, 8, 3]), latents, mixing)).toThrow(
    'criticStep.reals: expected shape [*, 12, 9, 2], got [3, 8, 8, 3]',
  );
  expect(() => criticStep(training, reals, latents, tf.zeros([4]))).toThrow(
    'criticStep.mixing: expected shape [3], got [4]',
  );
  expect(() => generatorStep(training, tf.zeros([3, 6]))).toThrow(
    'generatorStep.latents: expected shape [*, 5], got [3, 6]',
  );
});
