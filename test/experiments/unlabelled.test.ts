import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { trainClassifier } from '../../src/classifiers/train.ts';
import { loadDataset } from '../../src/datasets/registry.ts';
import { checkPlan, parseConfig } from '../../src/experiments/config.ts';
import { type ComparedRun, differencesBetween } from '../../src/experiments/fairness.ts';
import { pretrain, readBody } from '../../src/experiments/pretraining.ts';
import { runPaths } from '../../src/experiments/run-folder.ts';
import { isFinished, planTasks } from '../../src/experiments/runner.ts';
import { taskName } from '../../src/experiments/tasks.ts';
import { rootStream } from '../../src/random.ts';

const pretraining = { kind: 'deep-cluster', clustersPerClass: 2, epochs: 2, updates: 3, batch: 8 };
const raw = (change: object = {}) => ({
  name: 'test',
  dataset: { name: 'digits', trainSize: 60, testSize: 20 },
  initial: { size: 10 },
  batch: 2,
  rounds: 2,
  seeds: [1, 2],
  classifier: { kind: 'mlp', hidden: [6] },
  unlabelled: { pretraining },
  strategies: [{ kind: 'random' }, { kind: 'core-set' }],
  ...change,
});
const config = parseConfig('test', raw());
const folders: string[] = [];
const folder = async () => {
  const made = await mkdtemp(path.join(tmpdir(), 'genal-unlabelled-'));
  folders.push(made);
  return made;
};

beforeAll(() => selectBackend('wasm'));
afterAll(async () => {
  for (const made of folders) await rm(made, { recursive: true });
});

describe('the setting "unlabelled"', () => {
  test('writes its defaults out, and is absent where nobody set it', () => {
    const propagation = parseConfig(
      'test',
      raw({ unlabelled: { pseudoLabels: { kind: 'label-propagation' } } }),
    );
    expect(propagation.unlabelled).toMatchObject({
      pseudoLabels: { neighbours: 50, gamma: 3, alpha: 0.99, share: 0.5, index: { kind: 'exact' } },
    });
    const { unlabelled: _, ...without } = raw();
    expect(parseConfig('test', without)).not.toHaveProperty('unlabelled');
  });

  test.each([
    [{ unlabelled: {} }, 'unlabelled: expected "pretraining", "pseudoLabels" or both, got neither'],
    [{ classifier: { kind: 'linear-svm' } }, 'unlabelled: expected a network (mlp, lenet'],
    [{ classifier: { kind: 'm2' } }, 'got m2, which learns from unlabelled images as it is'],
    [{ classifier: { kind: 'mlp', batch: 1 } }, 'expected a classifier with a "batch" of at least 2, got 1'],
  ])('is refused before work starts: %j', (change, words) => {
    expect(() => parseConfig('test', raw(change))).toThrow(words);
  });

  test('may not ask for more clusters than there are images', async () => {
    const many = parseConfig(
      'test',
      raw({ unlabelled: { pretraining: { ...pretraining, clustersPerClass: 7 } } }),
    );
    expect(() => checkPlan('test', many, dataset)).toThrow('expected no more clusters than the 60 images');
    expect(() => checkPlan('test', config, dataset)).not.toThrow();
  });

  test('is part of the protocol: runs that differ in it do not compare', () => {
    const run = (dir: string, unlabelled: object): ComparedRun => ({
      dir,
      config: raw({ unlabelled }),
      manifest: null,
      cells: [],
    });
    const pseudoLabels = { kind: 'confidence' };
    const others = [
      { pseudoLabels },
      { pretraining, pseudoLabels },
      { pretraining: { ...pretraining, epochs: 3 } },
    ];
    for (const other of others) {
      const found = differencesBetween([run('a', { pretraining }), run('b', other)]);
      expect(found).toContainEqual(expect.objectContaining({ about: 'unlabelled', severity: 'unfair' }));
      expect(found.find(({ about }) => about === 'unlabelled')?.sentence).toContain(
        'b differs from a in the use of unlabelled images',
      );
    }
    const same = differencesBetween([run('a', { pretraining }), run('b', { pretraining })]);
    expect(same.filter(({ severity }) => severity === 'unfair')).toEqual([]);
  });
});

