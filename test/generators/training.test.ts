import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DcganConfig } from '../../generators/dcgan-config.ts';
import { loadGenerator } from '../../generators/load.ts';
import { GRID_IMAGES, sampleImages } from '../../generators/sample.ts';
import { type TrainingOptions, type TrainingProgress, trainGenerator } from '../../generators/training.ts';
import { readCheckpoint, writeCheckpoint } from '../../generators/training-folder.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/safetensors.ts';

// 26 images in batches of 4: epochs of 6 steps, with two images left over in each.
const SHAPE = [4, 4, 1] as const;
const IMAGES = Uint8Array.from({ length: 26 * 16 }, (_, i) => (i * 37) % 256);
const CONFIG = DcganConfig.parse({
  kind: 'dcgan',
  latentSize: 3,
  channels: [3, 2],
  steps: 23,
  batch: 4,
  ema: 0.5,
  checkpointEvery: 5,
  gridEvery: 8,
});

let root: string;
let folders = 0;
const freshDir = () => path.join(root, `training-${folders++}`);
beforeAll(async () => {
  await selectBackend('cpu');
  root = await mkdtemp(path.join(tmpdir(), 'genal-training-'));
  await run(path.join(root, 'whole'), { onGrid: (step, images) => void GRIDS.set(step, images) });
});
afterAll(() => rm(root, { recursive: true }));
const GRIDS = new Map<number, Uint8Array>();

async function run(dir: string, options: Partial<TrainingOptions> = {}, config = CONFIG): Promise<void> {
  const generator = await trainGenerator(
    config,
    { images: IMAGES, shape: SHAPE },
    { dir, stream: rootStream(1), ...options },
  );
  generator.dispose();
}
const bytesOf = (dir: string, name: string) => readFile(path.join(dir, name));
const metricsOf = async (dir: string) =>
  (await bytesOf(dir, 'metrics.jsonl'))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** That the folder holds what an uninterrupted training leaves, to the byte. */
async function expectWhole(dir: string): Promise<void> {
  const whole = path.join(root, 'whole');
  expect((await readdir(dir)).sort()).toEqual(['metrics.jsonl', 'model.json', 'weights.safetensors']);
  for (const name of await readdir(whole)) {
    expect((await bytesOf(dir, name)).equals(await bytesOf(whole, name)), name).toBe(true);
  }
}

test('writes model, weights and one line of losses a step, and the same bytes again', async () => {
  const dir = freshDir();
  await run(dir);
  await expectWhole(dir);
  const metrics = await metricsOf(dir);
  expect(metrics.map(({ step }) => step)).toEqual(Array.from({ length: 23 }, (_, i) => i + 1));
  expect(Object.keys(metrics[0])).toEqual(['step', 'discriminatorLoss', 'generatorLoss']);
  const model = JSON.parse((await bytesOf(dir, 'model.json')).toString());
  expect(model).toMatchObject({ format: 1, config: CONFIG, shape: [4, 4, 1], images: { count: 26 } });
});

test('every step draws latents of its own', async () => {
  const dir = freshDir();
  // Networks that stand still, so that only the latents can change the generator's loss.
  await run(dir, {}, { ...CONFIG, learningRate: 1e-30 });
  const losses = (await metricsOf(dir)).map(({ generatorLoss }) => generatorLoss);
  expect(new Set(losses).size).toBeGreaterThan(20);
});

test('another stream gives other weights', async () => {
  const dir = freshDir();
  await run(dir, { stream: rootStream(2) });
  expect(
    (await bytesOf(dir, 'weights.safetensors')).equals(
      await bytesOf(path.join(root, 'whole'), 'weights.safetensors'),
    ),
  ).toBe(false);
});

test('reports progress with rates, and grids of the same latents', async () => {
  const dir = freshDir();
  const reports: TrainingProgress[] = [];
  await run(dir, { onProgress: (progress) => reports.push(progress) });
  expect(reports.map(({ step }) => step)).toEqual([5, 10, 15, 20, 23]);
  const metrics = await metricsOf(dir);
  for (const { step, losses, steps, imagesPerSecond, etaMs } of reports) {
    expect({ step, ...losses }).toEqual(metrics[step - 1]);
    expect(steps).toBe(23);
    expect(imagesPerSecond).toBeGreaterThan(0);
    expect(etaMs * imagesPerSecond).toBeCloseTo((23 - step) * 4 * 1000, 3);
  }
  expect([...GRIDS.keys()]).toEqual([8, 16]);
  expect(GRIDS.get(8)).toHaveLength(GRID_IMAGES * 16);
  expect(GRIDS.get(8)).not.toEqual(GRIDS.get(16));
});

