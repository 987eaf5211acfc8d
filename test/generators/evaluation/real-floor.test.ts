import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import type { Features } from '../../../generators/evaluation/features.ts';
import {
  distancesWithFloor,
  featureDistances,
  splitHalves,
} from '../../../generators/evaluation/real-floor.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { rootStream } from '../../../src/random.ts';
import { normalRows, waves, withValue } from './waves.ts';

beforeAll(async () => {
  await selectBackend('cpu');
});

const stream = rootStream(4);
const options = { kernel: { subsets: 4, subsetSize: 20 } };

/** Rows whose single feature is their number. */
function numbered(n: number): Features {
  return { values: Float32Array.from({ length: n }, (_, row) => row), n, size: 1 };
}

test('the halves are disjoint, of the size asked for, and shuffled', () => {
  const { first, second } = splitHalves(numbered(41), 20, stream);
  expect([first.n, second.n]).toEqual([20, 20]);
  expect(new Set([...first.values, ...second.values]).size).toBe(40);
  // An ordered cut would have means of 9.5 and 29.5.
  const mean = (rows: Features) => rows.values.reduce((sum, value) => sum + value, 0) / rows.n;
  expect(Math.abs(mean(first) - 20)).toBeLessThan(7);
  expect(Math.abs(mean(second) - 20)).toBeLessThan(7);
});

test('the halves are the same for the same stream, and others for another', () => {
  expect(splitHalves(numbered(30), 15, rootStream(9))).toEqual(splitHalves(numbered(30), 15, rootStream(9)));
  expect(splitHalves(numbered(30), 15, rootStream(8))).not.toEqual(
    splitHalves(numbered(30), 15, rootStream(9)),
  );
});

test('the floor is of as many rows as the figure of the model', async () => {
  const real = normalRows(stream.of('real'), 200, 3);
  const found = await distancesWithFloor(real, normalRows(stream.of('generated'), 60, 3, 2), stream, options);
  expect(found).toMatchObject({ rows: 60, lowered: false });
  expect(found.model.precisionRecall).toMatchObject({ realRows: 60, generatedRows: 60 });
  expect(found.floor.precisionRecall).toMatchObject({ realRows: 60, generatedRows: 60 });
  expect(found.model.frechet).toBeGreaterThan(10 * found.floor.frechet);
  expect(found.model.kernel.distance).toBeGreaterThan(10 * Math.abs(found.floor.kernel.distance));
  expect(found.floor.precisionRecall.precision).toBeGreaterThan(found.model.precisionRecall.precision);
});

test('both are lowered to half the real rows if there are too few', async () => {
  const real = normalRows(stream.of('real'), 81, 3);
  const found = await distancesWithFloor(real, normalRows(stream.of('generated'), 60, 3), stream, options);
  expect(found).toMatchObject({ rows: 40, lowered: true });
  expect(found.model.precisionRecall).toMatchObject({ realRows: 40, generatedRows: 40 });
  expect(found.floor.precisionRecall).toMatchObject({ realRows: 40, generatedRows: 40 });
});

test('a generator that returns the second half has the floor as its figure', async () => {
  const real = waves(0.3, 1, 0.2, 100, 4);
  const { second } = splitHalves(real, 50, stream.of('real halves'));
  const { model, floor } = await distancesWithFloor(real, second, stream, options);
  expect(model).toEqual(floor);
});

test('a set has no distance from itself', async () => {
  const rows = waves(0.3, 1, 0.2, 40, 4);
  const { frechet, precisionRecall } = await featureDistances(rows, rows, stream, options);
  expect(frechet).toBeLessThan(1e-12);
  expect(precisionRecall).toMatchObject({ precision: 1, recall: 1, density: 1, coverage: 1 });
});

test('leaves no tensors', async () => {
  const before = tf.memory().numTensors;
  await distancesWithFloor(waves(0.3, 1, 0.2, 40, 3), waves(1, 1, 0, 20, 3), stream, options);
  expect(tf.memory().numTensors).toBe(before);
});

test('names what is wrong', async () => {
  const rows = waves(0.3, 1, 0.2, 20, 3);
  expect(() => splitHalves(rows, 11, stream)).toThrow('splitHalves.real: expected at least 22 rows, got 20');
  await expect(distancesWithFloor(waves(1, 1, 0, 11, 3), rows, stream)).rejects.toThrow(
    'distancesWithFloor.real: expected at least 12 rows, got 11',
  );
  await expect(distancesWithFloor(rows, waves(1, 1, 0, 5, 3), stream)).rejects.toThrow(
    'distancesWithFloor.generated: expected at least 6 rows, got 5',
  );
  await expect(distancesWithFloor(rows, waves(1, 1, 0, 9, 2), stream)).rejects.toThrow(
    'distancesWithFloor.generated: expected 3 features a row, got 2',
  );
  await expect(distancesWithFloor(rows, withValue(rows, 7, Number.NaN), stream)).rejects.toThrow(
    'distancesWithFloor.generated: expected finite features, got NaN in row 7',
  );
});
