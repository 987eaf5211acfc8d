/** Every strategy of a preset through a loop of two rounds on drawn digits. */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import type { RoundRecord } from '../../src/acquisition/round-record.ts';
import { TaskModelConfig } from '../../src/acquisition/task-model/config.ts';
import { digitsDataset } from '../../src/datasets/digits.ts';
import { type ExperimentConfig, parseConfig, strategyName } from '../../src/experiments/config.ts';
import { createStrategy } from '../../src/experiments/strategies/registry.ts';
import { recordLoop } from '../acquisition/record-loop.ts';

/** A preset of `genal run`, checked. */
export function preset(name: string): ExperimentConfig {
  const file = new URL(`../../scripts/presets/${name}.json`, import.meta.url);
  return parseConfig(name, JSON.parse(readFileSync(file, 'utf8')));
}

/**
 * Declares a test a strategy.
 *
 * @param quick what the task model's options are replaced by
 */
export function goesThroughTheLoop(config: ExperimentConfig, trainSize: number, quick: object): void {
  const dataset = digitsDataset({ trainSize, testSize: 30, seed: 1 });
  const classifier = TaskModelConfig.parse({ ...config.classifier, ...quick });
  const run = async (position: number, finished: readonly RoundRecord[] = []): Promise<RoundRecord[]> => {
    const strategy = config.strategies[position]!;
    const { records } = await recordLoop({
      dataset,
      strategy: createStrategy(strategy, {}),
      strategyName: strategyName(strategy),
      classifier,
      initial: { size: 10, balanced: true },
      batch: 5,
      rounds: 2,
      finished,
    });
    return records;
  };

  let first: RoundRecord;

  describe.each(config.strategies.map((strategy, position) => ({ name: strategyName(strategy), position })))(
    '$name in the loop',
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
}
