import { describe, expect, test } from 'vitest';
import { drawDistinct } from '../../src/acquisition/weighted-draw.ts';
import { rootStream } from '../../src/random.ts';

describe('a weighted draw without replacement', () => {
  test('is that of one draw after another: frequencies of ordered pairs', () => {
    const weights = Float64Array.of(1, 0, 2, 5);
    const total = 8;
    const draws = 2000;
    const found = new Map<string, number>();
    for (let seed = 1; seed <= draws; seed++) {
      const pair = drawDistinct(weights, 2, rootStream(seed)).join();
      found.set(pair, (found.get(pair) ?? 0) + 1);
    }
    const rows = [0, 2, 3];
    let square = 0;
    for (const first of rows) {
      for (const second of rows.filter((row) => row !== first)) {
        const odds = (weights[first]! / total) * (weights[second]! / (total - weights[first]!));
        square += ((found.get(`${first},${second}`) ?? 0) - draws * odds) ** 2 / (draws * odds);
        found.delete(`${first},${second}`);
      }
    }
    // 99.9 % of the chi-squared distribution with 5 degrees of freedom.
    expect(square).toBeLessThan(20.5);
    expect([...found]).toEqual([]);
  });

  test('ends where no weight is left, and refuses what is no weight', () => {
    expect(drawDistinct(Float64Array.of(0, 3, 0, 1), 4, rootStream(1)).sort()).toEqual([1, 3]);
    expect(drawDistinct(Float64Array.of(1, 1), 0, rootStream(1))).toEqual([]);
    for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => drawDistinct(Float64Array.of(1, wrong), 1, rootStream(1))).toThrow(
        `drawDistinct.weights: expected finite numbers of at least 0, got ${wrong}`,
      );
    }
  });
});
