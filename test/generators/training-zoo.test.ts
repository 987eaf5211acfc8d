import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Generator } from '../../generators/generator.ts';
import { type TrainingOptions, trainGenerator } from '../../generators/training.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/safetensors.ts';
import { dataOf, latentsOf, ZOO, type ZooCase } from './zoo-cases.ts';

let root: string;
let folders = 0;
const freshDir = () => path.join(root, `training-${folders++}`);
beforeAll(async () => {
  await selectBackend('wasm');
  root = await mkdtemp(path.join(tmpdir(), 'genal-training-zoo-'));
});
afterAll(async () => {
  await rm(root, { recursive: true });
  await selectBackend('cpu');
});

/** Eight steps with a checkpoint after each third. */
const short = (each: ZooCase, more: Partial<ZooCase['config']> = {}): ZooCase => ({
  ...each,
  config: { ...each.config, steps: 8, checkpointEvery: 3, gridEvery: 0, ...more } as ZooCase['config'],
});

async function run(each: ZooCase, dir: string, options: Partial<TrainingOptions> = {}): Promise<void> {
  const generator = await trainGenerator(each.config, dataOf(each), {
    dir,
    stream: rootStream(1),
    ...options,
  });
  generator.dispose();
}

/** A folder whose training was cut off at `step`, after the checkpoints before it. */
async function cutOff(each: ZooCase, step: number): Promise<string> {
  const dir = freshDir();
  const look = () => Promise.reject(new Error('power cut'));
  await expect(run(each, dir, { watch: { every: step, look } })).rejects.toThrow('power cut');
  return dir;
}

const CHECKPOINT = 'checkpoint.safetensors';
const [DCGAN, M2] = ['dcgan', 'm2'].map((name) => short(ZOO.find((each) => each.name === name)!)) as [
  ZooCase,
  ZooCase,
];

