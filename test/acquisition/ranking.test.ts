import { expect, test } from 'vitest';
import { lowest } from '../../src/acquisition/ranking.ts';
import { rootStream } from '../../src/random.ts';

test('picks the lowest scores, lowest first', () => {
  expect(lowest([5, 1, 4, 2, 3], 3, rootStream(1))).toEqual([1, 3, 4]);
});

test('breaks ties at random but repeatably', () => {
  const scores = new Float32Array(50);
  const first = lowest(scores, 5, rootStream(1));
  expect(lowest(scores, 5, rootStream(1))).toEqual(first);
  expect(lowest(scores, 5, rootStream(2))).not.toEqual(first);
  expect(first).not.toEqual([0, 1, 2, 3, 4]);
});

test('orders numbers as numbers', () => {
  expect(lowest([10, 9, 100, 1e-7], 4, rootStream(1))).toEqual([3, 1, 0, 2]);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])(
  'refuses a score of %s instead of sorting it somewhere',
  (score) => {
    expect(() => lowest([1, score, 2], 1, rootStream(1))).toThrow(
      `lowest.scores: expected finite scores, got ${score} for candidate 1`,
    );
  },
);

test('refuses to pick more than there are', () => {
  expect(() => lowest([1, 2], 3, rootStream(1))).toThrow(
    'lowest.count: expected an integer in [0, 2], got 3',
  );
});
