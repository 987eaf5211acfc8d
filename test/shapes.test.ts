import { describe, expect, test } from 'vitest';
import { candidateRow, checkInteger, checkShape, poolIndex, queryRow, toPoolIndex } from '../src/shapes.ts';

describe('rows', () => {
  test('a row inside its range is itself', () => {
    expect(poolIndex(0)).toBe(0);
    expect(poolIndex(41, 42)).toBe(41);
    expect(candidateRow(2, 3)).toBe(2);
    expect(queryRow(0, 1)).toBe(0);
  });

  test('a row outside its range is refused with the name of its space', () => {
    expect(() => poolIndex(42, 42)).toThrow('poolIndex.row: expected an integer in [0, 42), got 42');
    expect(() => candidateRow(-1, 3)).toThrow('candidateRow.row: expected an integer in [0, 3), got -1');
    expect(() => queryRow(0.5, 1)).toThrow('queryRow.row: expected an integer in [0, 1), got 0.5');
    expect(() => poolIndex(Number.NaN)).toThrow(RangeError);
    expect(() => poolIndex(Number.POSITIVE_INFINITY)).toThrow(RangeError);
  });

  test('a candidate row leads to the pool row in its place', () => {
    const candidates = [7, 3, 9].map((row) => poolIndex(row));
    expect(toPoolIndex(candidates, candidateRow(1, 3))).toBe(3);
    expect(() => toPoolIndex(candidates, candidateRow(3, 4))).toThrow(
      'toPoolIndex.row: expected a row below 3, got 3',
    );
  });
});

describe('checkShape', () => {
  test('accepts the sizes asked for, and any where null stands', () => {
    checkShape('f.images', { shape: [5, 28, 28, 1] }, [null, 28, 28, 1]);
    checkShape('f.images', { shape: [0, 28, 28, 1] }, [null, null, null, 1]);
    checkShape('f.loss', { shape: [] }, []);
  });

  test('names argument, expected and actual shape', () => {
    const expected = 'f.images: expected shape [*, 28, 28, 1], got [5, 28, 28, 3]';
    expect(() => checkShape('f.images', { shape: [5, 28, 28, 3] }, [null, 28, 28, 1])).toThrow(expected);
    expect(() => checkShape('f.images', { shape: [5, 28, 28, 3] }, [null, 28, 28, 1])).toThrow(RangeError);
  });

  test('another rank is another shape', () => {
    expect(() => checkShape('f.rows', { shape: [4] }, [4, 1])).toThrow(
      'f.rows: expected shape [4, 1], got [4]',
    );
    expect(() => checkShape('f.rows', { shape: [4, 1] }, [4])).toThrow(RangeError);
  });
});

describe('checkInteger', () => {
  test('accepts integers from the minimum on', () => {
    checkInteger('f.steps', 1, 1);
    checkInteger('f.steps', 1_000_000, 1);
  });

  test.each([0, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %s', (value) => {
    expect(() => checkInteger('f.steps', value, 1)).toThrow(
      `f.steps: expected an integer of at least 1, got ${value}`,
    );
  });
});
