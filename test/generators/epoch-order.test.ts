import { expect, test } from 'vitest';
import { epochOrder } from '../../generators/epoch-order.ts';
import { rootStream } from '../../src/random.ts';

test('an epoch shows every image once but those left over, each epoch in another order', () => {
  const rowsOf = epochOrder(26, 4, rootStream(1));
  const epochs = [0, 1, 2].map((epoch) => [1, 2, 3, 4, 5, 6].flatMap((step) => rowsOf(6 * epoch + step)));
  for (const rows of epochs) {
    expect(rows).toHaveLength(24);
    expect(new Set(rows).size).toBe(24);
    for (const row of rows) expect(row >= 0 && row < 26).toBe(true);
  }
  expect(epochs[0]).not.toEqual(epochs[1]);
  // Over many epochs nothing is left out for good.
  const seen = new Set(Array.from({ length: 60 }, (_, step) => rowsOf(step + 1)).flat());
  expect(seen.size).toBe(26);
});

test('a step has the same rows whatever was asked before', () => {
  const inOrder = epochOrder(26, 4, rootStream(1));
  const rows = Array.from({ length: 20 }, (_, step) => inOrder(step + 1));
  expect(epochOrder(26, 4, rootStream(1))(17)).toEqual(rows[16]);
  expect(inOrder(2)).toEqual(rows[1]);
  expect(epochOrder(26, 4, rootStream(2))(17)).not.toEqual(rows[16]);
});
