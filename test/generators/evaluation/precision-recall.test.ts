import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import type { Features } from '../../../generators/evaluation/features.ts';
import { precisionRecall } from '../../../generators/evaluation/precision-recall.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { rootStream } from '../../../src/random.ts';
import fixture from '../../fixtures/evaluation/precision-recall.json' with { type: 'json' };
import { normalRows, shuffled, waves, withValue } from './waves.ts';

beforeAll(async () => {
  await selectBackend('cpu');
});

const stream = rootStream(1);

/** Points on a line. */
function line(...values: number[]): Features {
  return { values: Float32Array.from(values), n: values.length, size: 1 };
}

test.each(fixture.cases)(
  'of $realRows real and $generatedRows generated rows are those of prdc',
  async ({ realRows, generatedRows, size, scale, mean, ...theirs }) => {
    const real = waves(0.3, 1, 0.2, realRows, size);
    const generated = waves(1.1, scale, mean, generatedRows, size);
    const ours = await precisionRecall(real, generated, stream, { blockRows: 32 });
    expect(ours.precision).toBeCloseTo(theirs.precision, 12);
    expect(ours.recall).toBeCloseTo(theirs.recall, 12);
    expect(ours.density).toBeCloseTo(theirs.density, 12);
    expect(ours.coverage).toBeCloseTo(theirs.coverage, 12);
    expect(ours).toMatchObject({ realRows, generatedRows });
  },
);

test('are what one counts by hand on a line', async () => {
  // k = 1. Real 0, 1, 4 have radii 1, 1, 3; generated 0.5, 6, 20 have radii 5.5, 5.5, 14.
  const ours = await precisionRecall(line(0, 1, 4), line(0.5, 6, 20), stream, {
    neighbours: 1,
    densityNeighbours: 1,
  });
  // 0.5 is in the balls of 0 and 1, 6 in that of 4, 20 in none; 0.5 reaches 0, 1 and 4.
  expect(ours.precision).toBeCloseTo(2 / 3, 12);
  expect(ours.recall).toBe(1);
  expect(ours.density).toBeCloseTo(3 / 3, 12);
  expect(ours.coverage).toBe(1);
});

test('of a set with itself are all 1', async () => {
  const rows = waves(0.3, 1, 0.2, 60, 5);
  const ours = await precisionRecall(rows, rows, stream);
  expect([ours.precision, ours.recall, ours.density, ours.coverage]).toEqual([1, 1, 1, 1]);
});

test('of a generator that knows one of two real clusters are high in precision and half in recall', async () => {
  const near = normalRows(stream.of('near'), 80, 3);
  const far = normalRows(stream.of('far'), 80, 3, 50);
  const real = { values: Float32Array.of(...near.values, ...far.values), n: 160, size: 3 };
  const ours = await precisionRecall(real, normalRows(stream.of('generated'), 160, 3), stream);
  expect(ours.precision).toBeGreaterThan(0.7);
  expect(ours.recall).toBeGreaterThan(0.35);
  expect(ours.recall).toBeLessThanOrEqual(0.5);
  expect(ours.coverage).toBeGreaterThan(0.4);
  expect(ours.coverage).toBeLessThanOrEqual(0.5);
});

test('of sets far from each other are all 0', async () => {
  const real = normalRows(stream.of('a'), 20, 3);
  const ours = await precisionRecall(real, normalRows(stream.of('b'), 20, 3, 100), stream);
  expect([ours.precision, ours.recall, ours.density, ours.coverage]).toEqual([0, 0, 0, 0]);
});

test('depend neither on the order of the rows nor on the block', async () => {
  const real = waves(0.3, 1, 0.2, 60, 4);
  const generated = waves(1.1, 1, 0.3, 50, 4);
  const once = await precisionRecall(real, generated, stream);
  expect(await precisionRecall(shuffled(real, stream), shuffled(generated, stream), stream)).toEqual(once);
  expect(await precisionRecall(real, generated, stream, { blockRows: 7 })).toEqual(once);
});

test('do not lose digits where features lie far from the origin', async () => {
  // Multiples of 2^-12 stay exact in float32 when 512 is added; products of them do not.
  const onGrid = (rows: Features, shift: number): Features => ({
    ...rows,
    values: rows.values.map((value) => Math.round(value * 4096) / 4096 + shift),
  });
  const real = waves(0.3, 1, 0.2, 60, 4);
  const generated = waves(1.1, 1, 0.3, 50, 4);
  const once = await precisionRecall(onGrid(real, 0), onGrid(generated, 0), stream);
  expect(await precisionRecall(onGrid(real, 512), onGrid(generated, 512), stream)).toEqual(once);
});

test('count a copy of a row as its neighbour', async () => {
  // The radius of both zeros is 0, so that only exact copies are in their balls.
  const ours = await precisionRecall(line(0, 0, 9), line(0, 0.5, 30), stream, {
    neighbours: 1,
    densityNeighbours: 1,
  });
  // 0 is in the closed balls of the zeros; 0.5 only in that of 9, whose neighbour is 9 away.
  expect(ours.precision).toBeCloseTo(2 / 3, 12);
  expect(ours.coverage).toBeCloseTo(1 / 3, 12);
});

test('compare no more rows than asked, drawn from all', async () => {
  const ordered = line(...Array.from({ length: 60 }, (_, row) => row));
  const limited = await precisionRecall(ordered, ordered, stream, { maxRows: 20 });
  expect(limited).toMatchObject({ realRows: 20, generatedRows: 20 });
  // The first twenty rows of both would be the same points, with a precision of 1 and a density of 1 exactly.
  expect(limited.density).not.toBe(1);
  expect(limited.precision).toBeGreaterThan(0.8);
});

test('leave no tensors, also when they fail', async () => {
  const before = tf.memory().numTensors;
  await precisionRecall(waves(0.3, 1, 0, 20, 3), waves(1, 1, 0, 20, 3), stream, { blockRows: 8 });
  await precisionRecall(waves(0.3, 1, 0, 20, 3), waves(1, 1, 0, 2, 3), stream).catch(() => undefined);
  expect(tf.memory().numTensors).toBe(before);
});

test('name what is wrong', async () => {
  const real = waves(0.3, 1, 0.2, 20, 3);
  await expect(precisionRecall(real, waves(1, 1, 0, 5, 3), stream)).rejects.toThrow(
    'precisionRecall.generated: expected at least 6 rows, got 5',
  );
  await expect(precisionRecall(real, waves(1, 1, 0, 20, 4), stream)).rejects.toThrow(
    'precisionRecall.generated: expected 3 features a row, got 4',
  );
  await expect(precisionRecall(withValue(real, 3, Number.NaN), real, stream)).rejects.toThrow(
    'precisionRecall.real: expected finite features, got NaN in row 3',
  );
  await expect(precisionRecall(real, real, stream, { maxRows: 5 })).rejects.toThrow(
    'precisionRecall.maxRows: expected an integer of at least 6, got 5',
  );
});
