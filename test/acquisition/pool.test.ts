import { describe, expect, test } from 'vitest';
import { Pool } from '../../src/acquisition/pool.ts';
import { rootStream } from '../../src/random.ts';
import { poolIndex } from '../../src/shapes.ts';

const rows = (...numbers: number[]) => numbers.map((row) => poolIndex(row));

describe('Pool', () => {
  test('conserves its rows over any sequence of purchases', () => {
    const stream = rootStream(3);
    const pool = new Pool(100, rows(7, 8, 9));
    const bought = new Set<number>();
    for (let round = 0; round < 12; round++) {
      const batch = stream.choose(pool.candidates, 8);
      pool.buy(batch);
      pool.refuse(batch.slice(0, 2));
      pool.assertConserved();
      for (const row of batch) {
        expect(bought.has(row)).toBe(false);
        bought.add(row);
      }
    }
    expect(bought.size).toBe(96);
    expect(pool.candidates).toHaveLength(1);
    expect(pool.count('labelled')).toBe(72);
    expect(pool.count('refused')).toBe(24);
    expect([7, 8, 9].some((row) => bought.has(row))).toBe(false);
  });

  test('lists its candidates ascending', () => {
    const pool = new Pool(6);
    pool.buy(rows(4, 0));
    expect(pool.candidates).toEqual([1, 2, 3, 5]);
  });

  test.each([
    [
      'a row bought before',
      rows(1),
      'Pool.buy.rows: expected different unlabelled rows, got 1, which is labelled',
    ],
    [
      'a row named twice',
      rows(2, 2),
      'Pool.buy.rows: expected different unlabelled rows, got 2, which is named twice',
    ],
    [
      'a held-out row',
      rows(3),
      'Pool.buy.rows: expected different unlabelled rows, got 3, which is held out',
    ],
    ['a row outside', rows(9), 'Pool.buy.rows: expected rows in [0, 5), got 9'],
  ])('refuses %s and changes nothing', (_, batch, message) => {
    const pool = new Pool(5, rows(3));
    pool.buy(rows(1));
    expect(() => pool.buy([...rows(0), ...batch])).toThrow(message);
    expect(pool.candidates).toEqual([0, 2, 4]);
    pool.assertConserved();
  });
});
