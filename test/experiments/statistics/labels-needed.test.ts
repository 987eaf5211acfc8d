import { describe, expect, test } from 'vitest';
import { labelsNeeded } from '../../../src/experiments/statistics/labels-needed.ts';
import { interval95, mean } from '../../../src/experiments/statistics.ts';

const curve = (...accuracies: number[]) =>
  accuracies.map((testAccuracy, i) => ({ labelsCharged: 50 + 10 * i, testAccuracy }));

describe('labels needed to reach an accuracy', () => {
  const three = new Map([
    [1, curve(0.5, 0.7, 0.8, 0.9)],
    [2, curve(0.5, 0.6, 0.7, 0.8)],
    [3, curve(0.5, 0.8, 0.8, 0.8)],
  ]);

  test('are the first budget of the mean curve and of each seed, with an interval', () => {
    const needed = labelsNeeded(three, 0.75);
    // The mean curve is 0.5, 0.7, 0.767, 0.833.
    expect(needed.ofMean).toBe(70);
    expect(needed.perSeed.map(({ labels }) => labels)).toEqual([70, 80, 60]);
    expect(needed.mean).toBe(mean([70, 80, 60]));
    expect(needed.interval).toEqual(interval95([70, 80, 60]));
    expect(needed).toMatchObject({ reached: 3, n: 3, observedUpTo: 80 });
  });

  test('do not exist on average once a seed is not there yet, and the mean curve may be there all the same', () => {
    const needed = labelsNeeded(three, 0.83);
    expect(needed.perSeed.map(({ labels }) => labels)).toEqual([80, null, null]);
    expect(needed).toMatchObject({ reached: 1, n: 3, ofMean: 80, mean: null, interval: null });
    expect(labelsNeeded(three, 0.95)).toMatchObject({ reached: 0, ofMean: null, mean: null });
  });

  test('count a later dip as nothing: the first hit decides', () => {
    expect(labelsNeeded(new Map([[1, curve(0.5, 0.8, 0.6)]]), 0.8).ofMean).toBe(60);
  });

  test('a target read off the mean curve itself is reached, whatever its last digit', () => {
    const thirds = new Map([0.7, 0.8, 0.82].map((end, seed) => [seed, curve(0.5, end)]));
    expect(labelsNeeded(thirds, (0.82 + 0.8 + 0.7) / 3).ofMean).toBe(60);
  });

  test('curves of other budgets are read where either has a point', () => {
    const uneven = new Map([
      [1, curve(0.5, 0.9)],
      [
        2,
        [
          { labelsCharged: 50, testAccuracy: 0.5 },
          { labelsCharged: 55, testAccuracy: 0.7 },
        ],
      ],
    ]);
    // At 55 the mean is 0.6, at 60 it is 0.8: the second has stopped and keeps 0.7.
    expect(labelsNeeded(uneven, 0.6).ofMean).toBe(55);
    expect(labelsNeeded(uneven, 0.75).ofMean).toBe(60);
  });

  test('one seed has no interval, and none nothing at all', () => {
    expect(labelsNeeded(new Map([[1, curve(0.5, 0.9)]]), 0.9)).toMatchObject({ mean: 60, interval: null });
    expect(labelsNeeded(new Map(), 0.9)).toEqual({
      ofMean: null,
      perSeed: [],
      reached: 0,
      n: 0,
      mean: null,
      interval: null,
      observedUpTo: null,
    });
  });

  test('refuses a target that is no accuracy', () => {
    expect(() => labelsNeeded(three, 95)).toThrow(
      'labelsNeeded.target: expected an accuracy in (0, 1], got 95',
    );
  });
});
