import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { poolMaps } from '../../../matching/features/map-pooling.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { worstShare } from '../../generators/waves.ts';

interface Case {
  readonly height: number;
  readonly width: number;
  readonly side: number;
  readonly target: readonly [number, number];
  readonly maps: readonly number[];
  readonly average: readonly number[];
  readonly max: readonly number[];
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../fixtures/matching/adaptive-pooling.json', import.meta.url), 'utf8'),
) as { cases: readonly Case[] };

describe.each(['cpu', 'wasm'] as const)('on %s, pooled maps', (backend) => {
  beforeAll(() => selectBackend(backend));

  test.each(cases)('of $height x $width in $side cells a side are those of PyTorch', async (each) => {
    const { height, width, side, target, maps } = each;
    const before = tf.memory().numTensors;
    const images = tf.tensor4d([...maps], [2, height, width, 2]);
    for (const value of ['average', 'max'] as const) {
      const pooled = poolMaps(images, value, side);
      expect(pooled.shape).toEqual([2, ...target, 2]);
      expect(worstShare(await pooled.data(), each[value])).toBeLessThan(1e-6);
      expect(await images.data()).toHaveLength(maps.length);
      if (pooled !== images) pooled.dispose();
    }
    images.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('of maps no larger than the grid are the maps', async () => {
    const images = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
    const pooled = poolMaps(images, 'max', 2);
    expect([...(await pooled.data())]).toEqual([1, 2, 3, 4]);
    images.dispose();
  });
});
