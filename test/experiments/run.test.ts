import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/experiments/config.ts';
import { checkSameData, lockRun, openRun, readRunConfig } from '../../src/experiments/run.ts';
import { type Manifest, runPaths } from '../../src/experiments/run-folder.ts';

const config = parseConfig('test', {
  name: 'test',
  dataset: { name: 'digits' },
  initial: { size: 10 },
  batch: 2,
  rounds: 2,
  seeds: [1],
  classifier: { kind: 'linear-svm' },
  strategies: [{ kind: 'random' }],
});

let run: string;
beforeEach(() => {
  run = join(mkdtempSync(join(tmpdir(), 'genal-run-')), 'run');
});

describe('openRun', () => {
  test('writes the config once and accepts the same again', async () => {
    await openRun(run, config);
    const before = readFileSync(runPaths.config(run), 'utf8');
    await openRun(run, structuredClone(config));
    expect(readFileSync(runPaths.config(run), 'utf8')).toBe(before);
    expect(await readRunConfig(run)).toEqual(config);
  });

  test('refuses another config, naming each difference, and leaves the folder alone', async () => {
    await openRun(run, config);
    const before = readFileSync(runPaths.config(run), 'utf8');
    await expect(openRun(run, { ...config, rounds: 9, batch: 4 })).rejects.toThrow(
      /holds a run of another config.*batch: saved 2, asked 4.*rounds: saved 2, asked 9/s,
    );
    expect(readFileSync(runPaths.config(run), 'utf8')).toBe(before);
  });
});

test('readRunConfig says that a folder is no run', async () => {
  await expect(readRunConfig(run)).rejects.toThrow('expected a run folder with a config.json, found none');
});

test('checkSameData refuses data that changed since the run was begun', () => {
  const data = { classNames: ['a'], trainImages: 3, testImages: 2, dataSha256: 'aa', dataNotes: [] };
  const before = data as unknown as Manifest;
  expect(() => checkSameData(run, null, data)).not.toThrow();
  expect(() => checkSameData(run, before, data)).not.toThrow();
  expect(() => checkSameData(run, before, { ...data, trainImages: 4, dataSha256: 'bb' })).toThrow(
    'was begun on other data (3 and 2 images, SHA-256 aa), got 4 and 2, bb',
  );
});

describe('lockRun', () => {
  test('lets only one writer in at a time', async () => {
    await openRun(run, config);
    const release = await lockRun(run);
    await expect(lockRun(run)).rejects.toThrow(`in use by process ${process.pid}`);
    await release();
    await (await lockRun(run))();
  });

  test.each(['4194303\n', '', 'no number', `${process.pid}\n`])(
    'takes over a lock that holds %j, whose owner is gone',
    async (owner) => {
      await openRun(run, config);
      writeFileSync(runPaths.lock(run), owner);
      const release = await lockRun(run);
      expect(readFileSync(runPaths.lock(run), 'utf8')).toBe(`${process.pid}\n`);
      await release();
    },
  );
});
