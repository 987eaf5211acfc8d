import { describe, expect, test } from 'vitest';
import { activeUnits, areaUnderCurve, tiedShare } from '../../vaal/vaal-evidence.ts';

describe('the share of a batch that chance decided on', () => {
  test('is 0 if the batch ends between two scores', () => {
    expect(tiedShare([3, 1, 2, 4], [1, 2])).toBe(0);
    // The rows bought tie among themselves, but nobody was left over.
    expect(tiedShare([1, 1, 2, 4], [0, 1])).toBe(0);
  });

  test('counts the rows bought at the last score, if others have it too', () => {
    expect(tiedShare([0, 1, 1, 1, 5], [0, 2])).toBe(0.5);
    expect(tiedShare([7, 7, 7], [2])).toBe(1);
  });

  test('takes scores that differ by rounding alone for tied, and no others', () => {
    expect(tiedShare([0, 4e-7, 9], [0])).toBe(1);
    expect(tiedShare([0, 4e-6, 9], [0])).toBe(0);
    // Of large scores the last digits are worth less.
    expect(tiedShare([-1000, -1000.0004, 9], [1])).toBe(1);
    expect(tiedShare([-1000, -1000.004, 9], [1])).toBe(0);
  });
});

test('the area under the curve counts pairs, ties half', () => {
  expect(areaUnderCurve([2, 3], [1, 2])).toBe(3.5 / 4);
  expect(areaUnderCurve([], [1])).toBeNull();
});

test('a unit is active if its mean varies by more than a hundredth', () => {
  expect(activeUnits([0, 0, 0.19, 0.21], 2)).toBe(1);
});
