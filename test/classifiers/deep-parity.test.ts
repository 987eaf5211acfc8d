import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { ClassifierConfig } from '../../src/classifiers/config.ts';
import {
  buildNetwork,
  type LabelledBatch,
  type NetworkConfig,
  optimiserOf,
  trainingStep,
} from '../../src/classifiers/train-network.ts';
import type { ImageShape } from '../../src/datasets/dataset.ts';
import { rootStream } from '../../src/random.ts';
import { presentBackends } from '../backend/present.ts';
import { chirps } from '../generators/waves.ts';

interface Reference {
  readonly losses: readonly number[];
  readonly gradients: Readonly<Record<string, number[]>>;
  readonly after: Readonly<Record<string, number[]>>;
  readonly scores: readonly number[];
}

const file = new URL('../fixtures/classifiers/deep-steps.json', import.meta.url);
const reference = JSON.parse(await readFile(file, 'utf8')) as Record<string, Reference>;

const sgd = { kind: 'sgd', learningRate: 0.05, momentum: 0.9 };
const cases = [
  {
    config: { kind: 'conv13', widths: [2, 3, 4, 3, 2], dropout: 0.5, optimiser: { ...sgd, nesterov: true } },
    shape: [13, 12, 2],
    masks: { first: 7 * 6 * 2, second: 4 * 3 * 3 },
  },
  {
    config: { kind: 'vgg', groups: [[2], [3, 3]], hidden: [4], dropout: 0.5, optimiser: sgd },
    shape: [7, 6, 2],
    masks: { 'dense-1': 4 },
  },
  {
    config: { kind: 'resnet18', widths: [2, 2, 3, 3], dropout: 0.5, optimiser: sgd },
    shape: [9, 8, 2],
    masks: { features: 3 },
  },
].map(({ config, shape, masks }) => ({
  config: ClassifierConfig.parse(config) as NetworkConfig,
  shape: shape as unknown as ImageShape,
  masks,
}));

function near(got: ArrayLike<number>, wanted: readonly number[], what: string): void {
  expect(got.length, what).toBe(wanted.length);
  const size = Math.max(...wanted.map(Math.abs), 1e-2);
  wanted.forEach((value, i) => {
    expect(Math.abs(got[i]! - value), `${what}[${i}]: ${got[i]} for ${value}`).toBeLessThan(2e-4 * size);
  });
}

afterAll(() => selectBackend('cpu'));

describe.each(['cpu', ...presentBackends] as const)('on %s', (backend) => {
  test.each(cases)('two steps of $config.kind end where PyTorch ends', async ({ config, shape, masks }) => {
    await selectBackend(backend);
    const wanted = reference[config.kind] as Reference;
    const network = buildNetwork(config, shape, 3, rootStream(1));
    expect(Object.keys(network.variables).sort()).toEqual(Object.keys(wanted.after).sort());
    // Statistics are numbered too, and keep their first values.
    Object.keys(wanted.after).forEach((name, index) => {
      const weight = network.weights[name];
      if (weight === undefined) return;
      const values = chirps(index + 1, 0.4, name.endsWith('gamma') ? 1 : 0, weight.size);
      tf.tidy(() => weight.assign(tf.tensor(values, weight.shape)));
    });
    const batch = (step: number): LabelledBatch => ({
      images: tf.tensor4d(chirps(100 + step, 0.9, 0, 4 * tf.util.sizeFromShape([...shape])), [4, ...shape]),
      labels: tf.tensor1d([2, 0, 1, 2], 'int32'),
      masks: Object.fromEntries(
        Object.entries(masks).map(([name, units], i) => [
          name,
          tf.tensor2d(
            chirps(200 + 10 * step + i, 1, 0, 4 * units).map((value) => (value > -0.5 ? 1.5 : 0)),
            [4, units],
          ),
        ]),
      ),
    });

    const gradients: Record<string, Float32Array> = {};
    if (backend !== 'tensorflow') {
      // A graph is recorded on native TensorFlow, in which nothing may be read; the weights below tell the same there.
      let seen: tf.NamedTensorMap = {};
      const statistics = Object.values(network.statistics).map((variable) => variable.clone());
      const looking = trainingStep(
        network,
        {
          apply: (found) => {
            seen = Object.fromEntries(Object.entries(found).map(([name, tensor]) => [name, tf.keep(tensor)]));
          },
        },
        0.02,
      );
      looking(batch(0));
      Object.values(network.statistics).forEach((variable, i) => {
        variable.assign(statistics[i] as tf.Tensor);
      });
      for (const [name, weight] of Object.entries(network.weights)) {
        gradients[name] = (await seen[weight.name]!.data()) as Float32Array;
      }
      for (const [name, values] of Object.entries(wanted.gradients)) {
        near(gradients[name]!, values, `gradient of ${name}`);
      }
    }

    const optimiser = optimiserOf(config, network);
    const step = trainingStep(network, optimiser, 0.02);
    for (const [number, loss] of wanted.losses.entries()) {
      near(await step(batch(number)).loss.data(), [loss], `loss ${number}`);
    }
    expect(step.obstacle === undefined).toBe(backend === 'tensorflow');
    for (const [name, values] of Object.entries(wanted.after)) {
      near(await network.variables[name]!.data(), values, name);
    }
    const unseen = tf.tensor4d(chirps(300, 0.9, 0, 4 * tf.util.sizeFromShape([...shape])), [4, ...shape]);
    near(await network.scores(unseen).data(), wanted.scores, 'scores by the running statistics');
    optimiser.dispose();
    step.dispose();
    network.dispose();
  });
});