describe.each(ZOO)('$name', (found) => {
  const each = short(found);

  test('cut off at any step, it goes on to the same bytes, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const whole = freshDir();
    await run(each, whole);
    const dir = await cutOff(each, 7);
    await run(each, dir);
    const names = (await readdir(whole)).sort();
    expect(names).toEqual(['metrics.jsonl', 'model.json', 'weights.safetensors']);
    expect((await readdir(dir)).sort()).toEqual(names);
    for (const name of names) {
      const [wanted, got] = await Promise.all(
        [whole, dir].map((folder) => readFile(path.join(folder, name))),
      );
      expect(got!.equals(wanted!), name).toBe(true);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  test('stops at a loss that is not finite, names the losses, and keeps the checkpoint', async () => {
    const dir = await cutOff(each, 5);
    // The only way to a training that is sound up to its checkpoint and breaks right after it.
    const file = path.join(dir, CHECKPOINT);
    const { tensors, metadata } = decodeSafetensors(await readFile(file));
    const decoded = [...tensors.keys()].filter((name) =>
      /^\w*(decoder|generator)\/.*(weights|bias|filters)$/.test(name),
    );
    tensors.get(decoded.at(-1)!)!.values.fill(Number.NaN);
    await writeFile(file, encodeSafetensors(tensors, metadata));
    const kept = await readFile(file);
    const [message] = await Promise.all([
      run(each, dir).then(
        () => '',
        (error: Error) => error.message,
      ),
    ]);
    const [, figures] = /^trainGenerator: the training diverged \((.+) at step 4\); /.exec(message) ?? [];
    const names = each.losses.map((name) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`));
    expect(figures?.split(', ').map((figure) => figure.replace(/ [^ ]+$/, ''))).toEqual(names);
    expect(message).toContain('NaN');
    expect(message).toMatch(/the last good checkpoint, if there was one, is kept in [^\n]+$/);
    expect((await readFile(file)).equals(kept)).toBe(true);
    expect((await readFile(path.join(dir, 'metrics.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(3);
  });

  test('a watcher gets the model as it stands, usable and still so afterwards', async () => {
    const steps: number[] = [];
    let seen: Generator | undefined;
    const pixels: string[] = [];
    await run(each, freshDir(), {
      watch: {
        every: 3,
        look: async (step, model) => {
          steps.push(step);
          seen ??= model;
          expect(model).toBe(seen);
          const latents = latentsOf(model.latentSize, 2, rootStream(1));
          const images = model.generate(latents);
          pixels.push((await images.data()).join());
          tf.dispose([latents, images]);
        },
      },
    });
    expect(steps).toEqual([3, 6]);
    expect(new Set(pixels).size).toBe(2);
  });
});

test('refuses to go on under another config, naming each of several differences', async () => {
  const dir = await cutOff(M2, 5);
  const other = short(M2, { latentSize: 4, labelledBatch: 2, ema: 0.5 } as object);
  await expect(run(other, dir)).rejects.toThrow(
    '(latentSize: saved 2, asked 4; labelledBatch: saved 3, asked 2; ema: saved 0, asked 0.5)',
  );
  await expect(run(DCGAN, dir)).rejects.toThrow(
    /kind: saved "m2", asked "dcgan"; .*shape: saved \[5,4,1\], asked \[8,8,1\]/,
  );
});

test('refuses labelled images of another number or other labels', async () => {
  const dir = await cutOff(M2, 5);
  const data = dataOf(M2);
  const options = { dir, stream: rootStream(1) };
  const { images, labels } = data.labelled!;
  const relabelled = { ...data, labelled: { images, labels: labels.map((label) => 2 - label) } };
  await expect(trainGenerator(M2.config, relabelled, options)).rejects.toThrow(
    /got another one \(labelled.sha256: saved "\w+", asked "\w+"\)$/,
  );
  await expect(trainGenerator(M2.config, dataOf(M2, 26, 12), options)).rejects.toThrow(
    'labelled.count: saved 9, asked 12',
  );
});

test('refuses to take up an unfinished training on another backend, and loads a finished one', async () => {
  const dir = await cutOff(DCGAN, 5);
  await selectBackend('cpu');
  try {
    await expect(run(DCGAN, dir)).rejects.toThrow('got another one (backend: saved wasm, asked cpu)');
    await selectBackend('wasm');
    await run(DCGAN, dir);
    await selectBackend('cpu');
    await run(DCGAN, dir);
  } finally {
    await selectBackend('wasm');
  }
});

test('wrong data are told before anything is written', async () => {
  const dir = freshDir();
  const options = { dir, stream: rootStream(1) };
  const { labelled, ...unlabelled } = dataOf(M2);
  await expect(trainGenerator(M2.config, unlabelled, options)).rejects.toThrow(
    'since m2 learns from them, got none',
  );
  await expect(
    trainGenerator(DCGAN.config, { ...dataOf(DCGAN), labelled: labelled! }, options),
  ).rejects.toThrow('since dcgan learns from no labels');
  await expect(trainGenerator(M2.config, dataOf(M2, 26, 2), options)).rejects.toThrow('got 3');
  await expect(
    trainGenerator({ ...M2.config, classes: 2 } as typeof M2.config, dataOf(M2), options),
  ).rejects.toThrow('expected labels in [0, 2), got 2');
  await expect(
    trainGenerator(DCGAN.config, dataOf(DCGAN), { ...options, watch: { every: 0, look: () => {} } }),
  ).rejects.toThrow('trainGenerator.watch.every: expected an integer of at least 1, got 0');
  expect(existsSync(dir)).toBe(false);
});

test('weights that overflow in the last step are not saved as a model', async () => {
  const dir = freshDir();
  // Its losses are those before its only update.
  const each = short(M2, { steps: 1, learningRate: 1e39 });
  await expect(run(each, dir)).rejects.toThrow(/diverged \(.+ is not finite after step 1\)/);
  expect(await readdir(dir)).toEqual(['metrics.jsonl']);
});

test.skipIf(!existsSync('/dev/full'))('a full disk is one sentence, and the checkpoint stays', async () => {
  const dir = freshDir();
  const metrics = path.join(dir, 'metrics.jsonl');
  const look = async () => {
    await rm(metrics);
    await symlink('/dev/full', metrics);
  };
  await expect(run(DCGAN, dir, { watch: { every: 4, look } })).rejects.toThrow(
    /^trainGenerator\.dir: expected .+ to be a folder that can be written, got "ENOSPC: no space left on device, .+"; the last good checkpoint, if there was one, is kept$/,
  );
  expect(existsSync(path.join(dir, CHECKPOINT))).toBe(true);
});

test('a folder that cannot be is one sentence', async () => {
  const file = path.join(root, 'a-file');
  await writeFile(file, '');
  for (const dir of [file, path.join(file, 'below')]) {
    await expect(run(DCGAN, dir)).rejects.toThrow(
      /^trainGenerator\.dir: expected .+ to be a folder that can be written, got "E[A-Z]+: /,
    );
  }
});
