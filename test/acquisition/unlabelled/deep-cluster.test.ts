import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { DeepClusterConfig } from '../../../src/acquisition/unlabelled/config.ts';
import { clusterOptimiser, deepCluster } from '../../../src/acquisition/unlabelled/deep-cluster.ts';
import { normalisedMutualInformation } from '../../../src/acquisition/unlabelled/mutual-information.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { ClassifierConfig } from '../../../src/classifiers/config.ts';
import { buildNetwork, type NetworkConfig, trainingStep } from '../../../src/classifiers/train-network.ts';
import type { ImageShape } from '../../../src/datasets/dataset.ts';
import { imageTensor } from '../../../src/datasets/dataset.ts';
import { rootStream } from '../../../src/random.ts';
import { inTurn, modeImages, SHAPE } from '../../vaal/toy-pool.ts';

beforeAll(() => selectBackend('cpu'));

const network = (options: object) => ClassifierConfig.parse(options) as NetworkConfig;
const mlp = network({ kind: 'mlp', hidden: [8] });
const pretraining = (options: object = {}) =>
  DeepClusterConfig.parse({
    kind: 'deep-cluster',
    clustersPerClass: 1,
    epochs: 3,
    updates: 6,
    batch: 8,
    learningRate: 0.1,
    ...options,
  });
const modes = inTurn(40, [0, 1, 2, 3]);
const images = modeImages(modes, 'unlabelled');
const options = { shape: SHAPE, classes: 4, stream: rootStream(3).of('pretraining') };

test('its steps are those of PyTorch, the last layer anew between them', async () => {
  const file = new URL('../../fixtures/active-learning/deep-cluster-step.json', import.meta.url);
  const reference = JSON.parse(readFileSync(file, 'utf8'));
  const { rate, decay, hidden, clusters } = reference;
  const shape: ImageShape = [2, 2, 1];
  const built = buildNetwork(network({ kind: 'mlp', hidden: [hidden] }), shape, clusters, rootStream(1));
  const put = (name: string, values: number[]) => {
    const variable = built.variables[name]!;
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  };
  const differs = async (name: string, expected: number[]) => {
    const values = await built.variables[name]!.data();
    expected.forEach((value, at) => {
      expect(Math.abs(values[at]! - value)).toBeLessThan(2e-6);
    });
  };
  put('dense-1/kernel', reference.body.kernel);
  put('dense-1/bias', reference.body.bias);
  const optimiser = clusterOptimiser(built, rate);
  const step = trainingStep(built, optimiser, decay);
  for (const epoch of reference.epochs) {
    put('classes/kernel', epoch.head);
    put('classes/bias', new Array(clusters).fill(0));
    for (const { pixels, labels, loss } of epoch.steps) {
      const batch = {
        images: imageTensor(Uint8Array.from(pixels), shape),
        labels: tf.tensor1d(labels, 'int32'),
        masks: {},
      };
      const [value] = await step(batch).loss.data();
      expect(Math.abs(value! - loss)).toBeLessThan(2e-6);
    }
    await differs('classes/kernel', epoch.headAfter);
    await differs('classes/bias', epoch.biasAfter);
  }
  await differs('dense-1/kernel', reference.bodyAfter.kernel);
  await differs('dense-1/bias', reference.bodyAfter.bias);
});

describe('DeepCluster', () => {
  test('is a pure function of its arguments, and leaves no tensor', async () => {
    const before = tf.memory().numTensors;
    const told: number[] = [];
    const first = await deepCluster(mlp, images, pretraining(), {
      ...options,
      onEpoch: (epoch) => void told.push(epoch),
    });
    const second = await deepCluster(mlp, images, pretraining(), options);
    expect(tf.memory().numTensors).toBe(before);
    expect(told).toEqual([1, 2, 3]);
    expect(second).toEqual(first);
    const other = await deepCluster(mlp, images, pretraining(), { ...options, stream: rootStream(4) });
    expect([...other.weights.values()][0]).not.toEqual([...first.weights.values()][0]);
  });

  test('finds the four kinds of image without labels, and its clusters settle', async () => {
    const { assigned, epochs } = await deepCluster(mlp, images, pretraining({ epochs: 6 }), options);
    expect(normalisedMutualInformation(assigned, modes)).toBeGreaterThan(0.9);
    expect(epochs.map(({ agreement }) => agreement === null)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(epochs.at(-1)?.agreement).toBeGreaterThan(0.9);
    expect(epochs.at(-1)?.loss).toBeLessThan(Math.log(4));
  });

  test('learns the body alone: its weights and running statistics, under the names of the network', async () => {
    const vgg = network({ kind: 'vgg', groups: [[2], [3]] });
    const { weights } = await deepCluster(vgg, images, pretraining({ epochs: 1, updates: 1 }), options);
    expect([...weights.keys()].filter((name) => name.startsWith('classes'))).toEqual([]);
    expect(weights.get('conv-2-1/kernel')?.shape).toEqual([3, 3, 2, 3]);
    // Running means are 0 before any training.
    expect(weights.get('conv-1-1/mean')?.values.some((value) => value !== 0)).toBe(true);
  });

  test('goes on where clusters are empty', async () => {
    const same = new Uint8Array(20 * 16).fill(90);
    const { epochs } = await deepCluster(mlp, same, pretraining(), options);
    expect(epochs.map(({ clusters, agreement }) => [clusters, agreement])).toEqual([
      [1, null],
      [1, 1],
      [1, 1],
    ]);
  });

  test('stops when it is told to, and refuses what it cannot do, leaving nothing', async () => {
    const before = tf.memory().numTensors;
    const abort = new AbortController();
    const stopped = deepCluster(mlp, images, pretraining(), {
      ...options,
      onEpoch: () => abort.abort(new Error('enough')),
      signal: abort.signal,
    });
    await expect(stopped).rejects.toThrow('enough');
    await expect(deepCluster(mlp, images, pretraining({ clustersPerClass: 11 }), options)).rejects.toThrow(
      'deepCluster.clustersPerClass: expected at most 40 clusters, got 44',
    );
    await expect(deepCluster(mlp, images, pretraining({ learningRate: 1e30 }), options)).rejects.toThrow(
      'deepCluster',
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});
