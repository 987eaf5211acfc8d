import { expect, test } from 'vitest';
import { createRandom } from '../../../src/acquisition/strategies/random.ts';
import type { Round } from '../../../src/acquisition/strategy.ts';
import { rootStream, type Stream } from '../../../src/random.ts';
import { poolIndex } from '../../../src/shapes.ts';

const candidates = Array.from({ length: 20 }, (_, row) => poolIndex(3 * row));

/** A round of which only what `random` reads is there; touching anything else fails. */
const roundOf = (stream: Stream, batch = 5) => ({ batch, stream, pool: { candidates } }) as unknown as Round;

const pick = async (stream: Stream, batch?: number) => {
  const selection = await createRandom().select(roundOf(stream, batch));
  return selection.kind === 'pool' ? selection.rows : [];
};

test('draws without replacement, from the candidates alone', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const rows = await pick(rootStream(seed));
    expect(rows).toHaveLength(5);
    expect(new Set(rows).size).toBe(5);
    expect(rows.every((row) => candidates.includes(row))).toBe(true);
  }
});

test('draws every candidate equally often', async () => {
  const counts = new Map<number, number>(candidates.map((row) => [row, 0]));
  const rounds = 2000;
  for (let round = 0; round < rounds; round++) {
    for (const row of await pick(rootStream(7).of(round))) counts.set(row, (counts.get(row) as number) + 1);
  }
  // 20 counts around 500 with variance rounds x 1/4 x 3/4, of which 19 are free (drawing 5 of 20 fixes the sum):
  // the statistic is chi-squared with 19 degrees of freedom, whose 0.999 quantile is 43.8.
  const expected = (rounds * 5) / 20;
  const statistic =
    [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2, 0) /
    (expected * 0.75 * (20 / 19));
  expect(statistic).toBeLessThan(43.8);
  expect(statistic).toBeGreaterThan(5.4);
});

test('takes the whole pool if asked to, and refuses more', async () => {
  expect([...(await pick(rootStream(1), 20))].sort((a, b) => a - b)).toEqual(candidates);
  await expect(pick(rootStream(1), 21)).rejects.toThrow(
    'Stream.choose.count: expected an integer in [0, 20], got 21',
  );
});
