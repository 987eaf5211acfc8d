import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { constrainNorms, normBand } from '../../src/queries/prior.ts';
import { rootStream } from '../../src/random.ts';

beforeAll(async () => {
  await selectBackend('cpu');
});

test('the bands are what their names say', () => {
  expect(normBand('shell', 100, 2)).toEqual([8, 12]);
  expect(normBand('shell', 1, 2)).toEqual([0, 3]);
  expect(normBand('shell', 64, 0)).toEqual([8, 8]);
  expect(normBand('ball', 100, 2)).toEqual([0, 12]);
  expect(normBand('none', 100, 2)).toEqual([0, Number.POSITIVE_INFINITY]);
});

test('the default shell holds all but about half a percent of draws from the prior', () => {
  const [low, high] = normBand('shell', 100, 2);
  const stream = rootStream(1).of('prior');
  const outside = Array.from({ length: 4000 }, () => Math.hypot(...stream.normals(100))).filter(
    (norm) => norm < low || norm > high,
  ).length;
  expect(outside / 4000).toBeGreaterThan(0.001);
  expect(outside / 4000).toBeLessThan(0.01);
});

test('rows outside go to the nearest edge in their own direction, rows inside stay to the bit', async () => {
  const rows = [
    [0.3, -0.4],
    [0.1, 2.1],
    [30, 40],
    [0, 0],
  ];
  const kept = tf.tidy(() => constrainNorms(tf.tensor2d(rows), [1, 5]));
  const values = [...(await kept.data())];
  expect(values.slice(0, 2).map((v) => Number(v.toFixed(6)))).toEqual([0.6, -0.8]);
  expect(values.slice(2, 4)).toEqual([...Float32Array.of(0.1, 2.1)]);
  expect(values.slice(4, 6).map((v) => Number(v.toFixed(5)))).toEqual([3, 4]);
  expect(values.slice(6)).toEqual([0, 0]);
});

test('no band changes nothing', async () => {
  const rows = tf.tensor2d([[1e8, 0]]);
  const kept = constrainNorms(rows, normBand('none', 2, 2));
  expect([...(await kept.data())]).toEqual([1e8, 0]);
});

test('leaves no tensor behind but its result', () => {
  const latents = tf.ones([3, 4]) as tf.Tensor2D;
  const before = tf.memory().numTensors;
  for (const prior of ['shell', 'ball', 'none'] as const)
    constrainNorms(latents, normBand(prior, 4, 0)).dispose();
  expect(tf.memory().numTensors).toBe(before);
});
