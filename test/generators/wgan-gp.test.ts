import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadGenerator } from '../../generators/load.ts';
import { openSaved } from '../../generators/model.ts';
import { type TrainingOptions, type TrainingProgress, trainGenerator } from '../../generators/training.ts';
import { wganGpModel } from '../../generators/wgan-gp.ts';
import { WganGpConfig } from '../../generators/wgan-gp-config.ts';
import { createWganGpTraining, criticStep, generatorStep } from '../../generators/wgan-gp-step.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';

// 26 images in batches of 4: epochs of 6 critic updates, in the midst of which steps of 5 begin and end.
const SHAPE = [5, 4, 1] as const;
const IMAGES = Uint8Array.from({ length: 26 * 20 }, (_, i) => (i * 37) % 256);
const CONFIG = WganGpConfig.parse({
  kind: 'wgan-gp',
  latentSize: 3,
  width: 1,
  generatorNorm: 'batch',
  criticNorm: 'layer',
  steps: 7,
  batch: 4,
  ema: 0.5,
  checkpointEvery: 3,
  gridEvery: 1,
});

let root: string;
beforeAll(async () => {
  await selectBackend('cpu');
  root = await mkdtemp(path.join(tmpdir(), 'genal-wgan-gp-'));
});
afterAll(() => rm(root, { recursive: true }));

function realsOf(n: number): tf.Tensor4D {
  return tf.tensor4d(
    rootStream(3)
      .uniforms(n * 20)
      .map((value) => 2 * value - 1),
    [n, ...SHAPE],
  );
}

async function run(dir: string, options: Partial<TrainingOptions> = {}): Promise<void> {
  const generator = await trainGenerator(
    CONFIG,
    { images: IMAGES, shape: SHAPE },
    { dir, stream: rootStream(1), ...options },
  );
  generator.dispose();
}

test('a step is five critic updates, each on images of its own, and one generator update', async () => {
  const model = wganGpModel.train({ ...CONFIG, ema: 0 }, SHAPE, { images: 26, labelled: 0 }, rootStream(1));
  const twin = createWganGpTraining({ ...CONFIG, ema: 0 }, SHAPE, rootStream(1));
  const reals = realsOf(20);
  expect(model.batchesPerStep).toBe(5);
  const losses = model.step({ images: reals }, rootStream(2));
  const latents = tf.tensor2d(
    rootStream(2)
      .of('latents')
      .normals(24 * 3),
    [24, 3],
  );
  const mixing = tf.tensor1d(rootStream(2).of('mixing').uniforms(20));
  let last: ReturnType<typeof criticStep> | undefined;
  for (let first = 0; first < 20; first += 4) {
    last = criticStep(
      twin,
      tf.slice(reals, first, 4) as tf.Tensor4D,
      tf.slice(latents, first, 4) as tf.Tensor2D,
      tf.slice(mixing, first, 4) as tf.Tensor1D,
    );
  }
  const generatorLoss = generatorStep(twin, tf.slice(latents, 20, 4) as tf.Tensor2D);
  const expected = { ...last, generatorLoss } as Record<string, tf.Scalar>;
  expect(Object.keys(losses)).toEqual(['criticLoss', 'wasserstein', 'penalty', 'generatorLoss']);
  for (const [name, loss] of Object.entries(losses)) {
    expect((await loss.data())[0], name).toBe((await expected[name]!.data())[0]);
  }
  const weights = await model.weights();
  for (const [network, variables] of Object.entries({ generator: twin.generator, critic: twin.critic })) {
    for (const [name, variable] of Object.entries(variables.weights)) {
      expect(weights.get(`${network}/${name}`)?.values, name).toEqual(await variable.data());
    }
  }
});

test('a step leaves its losses alone behind', () => {
  const model = wganGpModel.train(CONFIG, SHAPE, { images: 26, labelled: 0 }, rootStream(1));
  const reals = realsOf(20);
  const before = tf.memory().numTensors;
  const losses = model.step({ images: reals }, rootStream(2));
  expect(tf.memory().numTensors).toBe(before + 4);
  tf.dispose(Object.values(losses));
});

test('a training that was interrupted goes on to the same bytes', async () => {
  const [whole, broken] = [path.join(root, 'whole'), path.join(root, 'broken')];
  const reports: TrainingProgress[] = [];
  const before = tf.memory().numTensors;
  await run(whole, { onProgress: (progress) => reports.push(progress) });
  expect(tf.memory().numTensors).toBe(before);
  for (const stop of [1, 4]) {
    const controller = new AbortController();
    const onGrid = (step: number) => {
      if (step === stop) controller.abort(new Error('enough'));
    };
    await expect(run(broken, { onGrid, signal: controller.signal })).rejects.toThrow('enough');
  }
  await run(broken);
  for (const name of ['metrics.jsonl', 'model.json', 'weights.safetensors']) {
    const [expected, actual] = [
      await readFile(path.join(whole, name)),
      await readFile(path.join(broken, name)),
    ];
    expect(actual.equals(expected), name).toBe(true);
  }
  const last = reports.at(-1)!;
  const lines = (await readFile(path.join(whole, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
  expect(JSON.parse(lines.at(-1)!)).toEqual({ step: 7, ...last.losses });
  expect(lines).toHaveLength(7);
  // Twenty real images a step.
  expect(reports[0]!.etaMs * reports[0]!.imagesPerSecond).toBeCloseTo((7 - reports[0]!.step) * 20_000, 2);
});

test('a saved model draws the same images and gives the same scores', async () => {
  const model = wganGpModel.train(CONFIG, SHAPE, { images: 26, labelled: 0 }, rootStream(1));
  tf.dispose(Object.values(model.step({ images: realsOf(20) }, rootStream(2))));
  const before = tf.memory().numTensors;
  const loaded = openSaved(wganGpModel, CONFIG, SHAPE, await model.weights());
  const latents = tf.tensor2d(rootStream(4).normals(6), [2, 3]);
  const images = loaded.generate(latents);
  expect(await images.data()).toEqual(await model.sampler.generate(latents).data());
  expect(await loaded.discriminate(images).data()).toEqual(await model.sampler.discriminate(images).data());
  loaded.dispose();
  expect(tf.memory().numTensors).toBe(before + 5);
  expect(() => model.sampler.generate(tf.zeros([2, 4]))).toThrow(
    'WganGp.generate.latents: expected shape [*, 3], got [2, 4]',
  );
  expect(() => openSaved(wganGpModel, CONFIG, SHAPE, new Map())).toThrow(RangeError);
  model.dispose();
});

test('a trained model is loaded from its folder', async () => {
  const generator = await loadGenerator(path.join(root, 'whole'));
  expect(generator.kind).toBe('wgan-gp');
  expect(generator.generate(tf.zeros([1, 3])).shape).toEqual([1, ...SHAPE]);
  generator.dispose();
});
