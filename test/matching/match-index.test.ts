import { beforeAll, describe, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { indexOfPoints, normalPoints, rowsOf } from './plane.ts';

beforeAll(async () => {
  await selectBackend('wasm');
});

describe('keeping candidates', () => {
  test('leaves just those, in whatever order they are named and however many were gone before', async () => {
    const stream = rootStream(1);
    const points = normalPoints(60, 2, 1);
    // Rows with gaps between them: 0, 3, 6, ...
    const index = await indexOfPoints(
      points,
      points.map((_, i) => 3 * i),
    );
    try {
      let left = index.candidates;
      while (left.length > 1) {
        left = stream.choose(left, Math.ceil(0.6 * left.length - 0.5));
        index.keep(left);
        const ascending = [...left].sort((a, b) => a - b);
        expect(index.candidates).toEqual(ascending);
        expect(index.count).toBe(left.length);
        const [list] = await index.search(Float32Array.of(0, 0), 60);
        expect(list!.map(({ row }) => row).sort((a, b) => a - b)).toEqual(ascending);
      }
    } finally {
      index.dispose();
    }
  });

  test.each([
    ['was not indexed', [9, 10]],
    ['was not indexed', [31]],
    ['was removed before', [10, 20]],
    ['is named twice', [30, 10, 30]],
  ])('refuses a row that %s, and changes nothing', async (fault, rows) => {
    const index = await indexOfPoints([[0], [1], [2], [3]]);
    try {
      index.keep(rowsOf(0, 10, 30));
      expect(() => index.keep(rowsOf(...rows))).toThrow(fault);
      expect(index.candidates).toEqual([0, 10, 30]);
    } finally {
      index.dispose();
    }
  });

  test('has no bearing on the vectors of rows, which stay', async () => {
    const index = await indexOfPoints([[0], [1], [2]]);
    try {
      index.keep(rowsOf(10));
      expect([...index.vectorsOf(rowsOf(20, 0, 10))]).toEqual([2, 0, 1]);
      expect(() => index.vectorsOf(rowsOf(5))).toThrow(
        'MatchIndex.vectorsOf.rows: expected indexed rows, got 5',
      );
    } finally {
      index.dispose();
    }
  });
});