test.each([1, 2, 3])(
  'aborted at any step, it saves, throws the reason, and goes on to the same bytes (%i)',
  async (seed) => {
    const dir = freshDir();
    // A grid at every step tells the step here, and shows that grids change nothing.
    const config = { ...CONFIG, gridEvery: 1 };
    const stream = rootStream(seed);
    for (const first of [1, 8, 15]) {
      const stop = first + stream.integer(6);
      const controller = new AbortController();
      const onGrid = (step: number) => {
        if (step === stop) controller.abort(new Error('enough'));
      };
      await expect(run(dir, { onGrid, signal: controller.signal }, config)).rejects.toThrow('enough');
      await expect(loadGenerator(dir)).rejects.toThrow(
        `got one whose training stands at step ${stop + 1} of 23`,
      );
    }
    await run(dir, {}, config);
    for (const name of ['weights.safetensors', 'metrics.jsonl']) {
      expect((await bytesOf(dir, name)).equals(await bytesOf(path.join(root, 'whole'), name))).toBe(true);
    }
  },
);

test('broken off without saving, it goes on from the last checkpoint to the same bytes', async () => {
  const dir = freshDir();
  for (const stop of [8, 16]) {
    const onGrid = (step: number) => {
      if (step === stop) throw new Error('power cut');
    };
    await expect(run(dir, { onGrid })).rejects.toThrow('power cut');
  }
  // Step 16 was after the checkpoint of 15; a kill may also tear the last line of the metrics.
  await writeFile(path.join(dir, 'metrics.jsonl'), '{"step":16,"discr', { flag: 'a' });
  await writeFile(path.join(dir, '.checkpoint.safetensors.1-0.tmp'), 'half of it');
  const seen: number[] = [];
  await run(dir, { onProgress: ({ step }) => seen.push(step) });
  expect(seen).toEqual([20, 23]);
  await expectWhole(dir);
});

test('broken off before its first checkpoint, it starts anew', async () => {
  const dir = freshDir();
  const onProgress = () => {
    throw new Error('power cut');
  };
  await expect(run(dir, { onProgress })).rejects.toThrow('power cut');
  expect(existsSync(path.join(dir, 'metrics.jsonl'))).toBe(true);
  await run(dir);
  await expectWhole(dir);
});

test('a finished training is loaded, not repeated, and draws what the training drew', async () => {
  const dir = path.join(root, 'whole');
  const seen: number[] = [];
  await writeFile(path.join(dir, 'checkpoint.safetensors'), 'left by a kill after the end');
  await run(dir, { onProgress: ({ step }) => seen.push(step) });
  expect(seen).toEqual([]);
  expect(existsSync(path.join(dir, 'checkpoint.safetensors'))).toBe(false);
  const loaded = await loadGenerator(dir);
  expect(loaded).toMatchObject({ kind: 'dcgan', latentSize: 3, shape: [4, 4, 1] });
  expect(await sampleImages(loaded, 2, rootStream(1))).toHaveLength(32);
  loaded.dispose();
});

async function unfinished(): Promise<string> {
  const dir = freshDir();
  const onGrid = () => {
    throw new Error('power cut');
  };
  await expect(run(dir, { onGrid })).rejects.toThrow('power cut');
  return dir;
}

test('refuses another config, finished or not, naming every difference', async () => {
  for (const dir of [await unfinished(), path.join(root, 'whole')]) {
    const before = await readdir(dir);
    await expect(run(dir, {}, { ...CONFIG, steps: 30, channels: [4, 2], gridEvery: 0 })).rejects.toThrow(
      `trainGenerator.dir: expected ${dir} to be free or to hold this training, got another one ` +
        '(channels: saved [3,2], asked [4,2]; steps: saved 23, asked 30; gridEvery: saved 8, asked 0)',
    );
    expect(await readdir(dir)).toEqual(before);
  }
});

test('refuses other images, another shape and another stream', async () => {
  const dir = await unfinished();
  const options = { dir, stream: rootStream(1) };
  const other = IMAGES.slice();
  other[100]! ^= 1;
  await expect(trainGenerator(CONFIG, { images: other, shape: SHAPE }, options)).rejects.toThrow(
    /images.sha256: saved "\w{64}", asked/,
  );
  await expect(trainGenerator(CONFIG, { images: IMAGES.slice(16), shape: SHAPE }, options)).rejects.toThrow(
    'images.count: saved 26, asked 25',
  );
  await expect(trainGenerator(CONFIG, { images: IMAGES, shape: [8, 4, 1] }, options)).rejects.toThrow(
    'shape: saved [4,4,1], asked [8,4,1]',
  );
  await expect(run(dir, { stream: rootStream(2) })).rejects.toThrow(
    /got another one \(stream: saved \d+, asked \d+\)$/,
  );
});

