import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { runLoop } from '../../src/acquisition/loop.ts';
import { Oracle } from '../../src/acquisition/oracle.ts';
import type { RoundRecord } from '../../src/acquisition/round-record.ts';
import { TaskModelConfig } from '../../src/acquisition/task-model/config.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { digitsDataset } from '../../src/datasets/digits.ts';
import { parseConfig, strategyName } from '../../src/experiments/config.ts';
import { createStrategy } from '../../src/experiments/strategies/registry.ts';
import { rootStream } from '../../src/random.ts';

const preset = (name: string) => {
  const file = new URL(`../../scripts/presets/${name}.json`, import.meta.url);
  return parseConfig(name, JSON.parse(readFileSync(file, 'utf8')));
};
const config = preset('m2-smoke');
const dataset = digitsDataset({ trainSize: 80, testSize: 30, seed: 1 });

beforeAll(() => selectBackend('wasm'));

async function run(position: number, finished: readonly RoundRecord[] = []): Promise<RoundRecord[]> {
  const strategy = config.strategies[position]!;
  const records = [...finished];
  const root = rootStream(1);
  await runLoop({
    dataset,
    strategy: createStrategy(strategy, {}),
    strategyName: strategyName(strategy),
    oracle: new Oracle({
      truth: dataset.train.labels,
      classes: 10,
      noise: 0,
      minConfidence: 0,
      stream: root.of('oracle'),
    }),
    classifier: TaskModelConfig.parse({
      ...config.classifier,
      network: { kind: 'mlp', hidden: [12] },
      steps: 5,
      batch: 4,
      labelledBatch: 4,
    }),
    initial: { size: 10, balanced: true },
    batch: 5,
    rounds: 2,
    chargeAbstentions: true,
    root,
    finished,
    replayImages: async () => {
      throw new Error('nothing was synthesised');
    },
    onQueries: async () => {},
    onRound: async (record) => void records.push(record),
  });
  return records;
}

let first: RoundRecord;

describe.each(config.strategies.map((strategy, position) => ({ name: strategyName(strategy), position })))(
  '$name with M2 as the task model',
  ({ position }) => {
    test('starts where all others do, buys no row twice, and goes on from a record to the same', async () => {
      const before = tf.memory().numTensors;
      const records = await run(position);
      expect(tf.memory().numTensors).toBe(before);
      first ??= records[0]!;
      expect(records[0]).toEqual(first);
      const bought = records.flatMap(({ selected }) => selected ?? []);
      expect(bought).toHaveLength(20);
      expect(new Set(bought).size).toBe(20);
      expect(JSON.stringify(await run(position, records.slice(0, 2)))).toBe(JSON.stringify(records));
    });
  },
);

test('the preset on Fashion-MNIST compares the same strategies', () => {
  const names = (name: string) => preset(name).strategies.map(strategyName);
  expect(names('m2-acquisition')).toEqual(names('m2-smoke'));
});
