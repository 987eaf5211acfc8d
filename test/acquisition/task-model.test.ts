import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { M2TaskConfig, TaskModelConfig } from '../../src/acquisition/task-model/config.ts';
import { loadTaskModel, saveTaskModel } from '../../src/acquisition/task-model/saved.ts';
import { asM2 } from '../../src/acquisition/task-model/task-model.ts';
import { trainTaskModel } from '../../src/acquisition/task-model/train.ts';
import { trainM2, type UnlabelledImages } from '../../src/acquisition/task-model/train-m2.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import type { TrainProgress } from '../../src/classifiers/train.ts';
import type { ImageShape, Split } from '../../src/datasets/dataset.ts';
import { rootStream } from '../../src/random.ts';
import { poolIndex } from '../../src/shapes.ts';
import { inTurn, modeImages } from '../vaal/toy-pool.ts';

const shape: ImageShape = [4, 4, 1];
const small = (options: object = {}) =>
  M2TaskConfig.parse({
    kind: 'm2',
    latentSize: 3,
    network: { kind: 'mlp', hidden: [12] },
    steps: 12,
    batch: 8,
    labelledBatch: 4,
    learningRate: 5e-3,
    ...options,
  });
const conv = { kind: 'conv', filters: [3], units: 6, channels: [2], hidden: 6 };

const labelled = (modes: readonly number[]): Split => ({
  images: modeImages(modes, 'labelled'),
  labels: Uint8Array.from(modes),
  n: modes.length,
});
function unlabelled(modes: readonly number[]): UnlabelledImages {
  const images = modeImages(modes, 'unlabelled');
  return {
    candidates: modes.map((_, row) => poolIndex(3 * row)),
    bytes: (rows) =>
      Uint8Array.from(rows.flatMap((row) => [...images.subarray((row / 3) * 16, (row / 3 + 1) * 16)])),
  };
}
const options = {
  shape,
  classes: 4,
  weights: rootStream(1).of('weights'),
  order: rootStream(1).of('order', 0),
};
const known = labelled([0, 1, 2, 3, 0]);
const others = unlabelled(inTurn(20, [0, 1, 2, 3]));

beforeAll(() => selectBackend('cpu'));

const imagesOf = (modes: readonly number[]) =>
  tf.tensor4d(
    Float32Array.from(modeImages(modes, 'test'), (byte) => byte / 127.5 - 1),
    [modes.length, 4, 4, 1],
  );

