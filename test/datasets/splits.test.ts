import { describe, expect, test } from 'vitest';
import { classCounts } from '../../src/datasets/labels.ts';
import { initialRows } from '../../src/datasets/splits.ts';
import { rootStream } from '../../src/random.ts';

/** 40 rows of class 0, 30 of 1, 3 of 2. */
const labels = Uint8Array.from({ length: 73 }, (_, row) => (row < 40 ? 0 : row < 70 ? 1 : 2));

function countsOf(rows: readonly number[]): number[] {
  return classCounts(
    Uint8Array.from(rows, (row) => labels[row]!),
    3,
  );
}

describe('initial rows at random', () => {
  test('are different rows, the same for the same stream', () => {
    const rows = initialRows(labels, 20, {}, rootStream(1));
    expect(new Set(rows).size).toBe(20);
    expect(initialRows(labels, 20, {}, rootStream(1))).toEqual(rows);
    expect(initialRows(labels, 20, {}, rootStream(2))).not.toEqual(rows);
  });

  test('take every row equally often', () => {
    const taken = new Array<number>(73).fill(0);
    for (let seed = 1; seed <= 2000; seed++) {
      for (const row of initialRows(labels, 20, {}, rootStream(seed))) taken[row]! += 1;
    }
    // 2000 draws of 20 in 73: 548 a row, standard deviation 19.9.
    for (const count of taken) expect(Math.abs(count - 548)).toBeLessThan(100);
  });

  test('may leave a class without a label', () => {
    const without = Array.from({ length: 15 }, (_, i) =>
      initialRows(labels, 10, {}, rootStream(i + 1)),
    ).filter((rows) => countsOf(rows)[2] === 0);
    expect(without.length).toBeGreaterThan(0);
  });

  test('refuse a draw of one class, and say what to do', () => {
    const lopsided = Uint8Array.from({ length: 1000 }, (_, row) => (row === 999 ? 1 : 0));
    expect(() => initialRows(lopsided, 2, {}, rootStream(1))).toThrow(
      'initialRows.size: expected labels of two or more classes, got 2 of class 0 alone; ' +
        'take more labels, another seed or a balanced set',
    );
  });
});

describe('balanced initial rows', () => {
  test('have as many of each class, within one', () => {
    expect(countsOf(initialRows(labels, 6, { balanced: true }, rootStream(1)))).toEqual([2, 2, 2]);
    const seven = countsOf(initialRows(labels, 7, { balanced: true }, rootStream(1)));
    expect(seven.toSorted((a, b) => a - b)).toEqual([2, 2, 3]);
  });

  test('give the odd row to each class in turn of chance', () => {
    const larger = new Set<number>();
    for (let seed = 1; seed <= 40; seed++) {
      larger.add(countsOf(initialRows(labels, 7, { balanced: true }, rootStream(seed))).indexOf(3));
    }
    expect(larger).toEqual(new Set([0, 1, 2]));
  });

  test('fill up from the other classes where one is exhausted', () => {
    expect(countsOf(initialRows(labels, 23, { balanced: true }, rootStream(1)))).toEqual([10, 10, 3]);
    expect(countsOf(initialRows(labels, 73, { balanced: true }, rootStream(1)))).toEqual([40, 30, 3]);
  });

  test('are different rows in an order that says nothing of the class', () => {
    expect(new Set(initialRows(labels, 40, { balanced: true }, rootStream(3))).size).toBe(40);
    // Of nine rows, three a class, a random order starts with three different classes 27 times in 84.
    let different = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const rows = initialRows(labels, 9, { balanced: true }, rootStream(seed)).slice(0, 3);
      different += new Set(rows.map((row) => labels[row])).size === 3 ? 1 : 0;
    }
    expect(different).toBeGreaterThan(30);
    expect(different).toBeLessThan(100);
  });

  test('hold two classes even when only two are asked for', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const counts = countsOf(initialRows(labels, 2, { balanced: true }, rootStream(seed)));
      expect(Math.max(...counts)).toBe(1);
    }
  });
});

describe('the size of the initial set', () => {
  test.each([
    [1, 'initialRows.size: expected an integer of at least 2, got 1'],
    [2.5, 'initialRows.size: expected an integer of at least 2, got 2.5'],
    [74, 'initialRows.size: expected at most the 73 rows there are, got 74'],
  ])('%s is refused', (size, message) => {
    expect(() => initialRows(labels, size, {}, rootStream(1))).toThrow(message);
    expect(() => initialRows(labels, size, { balanced: true }, rootStream(1))).toThrow(RangeError);
  });
});

test('counting classes refuses a label that is none', () => {
  expect(classCounts(Uint8Array.of(1, 1, 0), 3)).toEqual([1, 2, 0]);
  expect(() => classCounts(Uint8Array.of(3), 3)).toThrow(
    'classCounts.labels: expected labels below 3, got 3',
  );
});

describe('initial rows of some classes', () => {
  test('are of those alone, at random or balanced', () => {
    expect(countsOf(initialRows(labels, 20, { classes: [0, 2] }, rootStream(1)))[1]).toBe(0);
    const balanced = { classes: [1, 2], balanced: true };
    expect(countsOf(initialRows(labels, 6, balanced, rootStream(1)))).toEqual([0, 3, 3]);
  });

  test('are the same as ever if the classes are all there are', () => {
    for (const balanced of [false, true]) {
      const named = initialRows(labels, 20, { balanced, classes: [0, 1, 2] }, rootStream(4));
      expect(named).toEqual(initialRows(labels, 20, { balanced }, rootStream(4)));
    }
  });

  test('cannot be more than there are', () => {
    expect(() => initialRows(labels, 34, { classes: [1, 2] }, rootStream(1))).toThrow(
      'initialRows.size: expected at most the 33 rows there are of classes 1, 2, got 34',
    );
  });
});
