import { expect, test } from 'vitest';
import { fitExponent } from '../../bench/matching/exponent.ts';

test('finds the exponent of a power law whatever its factor', () => {
  const sizes = [1e4, 1e5, 1e6];
  for (const exponent of [0, 0.15, 1, 2]) {
    const points = sizes.map((n) => ({ n, ms: 3.7 * n ** exponent }));
    expect(fitExponent(points)).toBeCloseTo(exponent, 10);
  }
});

test('is the slope of the least-squares line where the points do not lie on one', () => {
  // Logs to base 10: (0, 0), (1, 3), (2, 3); the slope is 3/2.
  const points = [1, 10, 100].map((n, at) => ({ n, ms: [1, 1000, 1000][at]! }));
  expect(fitExponent(points)).toBeCloseTo(1.5, 10);
});

test('says nothing of one size', () => {
  expect(fitExponent([{ n: 10, ms: 1 }])).toBeNull();
  expect(fitExponent([])).toBeNull();
});
