import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadGenerator } from '../../generators/load.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { type ExperimentConfig, parseConfig } from '../../src/experiments/config.ts';
import { ConfigError } from '../../src/experiments/config-error.ts';
import { checkGeneratorFolders, takeGeneratorFolder } from '../../src/experiments/generator-folder.ts';
import { runPaths } from '../../src/experiments/run-folder.ts';
import { isFinished, planTasks } from '../../src/experiments/runner.ts';
import { runTask, taskName } from '../../src/experiments/tasks.ts';

/** A DCGAN of images [8, 12, 1], trained in PyTorch. */
const FIXTURE = join(import.meta.dirname, '../fixtures/pytorch-dcgan/dcgan');

let dir: string;
let folder: string;
let run: string;
beforeAll(async () => {
  await selectBackend('cpu');
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'genal-generator-'));
  folder = join(dir, 'mine');
  run = join(dir, 'run');
  cpSync(FIXTURE, folder, { recursive: true });
});

function configOf(generator: object, strategy: object = { kind: 'gaal' }): ExperimentConfig {
  return parseConfig('plan.json', {
    name: 'test',
    dataset: { name: 'digits' },
    initial: { size: 10 },
    batch: 2,
    rounds: 2,
    seeds: [1, 2],
    classifier: { kind: 'linear-svm' },
    generators: { mine: generator },
    strategies: [strategy],
  });
}

describe('a generator from a folder', () => {
  test('is one for all seeds, has a path and nothing else', () => {
    const tasks = planTasks(configOf({ kind: 'folder', path: folder })).map(({ task }) => taskName(task));
    expect(tasks).toEqual(['generator mine', 'reference classifier', 'gaal, seed 1', 'gaal, seed 2']);
    expect(() => configOf({ kind: 'folder', path: folder, steps: 3 })).toThrow('"steps"');
    expect(() => configOf({ kind: 'folder' })).toThrow('generators.mine.path');
  });

  test('is copied instead of trained, with what it came from, and is not asked for again', async () => {
    const config = configOf({ kind: 'folder', path: folder });
    const task = { kind: 'generator', name: 'mine', seed: null } as const;
    const lines: string[] = [];
    expect(await isFinished(run, config, task)).toBe(false);
    await runTask(task, {
      run,
      config,
      dataDirs: [],
      onLine: (line) => lines.push(line),
      onStatus: () => {},
      writeQueryPicture: async () => {},
      writeMatchPicture: async () => {},
      writeReconstructionPicture: async () => {},
      writeSampleGrid: async () => {},
      signal: new AbortController().signal,
    });
    expect(await isFinished(run, config, task)).toBe(true);

    const copy = runPaths.generator(run, 'mine', null);
    const source = JSON.parse(readFileSync(join(copy, 'source.json'), 'utf8'));
    expect(source.path).toBe(folder);
    const sum = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');
    const files = ['model.json', 'weights.safetensors'];
    const hashes = files.map((file) => [file, sum(readFileSync(join(folder, file)))]);
    expect(Object.entries(source.files)).toEqual(hashes);
    // What `sha256sum * | sha256sum` says.
    expect(source.sha256).toBe(sum(hashes.map(([file, hash]) => `${hash}  ${file}\n`).join('')));
    expect(lines).toEqual([`copied from ${folder}, SHA-256 ${source.sha256.slice(0, 12)}`]);

    // The run goes on although the folder is gone.
    rmSync(folder, { recursive: true });
    await expect(checkGeneratorFolders('plan.json', config, [8, 12, 1], run)).resolves.toBeUndefined();
    (await loadGenerator(copy)).dispose();
  });

  test('is refused before any work if its images have another shape', async () => {
    const config = configOf({ kind: 'folder', path: folder });
    const before = tf.memory().numTensors;
    await expect(checkGeneratorFolders('plan.json', config, [8, 12, 1], run)).resolves.toBeUndefined();
    const refused = checkGeneratorFolders('plan.json', config, [28, 28, 1], run);
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(
      `plan.json: cannot be carried out\n  generators.mine: expected images [28, 28, 1] as the data set has, got [8, 12, 1] from ${folder}`,
    );
    expect(tf.memory().numTensors).toBe(before);
    expect(existsSync(run)).toBe(false);
  });

  test('is refused before any work if it cannot do what a strategy wants of it', async () => {
    const codes = { kind: 'asal', features: { kind: 'autoencoder' } };
    const config = configOf({ kind: 'folder', path: folder }, codes);
    await expect(checkGeneratorFolders('plan.json', config, [8, 12, 1], run)).rejects.toThrow(
      `generators.mine: expected a model that can encode images, got dcgan from ${folder}, which cannot`,
    );
    const maps = configOf(
      { kind: 'folder', path: folder },
      { kind: 'asal', features: { kind: 'discriminator' } },
    );
    await checkGeneratorFolders('plan.json', maps, [8, 12, 1], run);
  });

  test('is refused before any work if it cannot be opened', async () => {
    rmSync(join(folder, 'weights.safetensors'));
    const config = configOf({ kind: 'folder', path: folder });
    await expect(checkGeneratorFolders('plan.json', config, [8, 12, 1], run)).rejects.toThrow(
      `weights.safetensors: expected the model's weights, got no such file`,
    );
    const absent = configOf({ kind: 'folder', path: join(dir, 'nowhere') });
    await expect(checkGeneratorFolders('plan.json', absent, [8, 12, 1], run)).rejects.toThrow(
      /generators\.mine: loadGenerator\.dir: expected a trained generator in .*nowhere, got none/,
    );
  });

  test('that is copied half is copied again', async () => {
    const copy = runPaths.generator(run, 'mine', null);
    const digest = await takeGeneratorFolder(folder, copy);
    rmSync(join(copy, 'model.json'));
    expect(await takeGeneratorFolder(folder, copy)).toBe(digest);
    (await loadGenerator(copy)).dispose();
  });
});
