import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cohenKappa } from '../../src/acquisition/cohen-kappa.ts';

const cases = JSON.parse(
  readFileSync(new URL('../fixtures/cohen-kappa.json', import.meta.url), 'utf8'),
) as readonly { a: number[]; b: number[]; kappa: number }[];

describe('cohenKappa', () => {
  test("is scikit-learn's", () => {
    expect(cases).toHaveLength(6);
    for (const { a, b, kappa } of cases) expect(cohenKappa(a, b)).toBeCloseTo(kappa, 12);
  });

  test('is 0 at chance: every pair of classes as often as their shares say', () => {
    const a = [0, 0, 0, 0, 0, 0, 1, 1, 1];
    const b = [0, 0, 1, 0, 0, 1, 0, 0, 1];
    expect(cohenKappa(a, b)).toBe(0);
  });

  test('is 1 for equal lists, of one class too, where the formula is 0 / 0', () => {
    expect(cohenKappa([3, 1, 2], [3, 1, 2])).toBe(1);
    expect(cohenKappa([4, 4, 4], [4, 4, 4])).toBe(1);
  });

  test('is 0 for lists of one class each that differ, and -1 for two classes exchanged', () => {
    expect(cohenKappa([0, 0, 0], [1, 1, 1])).toBe(0);
    expect(cohenKappa([0, 1, 0, 1], [1, 0, 1, 0])).toBe(-1);
  });

  test('is the same either way round and under other names of the classes', () => {
    for (const { a, b, kappa } of cases) {
      expect(cohenKappa(b, a)).toBeCloseTo(kappa, 12);
      const rename = (label: number) => (label * 7 + 3) % 11;
      expect(cohenKappa(a.map(rename), b.map(rename))).toBe(cohenKappa(a, b));
    }
  });

  test('refuses lists of different lengths, and empty ones', () => {
    expect(() => cohenKappa([1, 2], [1])).toThrow('at least one, got 1 and 2');
    expect(() => cohenKappa([], [])).toThrow(RangeError);
  });
});
