import { beforeAll, describe, expect, test } from 'vitest';
import type { LoopOptions } from '../../src/acquisition/loop.ts';
import type { RoundRecord } from '../../src/acquisition/round-record.ts';
import { createBald } from '../../src/acquisition/strategies/bald.ts';
import type { Round, Strategy } from '../../src/acquisition/strategy.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { ClassifierConfig } from '../../src/classifiers/config.ts';
import { trainClassifier } from '../../src/classifiers/train.ts';
import { gatherImages } from '../../src/datasets/dataset.ts';
import { digitsDataset } from '../../src/datasets/digits.ts';
import { rootStream } from '../../src/random.ts';
import { poolIndex } from '../../src/shapes.ts';
import { createBgadl } from '../../vaal/bgadl.ts';
import { BgadlConfig } from '../../vaal/bgadl-config.ts';
import { recordLoop } from '../acquisition/record-loop.ts';

const dataset = digitsDataset({ trainSize: 80, testSize: 20, seed: 1 });
const classifier = ClassifierConfig.parse({
  kind: 'lenet',
  widths: [2, 3, 8],
  dropout: {},
  updates: 6,
  batch: 8,
});
const config = BgadlConfig.parse({
  passes: 3,
  subset: 30,
  latentSize: 3,
  channels: [2, 3],
  discriminator: [2, 3],
  steps: 2,
  batch: 6,
});

beforeAll(() => selectBackend('wasm'));

const run = (strategy: Strategy, change: Partial<LoopOptions> = {}) =>
  recordLoop({
    dataset,
    strategy,
    strategyName: 'bgadl',
    classifier,
    initial: { size: 10, balanced: true },
    batch: 4,
    rounds: 2,
    root: rootStream(4),
    ...change,
  });

describe('on drawn digits', () => {
  let whole: Awaited<ReturnType<typeof run>>;
  const candidates: number[] = [];
  const trainedOn: number[] = [];

  beforeAll(async () => {
    const bgadl = createBgadl(config);
    whole = await run({
      select: (round) => {
        candidates.push(round.pool.candidates.length);
        trainedOn.push(round.classifier.training.labels);
        return bgadl.select(round);
      },
    });
  });

  test('the pool loses exactly the rows that were bought, which public code leaves there', () => {
    const bought = whole.records.flatMap(({ selected }) => selected ?? []);
    expect(bought).toHaveLength(18);
    expect(new Set(bought).size).toBe(18);
    expect(candidates).toEqual([70, 66]);
  });

  test('copies are trained on in all later rounds, and are neither charged nor labelled', () => {
    expect(whole.records.map(({ labels }) => labels)).toEqual([10, 14, 18]);
    expect(whole.records.map(({ labelsCharged }) => labelsCharged)).toEqual([10, 14, 18]);
    expect(trainedOn).toEqual([10, 18]);
    expect(whole.records.map(({ diagnostics }) => diagnostics.extraTrainingImages)).toEqual([
      undefined,
      4,
      8,
    ]);
  });

  test('each copy has the label of its image, and is another image', () => {
    for (const { round, rows, extra } of whole.queries) {
      expect(extra?.labels).toEqual(rows?.map((row) => dataset.train.labels[row]));
      expect(extra?.origins).toEqual(gatherImages(dataset.train.images, dataset.shape, rows ?? []));
      expect(extra?.images).toHaveLength(4 * 784);
      expect(extra?.images).not.toEqual(extra?.origins);
      expect(whole.records[round]?.extra).toEqual({ labels: extra?.labels, kept: true });
    }
  });

  test('tells of the copies and of the networks', () => {
    const { diagnostics } = whole.records[2] as RoundRecord;
    expect(diagnostics.candidatesScored).toBe(30);
    for (const share of ['readRightBought', 'readRightCopies', 'copyError']) {
      expect(diagnostics[share]).toBeGreaterThanOrEqual(0);
      expect(diagnostics[share]).toBeLessThanOrEqual(1);
    }
    for (const figure of ['encoderLoss', 'decoderLoss', 'discriminatorLoss', 'meanMutualInformationCopies']) {
      expect(Number.isFinite(diagnostics[figure])).toBe(true);
    }
  });

  test('goes on from a finished round as if nothing had happened', async () => {
    const images = new Map(whole.queries.map(({ round, extra }) => [round, extra?.images]));
    const resumed = await run(createBgadl(config), {
      finished: JSON.parse(JSON.stringify(whole.records.slice(0, 2))) as RoundRecord[],
      replayImages: async (round) => images.get(round) as Uint8Array,
    });
    expect(JSON.stringify(resumed.records)).toBe(JSON.stringify(whole.records));
  });
});

describe('the choice', () => {
  async function roundOf(rows: number): Promise<Round> {
    const model = await trainClassifier(classifier, dataset.train, {
      shape: dataset.shape,
      classes: 10,
      weights: rootStream(1),
      order: rootStream(2),
    });
    const candidates = Array.from({ length: rows }, (_, row) => poolIndex(row + 3));
    return {
      round: 1,
      batch: 5,
      classifier: model,
      pool: {
        shape: dataset.shape,
        classes: 10,
        candidates,
        bytes: (of) => gatherImages(dataset.train.images, dataset.shape, of),
      },
      labelled: { images: new Uint8Array(0), labels: new Uint8Array(0), n: 0 },
      stream: rootStream(6),
    };
  }
  const rowsOf = async (strategy: Strategy, round: Round) => {
    const selection = await strategy.select(round);
    return selection.kind === 'pool' ? selection.rows : [];
  };

  test('is that of BALD where the subset is the pool', async () => {
    const round = await roundOf(30);
    expect(await rowsOf(createBgadl(config), round)).toEqual(
      await rowsOf(createBald({ passes: config.passes }), round),
    );
    round.classifier.dispose();
  });

  test('is made among a subset that the stream draws, of at least the batch', async () => {
    const round = await roundOf(60);
    const few = createBgadl({ ...config, subset: 1 });
    const chosen = await rowsOf(few, round);
    expect(new Set(chosen).size).toBe(5);
    expect(await rowsOf(few, round)).toEqual(chosen);
    const others = await rowsOf(few, { ...round, stream: rootStream(7) });
    expect([...others].sort()).not.toEqual([...chosen].sort());
    round.classifier.dispose();
  });
});