test('stops when a loss is no longer finite, keeps the checkpoint before and writes no such loss', async () => {
  const dir = await unfinished();
  // The only way to a training that is sound up to its checkpoint and breaks right after it.
  const file = path.join(dir, 'checkpoint.safetensors');
  const { tensors, metadata } = decodeSafetensors(await readFile(file));
  tensors.get('generatorAdam/image/bias/m')!.values.fill(Number.NaN);
  await writeFile(file, encodeSafetensors(tensors, metadata));
  const kept = await readFile(file);
  await expect(run(dir)).rejects.toThrow(
    /^trainGenerator: the training diverged \(discriminator loss NaN, generator loss NaN at step 7\); the last good checkpoint, if there was one, is kept in /,
  );
  expect((await readFile(file)).equals(kept)).toBe(true);
  const text = (await bytesOf(dir, 'metrics.jsonl')).toString();
  expect(text.trimEnd().split('\n')).toHaveLength(6);
  expect(text).not.toContain('null');
});

test('a checkpoint with a weight that is not finite is not written', async () => {
  const dir = await unfinished();
  const checkpoint = (await readCheckpoint(dir))!;
  const kept = await bytesOf(dir, 'checkpoint.safetensors');
  checkpoint.state.tensors.get('generator/dense/weights')!.values[3] = Number.NaN;
  await expect(writeCheckpoint(dir, checkpoint)).rejects.toThrow(
    'diverged (generator/dense/weights is not finite after step 5)',
  );
  expect((await bytesOf(dir, 'checkpoint.safetensors')).equals(kept)).toBe(true);
});

test('leaves no tensor behind, whether it ends, is stopped or fails', async () => {
  const before = tf.memory().numTensors;
  await run(freshDir());
  await unfinished();
  await expect(run(freshDir(), {}, { ...CONFIG, learningRate: 1e30 })).rejects.toThrow('diverged');
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(run(freshDir(), { signal })).rejects.toThrow('enough');
  expect(tf.memory().numTensors).toBe(before);
});

test('says what is wrong with its arguments before any work', async () => {
  const dir = freshDir();
  const options = { dir, stream: rootStream(1) };
  await expect(
    trainGenerator(CONFIG, { images: IMAGES.slice(0, 48), shape: SHAPE }, options),
  ).rejects.toThrow('dcgan.batch: expected at most the 3 images, got 4');
  await expect(trainGenerator(CONFIG, { images: IMAGES.slice(1), shape: SHAPE }, options)).rejects.toThrow(
    'got 415 bytes',
  );
  await expect(
    trainGenerator({ ...CONFIG, channels: [3, 2, 1] }, { images: IMAGES, shape: SHAPE }, options),
  ).rejects.toThrow('do not divide by 8');
  await expect(
    trainGenerator({ ...CONFIG, batch: 1 }, { images: IMAGES, shape: SHAPE }, options),
  ).rejects.toThrow('batch');
});

test('a folder without a finished generator says so', async () => {
  await expect(loadGenerator(path.join(root, 'nowhere'))).rejects.toThrow(
    `loadGenerator.dir: expected a trained generator in ${path.join(root, 'nowhere')}, got none`,
  );
  const dir = await unfinished();
  await expect(loadGenerator(dir)).rejects.toThrow('got one whose training stands at step 5 of 23');
});

test('broken files are named with their fault', async () => {
  const copy = async (edit: (dir: string) => Promise<void>) => {
    const dir = freshDir();
    await cp(path.join(root, 'whole'), dir, { recursive: true });
    await edit(dir);
    return loadGenerator(dir);
  };
  const model = JSON.parse((await bytesOf(path.join(root, 'whole'), 'model.json')).toString());
  const writing = (content: unknown) => (dir: string) =>
    writeFile(path.join(dir, 'model.json'), typeof content === 'string' ? content : JSON.stringify(content));
  await expect(copy(writing('{'))).rejects.toThrow('model.json: expected JSON, got something else');
  await expect(copy(writing({ ...model, format: 2 }))).rejects.toThrow(
    'model.json: expected format version 1, got 2',
  );
  await expect(copy(writing({}))).rejects.toThrow('model.json: expected format version 1, got none');
  await expect(copy(writing({ ...model, shape: [4, 4] }))).rejects.toThrow(
    /model.json: expected a generator's description; shape: /,
  );
  await expect(copy(writing({ ...model, config: { ...CONFIG, latentSize: 4 } }))).rejects.toThrow(
    /^loadGenerator.dir: expected weights of the model in .+: expected a tensor generator\/dense\/weights of shape \[4, 3\], got \[3, 3\]/,
  );
  await expect(copy((dir) => rm(path.join(dir, 'weights.safetensors')))).rejects.toThrow(
    "weights.safetensors: expected the model's weights, got no such file",
  );
  await expect(copy((dir) => writeFile(path.join(dir, 'weights.safetensors'), 'x'))).rejects.toThrow(
    'weights.safetensors: expected a safetensors file, got 1 bytes',
  );
});

test('a training whose metrics were lost is not taken up', async () => {
  const dir = await unfinished();
  await rm(path.join(dir, 'metrics.jsonl'));
  await expect(run(dir)).rejects.toThrow('metrics.jsonl: expected the losses of 5 steps, got 0');
});
