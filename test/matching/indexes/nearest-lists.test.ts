import { expect, test } from 'vitest';
import { NearestLists } from '../../../matching/indexes/nearest-lists.ts';
import { rootStream } from '../../../src/random.ts';

test('keeps the k smallest of what is offered in any order, equal distances by row', () => {
  const stream = rootStream(3);
  for (const k of [1, 2, 3, 7, 40]) {
    const offers = Array.from({ length: 30 }, (_, row) => ({ row, distance: stream.integer(8) }));
    const lists = new NearestLists(1, k);
    for (const { row, distance } of stream.shuffle(offers)) lists.offer(0, row, distance);
    const sorted = offers.sort((a, b) => a.distance - b.distance || a.row - b.row).slice(0, k);
    const missing = Math.max(0, k - 30);
    const { rows, squaredDistances } = lists.finish();
    expect([...rows]).toEqual([...sorted.map(({ row }) => row), ...Array(missing).fill(-1)]);
    expect([...squaredDistances]).toEqual([
      ...sorted.map(({ distance }) => distance),
      ...Array(missing).fill(Number.POSITIVE_INFINITY),
    ]);
  }
});

test('keeps the lists of several queries apart, and says what a row must beat', () => {
  const lists = new NearestLists(2, 2);
  lists.offer(0, 5, 3);
  expect([lists.held(0), lists.held(1), lists.worst(0)]).toEqual([1, 0, Number.POSITIVE_INFINITY]);
  lists.offer(1, 4, 1);
  lists.offer(0, 6, 2);
  lists.offer(0, 7, 9);
  expect(lists.worst(0)).toBe(3);
  expect([...lists.finish().rows]).toEqual([6, 5, 4, -1]);
});
