import { expect, test } from 'vitest';
import { classHistogram } from '../../../generators/evaluation/class-histogram.ts';

test('counts the likeliest class of each image', () => {
  const probs = Float32Array.of(0.5, 0.25, 0.25, 0, 0.25, 0.75, 0.5, 0.5, 0, 0.125, 0.125, 0.75);
  const figures = classHistogram(probs, 3);
  expect(figures.counts).toEqual([2, 0, 2]);
  expect(figures.meanConfidence).toBe((0.5 + 0.75 + 0.5 + 0.75) / 4);
  expect(figures.rarestShare).toBe(0);
  expect(figures.entropy).toBeCloseTo(Math.LN2, 12);
  expect(figures.klFromUniform).toBeCloseTo(Math.log(3 / 2), 12);
});

test('finds no divergence from uniform if all classes are equally frequent', () => {
  const figures = classHistogram(Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), 3);
  expect(figures).toMatchObject({ counts: [1, 1, 1], meanConfidence: 1, rarestShare: 1 / 3 });
  expect(figures.entropy).toBeCloseTo(Math.log(3), 12);
  expect(figures.klFromUniform).toBeCloseTo(0, 12);
  expect(figures.klFromUniform).toBeGreaterThanOrEqual(0);
});

test('finds no entropy in a single class', () => {
  const figures = classHistogram(Float32Array.of(0.9, 0.1, 0.8, 0.2), 2);
  expect(figures).toMatchObject({ counts: [2, 0], rarestShare: 0, entropy: 0 });
  expect(figures.klFromUniform).toBeCloseTo(Math.LN2, 12);
});

test('agrees with the sum over classes of h ln(h classes)', () => {
  const rows = [0, 0, 0, 1, 1, 2].flatMap((label) => [0, 1, 2].map((k) => (k === label ? 1 : 0)));
  const expected = [1 / 2, 1 / 3, 1 / 6].reduce((sum, share) => sum + share * Math.log(share * 3), 0);
  expect(classHistogram(Float32Array.from(rows), 3).klFromUniform).toBeCloseTo(expected, 12);
});

test('names what is wrong', () => {
  expect(() => classHistogram(new Float32Array(), 2)).toThrow(
    'classHistogram.probs: expected one or more rows of 2 classes, got 0 values',
  );
  expect(() => classHistogram(new Float32Array(5), 2)).toThrow('got 5 values');
  expect(() => classHistogram(Float32Array.of(1), 1)).toThrow(
    'classHistogram.classes: expected an integer of at least 2, got 1',
  );
  expect(() => classHistogram(Float32Array.of(0.5, 0.5, 2, -1), 2)).toThrow(
    'classHistogram.probs: expected probabilities that sum to 1, got [2,-1] in row 1',
  );
  expect(() => classHistogram(Float32Array.of(0.5, 0.5, Number.NaN, 1), 2)).toThrow('in row 1');
});
