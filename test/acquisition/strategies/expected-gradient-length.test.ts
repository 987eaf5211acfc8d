import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  createExpectedGradientLength,
  expectedGradientLengths,
} from '../../../src/acquisition/strategies/expected-gradient-length.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { probabilities } from '../../../src/classifiers/predict.ts';
import { keepsItsPromises } from './pool-strategy-promises.ts';

const reference = JSON.parse(
  readFileSync(
    new URL('../../fixtures/active-learning/expected-gradient-length.json', import.meta.url),
    'utf8',
  ),
) as { size: number; classes: number; features: number[]; scores: number[]; lengths: number[] };

beforeAll(() => selectBackend('cpu'));

describe('expected gradient length', () => {
  keepsItsPromises(createExpectedGradientLength);

  test("is the mean of PyTorch's gradient lengths over all labels", () => {
    const { classes, size } = reference;
    const probs = probabilities(Float32Array.from(reference.scores), classes);
    const ours = expectedGradientLengths(probs, classes, Float32Array.from(reference.features), size);
    reference.lengths.forEach((length, row) => {
      expect(Math.abs(ours[row]! - length)).toBeLessThan(1e-6);
    });
  });

  test('is 0 where the model is certain, and as for one label where two are as likely', () => {
    const probs = Float32Array.of(1, 0, 0.5, 0.5);
    const features = Float32Array.of(7, 8, 0, 0);
    const [certain, torn] = expectedGradientLengths(probs, 2, features, 2);
    expect(certain).toBe(0);
    expect(torn).toBeCloseTo(Math.SQRT1_2, 12);
  });
});
