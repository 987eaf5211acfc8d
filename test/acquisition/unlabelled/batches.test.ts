import { describe, expect, test } from 'vitest';
import { balancedBatches, balancedPass } from '../../../src/acquisition/unlabelled/balanced-batches.ts';
import { mixedBatches } from '../../../src/acquisition/unlabelled/mixed-batches.ts';
import { normalisedMutualInformation } from '../../../src/acquisition/unlabelled/mutual-information.ts';
import { rootStream } from '../../../src/random.ts';

const stream = rootStream(2);
const countOf = (rows: readonly number[], is: (row: number) => boolean) => rows.filter(is).length;

describe('a balanced pass', () => {
  // Cluster 0 has 15 rows, cluster 4 has 4, cluster 7 has one; all others are empty.
  const assigned = Int32Array.from({ length: 20 }, (_, row) => (row < 15 ? 0 : row < 19 ? 4 : 7));

  test('has as many rows as there are, of each cluster equally many but for those cut off', () => {
    const rows = balancedPass(assigned, stream);
    expect(rows).toHaveLength(20);
    for (const cluster of [0, 4, 7]) {
      const times = countOf(rows, (row) => assigned[row] === cluster);
      expect(times).toBeLessThanOrEqual(7);
      expect(times).toBeGreaterThanOrEqual(6);
    }
  });

  test('repeats no row of a cluster that has enough, and some of one that has not', () => {
    const rows = balancedPass(assigned, stream);
    const large = rows.filter((row) => assigned[row] === 0);
    expect(new Set(large).size).toBe(large.length);
    expect(countOf(rows, (row) => row === 19)).toBeGreaterThanOrEqual(6);
  });

  test('is another one each time, and the same from the same stream', () => {
    const take = () => {
      const batches = balancedBatches(assigned, 20, stream);
      return [batches.next().value, batches.next().value];
    };
    const [first, second] = take();
    expect(second).not.toEqual(first);
    expect(take()).toEqual([first, second]);
    const small = balancedBatches(assigned, 8, stream);
    const pieces = [...small.next().value, ...small.next().value, ...small.next().value];
    expect(pieces.slice(0, 20)).toEqual(first);
    expect(pieces.slice(20)).toEqual(second?.slice(0, 4));
  });
});

describe('mixed mini-batches', () => {
  test('hold a fixed share of labelled rows, and every row of a kind equally often', () => {
    const batches = mixedBatches({ labelled: 5, others: 60 }, 10, 0.4, stream);
    const all: number[] = [];
    for (let batch = 0; batch < 20; batch++) {
      const rows = batches.next().value;
      expect(rows).toHaveLength(10);
      expect(countOf(rows, (row) => row < 5)).toBe(4);
      all.push(...rows);
    }
    for (let row = 0; row < 65; row++) expect(countOf(all, (one) => one === row)).toBe(row < 5 ? 16 : 2);
  });

  test('have at least one row of either kind', () => {
    for (const share of [0.001, 0.999]) {
      const rows = mixedBatches({ labelled: 3, others: 3 }, 4, share, stream).next().value;
      expect(countOf(rows, (row) => row < 3)).toBe(share < 0.5 ? 1 : 3);
    }
    expect(() => mixedBatches({ labelled: 1, others: 1 }, 1, 0.5, stream).next()).toThrow(
      'mixedBatches.batch',
    );
  });
});

describe('mutual information', () => {
  test('is 1 of partitions that differ in names alone, and 0 of independent ones', () => {
    expect(normalisedMutualInformation([0, 0, 1, 2], [7, 7, 0, 3])).toBeCloseTo(1, 12);
    expect(normalisedMutualInformation([0, 0, 1, 1], [0, 1, 0, 1])).toBeCloseTo(0, 12);
    expect(normalisedMutualInformation([3, 3], [5, 5])).toBe(1);
  });

  test('is the closed form where one partition divides the other', () => {
    // I = H(A) = ln 2, H(B) = 3/2 ln 2.
    expect(normalisedMutualInformation([0, 0, 1, 1], [0, 0, 1, 2])).toBeCloseTo(2 / (1 + 1.5), 12);
    expect(() => normalisedMutualInformation([], [])).toThrow('expected 0 rows, at least one');
    expect(() => normalisedMutualInformation([1], [1, 2])).toThrow(
      'normalisedMutualInformation.b: expected 1 rows',
    );
  });
});
