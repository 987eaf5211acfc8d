import { beforeAll, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { strategyName } from '../../src/experiments/config.ts';
import { goesThroughTheLoop, preset } from './preset-in-the-loop.ts';

beforeAll(() => selectBackend('wasm'));

goesThroughTheLoop(preset('m2-smoke'), 80, {
  network: { kind: 'mlp', hidden: [12] },
  steps: 5,
  batch: 4,
  labelledBatch: 4,
});

test('the preset on Fashion-MNIST compares the same strategies', () => {
  const names = (name: string) => preset(name).strategies.map(strategyName);
  expect(names('m2-acquisition')).toEqual(names('m2-smoke'));
});
