import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runLoop } from '../../src/acquisition/loop.ts';
import { Oracle } from '../../src/acquisition/oracle.ts';
import type { RoundRecord } from '../../src/acquisition/round-record.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { selectClasses } from '../../src/datasets/dataset.ts';
import { digitsDataset } from '../../src/datasets/digits.ts';
import { parseConfig } from '../../src/experiments/config.ts';
import { readImagesNpy, runPaths } from '../../src/experiments/run-folder.ts';
import { saveQueries } from '../../src/experiments/save-queries.ts';
import { StrategyConfig } from '../../src/experiments/strategies/config.ts';
import { createStrategy } from '../../src/experiments/strategies/registry.ts';
import { rootStream } from '../../src/random.ts';
import { extraFigure } from '../../src/reports/extra-figure.ts';
import { writeQueryGrid } from '../../src/reports/grid.ts';

const file = new URL('../../scripts/presets/extra-smoke.json', import.meta.url);
const config = parseConfig('extra-smoke', JSON.parse(readFileSync(file, 'utf8')));
const dataset = selectClasses(digitsDataset({ trainSize: 400, testSize: 100, seed: 1 }), [3, 5, 8]);
/** Networks that learn something would take minutes; a model that has learnt little is sure of nothing. */
const QUICK = { ceal: { threshold: 1.05 }, bgadl: { channels: [2, 3], steps: 4 } };
const refused = async () => {
  throw new Error('expected no such picture');
};

let run: string;
beforeAll(async () => {
  await selectBackend('wasm');
  run = await mkdtemp(path.join(tmpdir(), 'genal-extra-'));
});
afterAll(() => rm(run, { recursive: true }));

async function go(kind: 'ceal' | 'bgadl', finished: readonly RoundRecord[] = []): Promise<RoundRecord[]> {
  const strategy = config.strategies.find((candidate) => candidate.kind === kind);
  if (strategy === undefined) throw new Error(`expected ${kind} in the preset`);
  const cell = runPaths.cell(run, kind, 1);
  const records = [...finished];
  const root = rootStream(1);
  await runLoop({
    dataset,
    strategy: createStrategy(StrategyConfig.parse({ ...strategy, ...QUICK[kind] }), {}),
    strategyName: kind,
    oracle: new Oracle({
      truth: dataset.train.labels,
      classes: 3,
      noise: 0,
      minConfidence: 0,
      stream: root.of('oracle'),
    }),
    classifier: { ...config.classifier, updates: 12 } as typeof config.classifier,
    initial: { size: 30, balanced: true },
    batch: 6,
    rounds: 2,
    chargeAbstentions: true,
    root,
    finished,
    replayImages: (round, of) => {
      expect(of).toBe('extra');
      return readImagesNpy(runPaths.extraImages(cell, round), dataset.shape);
    },
    onQueries: (queries) =>
      saveQueries(queries, {
        dataset,
        cell,
        heading: kind,
        minConfidence: 0,
        writeQueryPicture: writeQueryGrid,
        writeMatchPicture: refused,
        writeReconstructionPicture: refused,
        signal: new AbortController().signal,
      }),
    onRound: async (record) => void records.push(record),
  });
  return records;
}

describe.each(['ceal', 'bgadl'] as const)('%s', (kind) => {
  let records: RoundRecord[];

  test('adds training images, and buys, charges and keeps no tensor as if it did not', async () => {
    const before = tf.memory().numTensors;
    records = await go(kind);
    expect(tf.memory().numTensors).toBe(before);
    expect(records.map(({ labelsCharged }) => labelsCharged)).toEqual([30, 36, 42]);
    expect(records[2]?.diagnostics.extraTrainingImages).toBeGreaterThan(5);
    const bought = records.flatMap(({ selected }) => selected ?? []);
    expect(new Set(bought).size).toBe(42);
    for (const { extra, selected } of records) {
      expect(extra?.rows?.filter((row) => selected?.includes(row)) ?? []).toEqual([]);
    }
  });

  test('is taken up from its folder to the same records', async () => {
    const finished = JSON.parse(JSON.stringify(records.slice(0, 2))) as RoundRecord[];
    expect(JSON.stringify(await go(kind, finished))).toBe(JSON.stringify(records));
  });

  test('leaves a picture of them, which the report shows with what they are', async () => {
    const folder = runPaths.cell(run, kind, 1);
    expect(existsSync(runPaths.extraGrid(folder, 2))).toBe(true);
    expect(existsSync(runPaths.extraImages(folder, 2))).toBe(kind === 'bgadl');
    const cell = {
      strategy: kind,
      seed: 1,
      folder,
      rounds: records,
      timings: [],
      error: null,
      status: 'finished' as const,
    };
    const figure = String(await extraFigure(cell, { maxHeight: 1300, maxBytes: 180_000 }));
    expect(figure).toContain('<img class="picture" src="data:image/');
    expect(figure).toContain('that nobody was asked about and nobody was paid for.');
    expect(figure.includes('of their labels are the true ones')).toBe(kind === 'ceal');
  });
});

test('a strategy that adds none has no figure', async () => {
  const rounds = [{ round: 0, labels: 1, labelsCharged: 1, testAccuracy: 1, answers: [], diagnostics: {} }];
  const cell = {
    strategy: 'random',
    seed: 1,
    folder: run,
    rounds,
    timings: [],
    error: null,
    status: 'finished' as const,
  };
  expect(await extraFigure(cell, { maxHeight: 1300, maxBytes: 180_000 })).toBe('');
});
