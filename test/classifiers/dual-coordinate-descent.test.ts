import { describe, expect, test } from 'vitest';
import { type DualDescentOptions, fitHyperplane } from '../../src/classifiers/dual-coordinate-descent.ts';
import { rootStream } from '../../src/random.ts';
// Made by test/fixtures/classifiers/scikit-learn-svm.py (scikit-learn 1.9.1), which holds the command.
import reference from '../fixtures/classifiers/scikit-learn-svm.json' with { type: 'json' };

const options: DualDescentOptions = {
  loss: 'hinge',
  C: 1,
  biasScale: 1,
  updates: 20_000,
  order: rootStream(5),
};

const two = reference.labels.flatMap((label, row) => (label < 2 ? [row] : []));
const rows = Float32Array.from(
  two.flatMap((row) => reference.images.slice(row * 16, (row + 1) * 16)),
  (byte) => Math.fround(byte / 127.5) - 1,
);
const targets = Int8Array.from(two, (row) => (reference.labels[row] === 1 ? 1 : -1));

describe.each([
  ['hinge', reference.hinge],
  ['squared-hinge', reference.squared_hinge],
] as const)("agrees with scikit-learn's LinearSVC, %s", (loss, expected) => {
  const plane = fitHyperplane(rows, targets, {
    loss,
    C: expected.C,
    biasScale: expected.biasScale,
    updates: 200_000,
    order: rootStream(1),
  });

  test('in its weights and bias', () => {
    expected.weights.forEach((weight, j) => {
      expect(plane.weights[j]).toBeCloseTo(weight, 5);
    });
    expect(plane.bias).toBeCloseTo(expected.bias, 5);
  });

  test('in its objective, with no duality gap left', () => {
    expect(plane.primal).toBeCloseTo(expected.objective, 7);
    expect(Math.abs(plane.primal - plane.dual)).toBeLessThan(1e-8);
  });
});

describe('two points, +a and -a', () => {
  // By symmetry b = 0 and both multipliers are alpha, so w = 2 alpha a and |a|^2 = 5.
  const points = Float32Array.from([1, 2, -1, -2]);
  const solve = (override: Partial<DualDescentOptions>) =>
    fitHyperplane(points, Int8Array.from([1, -1]), { ...options, ...override });

  test('hinge with a large C: the widest margin, w = a / |a|^2', () => {
    const { weights, bias, primal } = solve({ C: 10 });
    expect(weights[0]).toBeCloseTo(1 / 5, 10);
    expect(weights[1]).toBeCloseTo(2 / 5, 10);
    expect(bias).toBeCloseTo(0, 10);
    expect(primal).toBeCloseTo(0.5 / 5, 10);
  });

  test('hinge with a small C: both multipliers at C, w = 2 C a', () => {
    const { weights, bias, primal } = solve({ C: 0.01 });
    expect(weights[0]).toBeCloseTo(0.02, 12);
    expect(weights[1]).toBeCloseTo(0.04, 12);
    expect(bias).toBeCloseTo(0, 12);
    // Each margin is w . a = 0.1; P = |w|^2 / 2 + 2 C (1 - 0.1).
    expect(primal).toBeCloseTo(0.001 + 0.018, 12);
  });

  test('squared hinge: alpha = 1 / (2 |a|^2 + 1 / (2 C))', () => {
    const alpha = 1 / (10 + 1 / (2 * 0.3));
    const { weights } = solve({ C: 0.3, loss: 'squared-hinge' });
    expect(weights[0]).toBeCloseTo(2 * alpha, 10);
    expect(weights[1]).toBeCloseTo(4 * alpha, 10);
  });
});

test('the duality gap is never negative and closes as updates are added', () => {
  const gaps = [1, 40, 400, 4000, 40_000].map((updates) => {
    const { primal, dual } = fitHyperplane(rows, targets, { ...options, C: 0.3, biasScale: 2, updates });
    return primal - dual;
  });
  for (const gap of gaps) expect(gap).toBeGreaterThan(-1e-9);
  expect(gaps[0]).toBeGreaterThan(1);
  expect(gaps[2]).toBeLessThan((gaps[1] as number) / 3);
  expect(gaps[4]).toBeLessThan(1e-6);
});

test('makes exactly as many updates as it is told, however many rows there are', () => {
  // From zero, one update moves one multiplier only, so w is a multiple of one row.
  const { weights } = fitHyperplane(rows, targets, { ...options, updates: 1 });
  const isMultipleOf = (row: number) => {
    const factor = (weights[0] as number) / (rows[row * 16] as number);
    return weights.every((weight, j) => Math.abs(weight - factor * (rows[row * 16 + j] as number)) < 1e-12);
  };
  expect(two.filter((_, row) => isMultipleOf(row))).toHaveLength(1);
});

test('does not move the stream it draws orders from, and repeats itself', () => {
  const order = rootStream(2);
  const first = fitHyperplane(rows, targets, { ...options, order, updates: 500 });
  order.bits();
  expect(fitHyperplane(rows, targets, { ...options, order, updates: 500 })).toEqual(first);
  expect(fitHyperplane(rows, targets, { ...options, order: rootStream(3), updates: 500 })).not.toEqual(first);
});

test('rows all of one sign have the constant hyperplane of that sign', () => {
  for (const sign of [1, -1]) {
    const plane = fitHyperplane(Float32Array.from([1, 2, 3, 4]), Int8Array.from([sign, sign]), options);
    expect(plane).toEqual({ weights: new Float64Array(2), bias: sign, primal: 0.5, dual: 0.5 });
  }
});

test('names what is wrong with its arguments', () => {
  const solve = (values: number[], signs: number[], updates = 1) =>
    fitHyperplane(Float32Array.from(values), Int8Array.from(signs), { ...options, updates });
  expect(() => solve([], [])).toThrow(
    'fitHyperplane.rows: expected one row for each of 0 targets, got 0 values',
  );
  expect(() => solve([1, 2, 3], [1, -1])).toThrow('expected one row for each of 2 targets, got 3 values');
  expect(() => solve([1, 2], [1, 0])).toThrow('fitHyperplane.targets: expected 1 or -1, got 0');
  expect(() => solve([1, 2], [1, -1], 0)).toThrow('fitHyperplane.updates: expected an integer of at least 1');
});
