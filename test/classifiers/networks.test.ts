import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { LenetConfig, MlpConfig } from '../../src/classifiers/config.ts';
import { buildLenet } from '../../src/classifiers/lenet.ts';
import type { Network } from '../../src/classifiers/network.ts';
import { buildNetwork, miniBatches } from '../../src/classifiers/train-network.ts';
import type { ImageShape } from '../../src/datasets/dataset.ts';
import { rootStream } from '../../src/random.ts';

const mlp = MlpConfig.parse({ kind: 'mlp', hidden: [5, 4] });
const lenet = LenetConfig.parse({ kind: 'lenet', widths: [3, 4, 6] });
const weights = rootStream(1).of('weights');
const built: Network[] = [];
const build = (...args: Parameters<typeof buildNetwork>) => {
  const network = buildNetwork(...args);
  built.push(network);
  return network;
};

beforeAll(() => selectBackend('wasm'));
afterEach(() => {
  for (const network of built.splice(0)) network.dispose();
});

test('an MLP maps images through its hidden layers to logits', () => {
  const { variables } = build(mlp, [4, 4, 3], 7, weights);
  expect(Object.fromEntries(Object.entries(variables).map(([name, { shape }]) => [name, shape]))).toEqual({
    'dense-1/kernel': [48, 5],
    'dense-1/bias': [5],
    'dense-2/kernel': [5, 4],
    'dense-2/bias': [4],
    'classes/kernel': [4, 7],
    'classes/bias': [7],
  });
});

// [28, 28] loses 4 to the first kernel, halves, loses 4, halves: 24, 12, 8, 4. [32, 32]: 28, 14, 10, 5.
test.each([
  { shape: [28, 28, 1] as ImageShape, flat: 4 * 4 * 4 },
  { shape: [32, 32, 3] as ImageShape, flat: 5 * 5 * 4 },
])('LeNet takes images of $shape', ({ shape, flat }) => {
  const { variables } = build(lenet, shape, 10, weights);
  expect(Object.fromEntries(Object.entries(variables).map(([name, tensor]) => [name, tensor.shape]))).toEqual(
    {
      'conv-1/kernel': [5, 5, shape[2], 3],
      'conv-1/bias': [3],
      'conv-2/kernel': [5, 5, 3, 4],
      'conv-2/bias': [4],
      'dense-1/kernel': [flat, 6],
      'dense-1/bias': [6],
      'classes/kernel': [6, 10],
      'classes/bias': [10],
    },
  );
});

describe.each([
  { config: mlp, featureSize: 4 },
  { config: lenet, featureSize: 6 },
])('$config.kind', ({ config, featureSize }) => {
  const shape: ImageShape = [16, 16, 1];

  test('the same stream gives the same initial weights, whatever lives in the process; another, others', async () => {
    const first = build(config, shape, 3, weights);
    const again = build(config, shape, 3, weights);
    const other = build(config, shape, 3, rootStream(2));
    for (const [name, variable] of Object.entries(first.variables)) {
      const values = await variable.data();
      expect(await again.variables[name]!.data()).toEqual(values);
      if (name.endsWith('bias')) expect(values.every((value) => value === 0)).toBe(true);
      else expect(await other.variables[name]!.data()).not.toEqual(values);
    }
  });

  test('hidden kernels are drawn with a variance of 2 / inputs before the cut, 1.55 / inputs after it', async () => {
    const wide =
      config.kind === 'mlp'
        ? { ...config, hidden: [300] }
        : { ...config, widths: [64, 64, 64] as [number, number, number] };
    const { variables } = build(wide, shape, 3, weights);
    const hidden = Object.entries(variables).filter(([name]) => /^(conv|dense).*kernel$/.test(name));
    expect(hidden).toHaveLength(config.kind === 'mlp' ? 1 : 3);
    for (const [, kernel] of hidden) {
      const inputs = kernel.size / (kernel.shape.at(-1) as number);
      let squares = 0;
      for (const value of await kernel.data<'float32'>()) squares += value ** 2;
      // A standard normal cut at two deviations has variance 0.7737.
      expect(Math.abs((inputs * squares) / kernel.size - 2 * 0.7737)).toBeLessThan(0.15);
    }
  });

  test('scores are linear in features, and a row does not depend on its neighbours', async () => {
    const network = build(config, shape, 3, weights);
    const images = tf.tensor4d(rootStream(3).normals(5 * 256), [5, 16, 16, 1]);
    const alone = tf.slice(images, [2, 0, 0, 0], [1, 16, 16, 1]);
    const features = network.features(images);
    expect(features.shape).toEqual([5, featureSize]);
    const recomputed = tf.add(
      tf.matMul(features, network.variables['classes/kernel'] as unknown as tf.Tensor2D),
      network.variables['classes/bias']!,
    );
    const scores = network.scores(images);
    const scoresAlone = network.scores(alone);
    const values = await scores.data();
    (await recomputed.data()).forEach((value, i) => {
      expect(value).toBeCloseTo(values[i]!, 5);
    });
    expect(await scoresAlone.data()).toEqual(values.slice(6, 9));
    tf.dispose([images, alone, features, recomputed, scores, scoresAlone]);
  });

  test('leaves nothing behind when it is disposed', () => {
    const before = tf.memory().numTensors;
    const network = buildNetwork(config, shape, 3, weights);
    const images = tf.zeros([2, 16, 16, 1]) as tf.Tensor4D;
    tf.dispose([network.scores(images), network.features(images), images]);
    network.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('refuses images of another shape', () => {
    const network = build(config, shape, 3, weights);
    const images = tf.zeros([2, 15, 16, 1]) as tf.Tensor4D;
    expect(() => network.scores(images)).toThrow(
      'Network.images: expected shape [*, 16, 16, 1], got [2, 15, 16, 1]',
    );
    images.dispose();
  });
});

test('LeNet refuses images too small for its poolings', () => {
  expect(() => buildLenet(lenet, [15, 28, 1], 10, weights)).toThrow(
    'buildLenet.shape: expected at least 16 x 16, got 15 x 28',
  );
  build(lenet, [16, 16, 1], 10, weights);
});

describe('mini-batches', () => {
  const take = (n: number, batch: number, count: number, seed = 1) => {
    const batches = miniBatches(n, batch, rootStream(seed));
    return Array.from({ length: count }, () => batches.next().value);
  };

  test.each([
    { n: 10, batch: 4 },
    { n: 3, batch: 8 },
    { n: 1, batch: 5 },
    { n: 6, batch: 6 },
  ])('of $batch from $n rows: every stretch of $n visits each row once', ({ n, batch }) => {
    const batches = take(n, batch, 15);
    for (const rows of batches) expect(rows).toHaveLength(batch);
    const visited = batches.flat();
    for (let start = 0; start + n <= visited.length; start += n) {
      expect([...visited.slice(start, start + n)].sort((a, b) => a - b)).toEqual(
        Array.from({ length: n }, (_, row) => row),
      );
    }
  });

  test('are shuffled anew each pass, by the stream alone', () => {
    expect(take(20, 20, 2)[0]).not.toEqual(take(20, 20, 2)[1]);
    expect(take(20, 7, 9)).toEqual(take(20, 7, 9));
    expect(take(20, 7, 9, 2)).not.toEqual(take(20, 7, 9));
  });
});
