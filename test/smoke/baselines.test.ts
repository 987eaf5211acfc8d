import { beforeAll, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { goesThroughTheLoop, preset } from './preset-in-the-loop.ts';

beforeAll(() => selectBackend('wasm'));

goesThroughTheLoop(preset('baselines-smoke'), 150, { updates: 5 });

test('the preset on MNIST compares the same strategies', () => {
  const kinds = (name: string) => preset(name).strategies.map(({ kind }) => kind);
  expect(kinds('baselines-mnist')).toEqual(kinds('baselines-smoke'));
});
