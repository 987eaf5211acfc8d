/** The preset in the loop: pre-training, pseudo-labels of either kind, and that all strategies still start alike. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RoundRecord } from '../../src/acquisition/round-record.ts';
import { PseudoLabelConfig } from '../../src/acquisition/unlabelled/config.ts';
import { deepCluster, type PretrainedBody } from '../../src/acquisition/unlabelled/deep-cluster.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { MlpConfig } from '../../src/classifiers/config.ts';
import { digitsDataset } from '../../src/datasets/digits.ts';
import { strategyName } from '../../src/experiments/config.ts';
import { createStrategy } from '../../src/experiments/strategies/registry.ts';
import { rootStream } from '../../src/random.ts';
import { recordLoop } from '../acquisition/record-loop.ts';
import { preset } from './preset-in-the-loop.ts';

const config = preset('unlabelled-smoke');
const dataset = digitsDataset({ trainSize: 150, testSize: 60, seed: 1 });
const classifier = MlpConfig.parse({ kind: 'mlp', hidden: [16], updates: 30 });
let body: PretrainedBody['weights'];

beforeAll(async () => {
  await selectBackend('wasm');
  const pretraining = config.unlabelled?.pretraining;
  if (pretraining === undefined) throw new Error('expected pre-training in the preset');
  const options = { shape: dataset.shape, classes: 10, stream: rootStream(1).of('pretraining') };
  ({ weights: body } = await deepCluster(classifier, dataset.train.images, pretraining, options));
});

const ways = {
  'label-propagation': config.unlabelled?.pseudoLabels,
  confidence: PseudoLabelConfig.parse({ kind: 'confidence', threshold: 0.7, atMost: 9 }),
};

describe.each(Object.entries(ways))('pseudo-labels by %s', (_, pseudoLabels) => {
  const run = async (position: number, finished: readonly RoundRecord[] = [], truth = dataset) => {
    const strategy = config.strategies[position]!;
    const { records } = await recordLoop({
      dataset: truth,
      strategy: createStrategy(strategy, {}),
      strategyName: strategyName(strategy),
      classifier,
      unlabelled: { body, pseudoLabels },
      initial: { size: 20, balanced: true },
      batch: 5,
      rounds: 2,
      finished,
    });
    return records;
  };
  let first: RoundRecord;

  test.each(config.strategies.map((strategy, position) => [strategyName(strategy), position] as const))(
    'leave %s its start and its purchases, and go on from a record to the same',
    async (name, position) => {
      const before = tf.memory().numTensors;
      const records = await run(position);
      expect(tf.memory().numTensors).toBe(before);
      first ??= records[0]!;
      expect(records[0]).toEqual(first);
      expect(records.map(({ labels, labelsCharged }) => [labels, labelsCharged])).toEqual([
        [20, 20],
        [25, 25],
        [30, 30],
      ]);
      const bought = records.flatMap(({ selected }) => selected ?? []);
      expect(new Set(bought).size).toBe(30);
      for (const { diagnostics, labels } of records) {
        expect(diagnostics.pseudoLabels).toBeGreaterThan(0);
        // Those of CEAL are not given out twice.
        const added = name === 'ceal' ? Number(diagnostics.extraTrainingImages ?? 0) : 0;
        expect(diagnostics.pseudoLabels).toBeLessThanOrEqual(150 - labels - added);
        expect(diagnostics.pseudoLabelsRight).toBeGreaterThan(0.3);
      }
      expect(JSON.stringify(await run(position, records.slice(0, 2)))).toBe(JSON.stringify(records));
    },
  );

  test('are given without a look at the labels of the pool', async () => {
    const uncertain = config.strategies.findIndex(({ kind }) => kind === 'least-confidence');
    const honest = await run(uncertain);
    const known = new Set(honest[0]?.selected);
    const labels = dataset.train.labels.map((label, row) => (known.has(row) ? label : 9 - label));
    // Round 0 is replayed, so that the first set stays: what its model asks about shows what that was trained on.
    const lied = await run(uncertain, honest.slice(0, 1), {
      ...dataset,
      train: { ...dataset.train, labels },
    });
    expect(lied[1]?.selected).toEqual(honest[1]?.selected);
    expect(lied[1]?.answers).not.toEqual(honest[1]?.answers);
  });
});