let dataset: Awaited<ReturnType<typeof loadDataset>>;
beforeAll(async () => {
  dataset = await loadDataset(config.dataset, { dataDirs: [] });
});

describe('pre-training', () => {
  const context = (run: string) => ({
    run,
    config,
    dataDirs: [],
    onLine: () => {},
    onStatus: () => {},
    signal: new AbortController().signal,
  });

  test('is one task a seed, before every cell of it', () => {
    const plan = planTasks(config);
    expect(plan.map(({ task }) => taskName(task)).slice(0, 2)).toEqual([
      'pre-training, seed 1',
      'pre-training, seed 2',
    ]);
    for (const { task, needs } of plan.slice(2)) {
      expect(needs).toEqual(task.kind === 'cell' ? [`pre-training, seed ${task.seed}`] : []);
    }
  });

  test('comes to the same bytes after it was stopped, and to others with another seed', async () => {
    const [run, other] = [await folder(), await folder()];
    const before = tf.memory().numTensors;
    await pretrain(1, context(run));
    const abort = new AbortController();
    const stop = () => abort.abort(new Error('stopped'));
    const stopped = pretrain(1, { ...context(other), onStatus: stop, signal: abort.signal });
    await expect(stopped).rejects.toThrow('stopped');
    expect(await isFinished(other, config, { kind: 'pretraining', seed: 1 })).toBe(false);
    await pretrain(1, context(other));
    expect(await isFinished(other, config, { kind: 'pretraining', seed: 1 })).toBe(true);
    await pretrain(2, context(other));
    expect(tf.memory().numTensors).toBe(before);
    const bytes = (of: string, seed: number) =>
      Promise.all(
        ['weights.safetensors', 'model.json'].map((file) =>
          readFile(path.join(runPaths.pretraining(of, seed), file), 'hex'),
        ),
      );
    expect(await bytes(other, 1)).toEqual(await bytes(run, 1));
    expect((await bytes(other, 2))[0]).not.toEqual((await bytes(run, 1))[0]);
  });

  test('looks at no test image', async () => {
    const [run, other] = [await folder(), await folder()];
    // The drawn digits of one seed differ between sizes of the test split alone.
    const fewer = { ...config, dataset: { ...config.dataset, testSize: 5 } } as typeof config;
    await pretrain(1, context(run));
    await pretrain(1, { ...context(other), config: fewer });
    expect(await readBody({ run: other, config }, 1)).toEqual(await readBody({ run, config }, 1));
  });

  test('gives a body from which the task model can start', async () => {
    const run = await folder();
    await pretrain(1, context(run));
    const start = await readBody({ run, config }, 1);
    const model = await trainClassifier(
      { ...config.classifier, updates: 1, learningRate: 1e-30 } as never,
      dataset.train,
      {
        shape: dataset.shape,
        classes: 10,
        weights: rootStream(1).of('weights'),
        order: rootStream(1).of('order', 0),
        start: start!,
      },
    );
    expect(await model.weights().get('dense-1/kernel')!.data()).toEqual(start!.get('dense-1/kernel')!.values);
    model.dispose();
    const { unlabelled: _, ...without } = config;
    expect(await readBody({ run, config: without }, 1)).toBeUndefined();
  });

  test('is refused from a folder whose weights are others', async () => {
    const run = await folder();
    await pretrain(1, context(run));
    await pretrain(2, context(run));
    const file = (seed: number) => path.join(runPaths.pretraining(run, seed), 'weights.safetensors');
    await rm(file(1));
    await copyFile(file(2), file(1));
    await expect(readBody({ run, config }, 1)).rejects.toThrow('expected the weights');
  });
});