describe('M2 as a task model', () => {
  test('is a pure function of its arguments, and leaves nothing when disposed', async () => {
    const before = tf.memory().numTensors;
    const values = [];
    for (let time = 0; time < 2; time++) {
      const model = await trainTaskModel(small(), known, others, options);
      const weights = await Promise.all(
        [...model.weights()].map(async ([name, w]) => [name, [...(await w.data())]]),
      );
      values.push(JSON.stringify([weights, model.training]));
      model.dispose();
    }
    expect(values[1]).toBe(values[0]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('learns the classes of few labels and many images', async () => {
    const model = await trainTaskModel(small({ steps: 60, learningRate: 2e-2 }), known, others, options);
    const images = imagesOf(inTurn(24, [0, 1, 2, 3]));
    const predicted = await tf.argMax(model.scores(images), 1).data();
    expect([...predicted]).toEqual(inTurn(24, [0, 1, 2, 3]));
    expect(model.training).toMatchObject({ labels: 5, updates: 60, dualityGap: null });
    model.dispose();
    images.dispose();
  });

  test('takes more steps where that many passes over the labels ask for it, with the step size falling over all of them', async () => {
    const weightsAfter = async (given: object) => {
      const model = await trainTaskModel(small({ decay: 'cosine', ...given }), known, others, options);
      const kernel = [...model.weights().values()][0] as tf.Tensor;
      const values = [...(await kernel.data())];
      const { updates } = model.training;
      model.dispose();
      return { updates, values };
    };
    // Five labels in batches of four: eight passes are ten batches, 30 are 37.5.
    expect(await weightsAfter({ epochs: 8 })).toEqual(await weightsAfter({ steps: 12 }));
    const many = await weightsAfter({ epochs: 30 });
    expect(many.updates).toBe(38);
    expect(many).toEqual(await weightsAfter({ steps: 38 }));
  });

  test('learns from the unlabelled images, and not from which rows they have', async () => {
    const kernelOf = async (images: UnlabelledImages) => {
      const model = await trainTaskModel(small(), known, images, options);
      const values = [...(await model.weights().get('decoder/logits/bias')!.data())];
      model.dispose();
      return values;
    };
    const first = await kernelOf(others);
    const shifted = { ...others, candidates: others.candidates.map((row) => poolIndex(row + 60)) };
    const same = {
      ...shifted,
      bytes: (rows: readonly number[]) => others.bytes(rows.map((row) => poolIndex(row - 60))),
    };
    expect(await kernelOf(same)).toEqual(first);
    expect(await kernelOf(unlabelled(inTurn(20, [0, 0, 1, 1])))).not.toEqual(first);
  });

  test.each([
    ['dense', {}],
    ['convolutional', { network: conv }],
  ])(
    'of %s layers: scores are linear in features, and both have the gradients that differences show',
    async (_, change) => {
      const model = await trainTaskModel(small({ steps: 4, ...change }), known, others, options);
      const images = imagesOf([0, 2, 3]);
      const weights = model.weights();
      const [kernel, bias] = ['weights', 'bias'].map(
        (name) => weights.get(`classifier/logits/${name}`) as tf.Tensor,
      );
      const features = model.features(images);
      expect(features.shape).toEqual([3, kernel!.shape[0]]);
      const scores = await model.scores(images).data();
      const linear = await tf.add(tf.matMul(features, kernel as tf.Tensor2D), bias!).data();
      scores.forEach((score, i) => {
        expect(score).toBeCloseTo(linear[i]!, 5);
      });
      const gap = (of: tf.Tensor4D): tf.Scalar =>
        tf.tidy(() =>
          tf.add(tf.sum(tf.slice(model.scores(of), [0, 1], [3, 1])), tf.sum(tf.square(model.features(of)))),
        );
      const gradient = await tf
        .grad((of) => gap(of as tf.Tensor4D))(images)
        .data();
      const flat = await images.data();
      for (const at of [3, 20, 37]) {
        const moved = async (by: number) =>
          (
            await gap(
              tf.tensor4d(
                Float32Array.from(flat, (v, i) => (i === at ? v + by : v)),
                images.shape,
              ),
            ).data()
          )[0]!;
        const slope = ((await moved(0.01)) - (await moved(-0.01))) / 0.02;
        expect(Math.abs(slope - gradient[at]!)).toBeLessThan(2e-3 + 0.02 * Math.abs(slope));
      }
      model.dispose();
    },
  );

  test.each([
    ['dense', {}],
    ['convolutional', { network: conv, decay: 'cosine', ema: 0.9 }],
  ])('of %s layers is saved and loaded with the same scores and latents to the bit', async (_, change) => {
    const model = await trainTaskModel(small(change), known, others, options);
    const dir = await mkdtemp(path.join(tmpdir(), 'genal-m2-'));
    await saveTaskModel(dir, model);
    const loaded = await loadTaskModel(dir, 'm2');
    const images = imagesOf([1, 3]);
    expect([...(await loaded.scores(images).data())]).toEqual([...(await model.scores(images).data())]);
    expect([...(await asM2(loaded)!.m2.encode(images).data())]).toEqual([
      ...(await asM2(model)!.m2.encode(images).data()),
    ]);
    expect(loaded.config).toEqual(model.config);
    expect(loaded.training).toEqual(model.training);
    loaded.dispose();
    const file = path.join(dir, 'model.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace('"latentSize": 3', '"latentSize": 4'));
    const before = tf.memory().numTensors;
    await expect(loadTaskModel(dir, 'm2')).rejects.toThrow(/weights\.safetensors: expected a tensor encoder/);
    await expect(loadTaskModel(dir, 'mlp')).rejects.toThrow('expected a saved classifier');
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  test('tells how far it is, and stops when told to, leaving nothing behind', async () => {
    const seen: TrainProgress[] = [];
    const controller = new AbortController();
    const before = tf.memory().numTensors;
    const onProgress = (progress: TrainProgress) => {
      seen.push(progress);
      if (progress.update === 6) controller.abort(new Error('enough'));
    };
    const training = trainM2(small(), known, others, { ...options, onProgress, signal: controller.signal });
    await expect(training).rejects.toThrow('enough');
    expect(seen.map(({ update }) => update)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(seen.at(-1)).toMatchObject({ updates: 12, objective: expect.any(Number) });
    expect(tf.memory().numTensors).toBe(before);
  });

  test('refuses what it cannot learn from', async () => {
    const before = tf.memory().numTensors;
    await expect(trainM2(small(), labelled([]), others, options)).rejects.toThrow('trainM2.labelled.n');
    await expect(trainM2(small(), known, unlabelled([]), options)).rejects.toThrow(
      'trainM2.unlabelled.candidates.length: expected an integer of at least 1, got 0',
    );
    await expect(trainM2(small({ learningRate: 1e30 }), known, others, options)).rejects.toThrow(
      /^trainM2\.config\.learningRate: expected one that keeps the loss finite, got 1e\+30 with a loss of NaN after \d/,
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('a config of any kind has its defaults, and an unknown kind or key is refused', () => {
  expect(TaskModelConfig.parse({ kind: 'm2' })).toMatchObject({
    weighting: { alpha: 60 },
    steps: 1000,
    learningRate: 1e-3,
    latentSize: 50,
  });
  expect(TaskModelConfig.parse({ kind: 'lenet' })).toMatchObject({ kind: 'lenet', updates: 300 });
  expect(TaskModelConfig.safeParse({ kind: 'm3' }).success).toBe(false);
  expect(TaskModelConfig.safeParse({ kind: 'm2', classes: 10 }).success).toBe(false);
});
