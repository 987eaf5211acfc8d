import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { type MatchedBatch, type MatchOptions, matchedRows, matchQueries } from '../../matching/match.ts';
import { MatchConfig } from '../../matching/match-config.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { presentKinds } from './indexes/kinds.ts';
import { distanceOf, indexOfPoints, normalPoints, rowsOf } from './plane.ts';

beforeAll(async () => {
  await selectBackend('wasm');
});

/** Entropies that are a fixed function of the row, in [0, 2.3). */
const scrambled: MatchOptions['entropies'] = async (rows) => rows.map((row) => ((row * 7919) % 101) / 44);

const settings = (['nearest', 'entropy'] as const).flatMap((rule) =>
  (['greedy', 'optimal'] as const).map((collisions) => ({ rule, collisions })),
);

/** Points matched by an index of their own. */
async function match(
  points: readonly (readonly number[])[],
  queries: readonly (readonly number[])[],
  { candidates, kind, ...options }: Partial<MatchOptions> & { kind?: string },
): Promise<MatchedBatch> {
  const index = await indexOfPoints(points, undefined, kind);
  try {
    return await matchQueries(Float32Array.from(queries.flat()), index, {
      ...MatchConfig.parse({ neighbours: 3 }),
      candidates: candidates ?? index.candidates,
      entropies: scrambled,
      ...options,
    });
  } finally {
    index.dispose();
  }
}

function total({ matches }: MatchedBatch): number {
  return matches.reduce((sum, { distance }) => sum + distance, 0);
}

describe('the rule nearest', () => {
  test('takes the image at the least distance and tells what it saw', async () => {
    const points = [[0], [1], [5], [9]];
    const { matches, collisionRate, distinctPreferences } = await match(points, [[4.5], [0.2]], {
      neighbours: 2,
    });
    expect(matches).toEqual([
      {
        query: 0,
        row: 20,
        distance: 0.5,
        rank: 1,
        collided: false,
        considered: [
          { row: 20, distance: 0.5, entropy: null },
          { row: 10, distance: 3.5, entropy: null },
        ],
      },
      expect.objectContaining({ query: 1, row: 0, rank: 1, collided: false }),
    ]);
    expect(matches[1]!.distance).toBeCloseTo(0.2, 6);
    expect([collisionRate, distinctPreferences]).toEqual([0, 2]);
  });

  test('gives an image that two want to the first, and the second the next one', async () => {
    const { matches, collisionRate, distinctPreferences } = await match([[0], [3], [-9]], [[0.5], [0.1]], {
      neighbours: 1,
    });
    expect(matches.map(({ row, rank, collided }) => [row, rank, collided])).toEqual([
      [0, 1, false],
      [10, 2, true],
    ]);
    expect([collisionRate, distinctPreferences]).toEqual([0.5, 1]);
  });

  test('may instead give it to whom the other would cost more', async () => {
    // First come: 0.5 + 8.4. The other way round: 2.5 + 0.6.
    const points = [[0], [3], [-9]];
    const queries = [[0.5], [-0.6]];
    const greedy = await match(points, queries, { neighbours: 1 });
    expect(matchedRows(greedy)).toEqual([0, 10]);
    const optimal = await match(points, queries, { neighbours: 1, collisions: 'optimal' });
    expect(matchedRows(optimal)).toEqual([10, 0]);
    expect(optimal.matches.map(({ collided, rank }) => [collided, rank])).toEqual([
      [true, 2],
      [false, 1],
    ]);
    expect(total(optimal)).toBeCloseTo(3.1, 6);
  });

  test('finds the least sum of distances over all images, however few neighbours it starts from', async () => {
    for (let seed = 1; seed <= 25; seed++) {
      const points = normalPoints(7, 2, seed);
      // Close together, so that they want the same images.
      const queries = normalPoints(4, 2, 100 + seed).map((point) => point.map((value) => value * 0.3));
      const least = (query: number, free: readonly number[]): number =>
        query === queries.length
          ? 0
          : Math.min(
              ...free.map(
                (i) =>
                  distanceOf(queries[query]!, points[i]!) +
                  least(
                    query + 1,
                    free.filter((other) => other !== i),
                  ),
              ),
            );
      const found = await match(points, queries, { neighbours: 1 + (seed % 3), collisions: 'optimal' });
      expect(Math.abs(total(found) - least(0, [...points.keys()]))).toBeLessThan(1e-9);
      expect(total(await match(points, queries, { neighbours: 1 }))).toBeGreaterThan(total(found) - 1e-9);
    }
  });
});

describe('the rule entropy', () => {
  const points = [[0], [1], [2], [3]];
  const of = (values: Record<number, number>): MatchOptions['entropies'] => {
    return async (rows) => rows.map((row) => values[row] ?? 0);
  };

  test('takes the most uncertain of the neighbours, not the nearest nor a more uncertain one beyond', async () => {
    const entropies = of({ 0: 0.1, 10: 0.7, 20: 0.5, 30: 2 });
    const { matches } = await match(points, [[-1]], { rule: 'entropy', entropies });
    expect(matches[0]).toMatchObject({ row: 10, distance: 2, rank: 2, collided: false });
    expect(matches[0]!.considered.map(({ entropy }) => entropy)).toEqual([0.1, 0.7, 0.5]);
  });

  test('breaks ties by distance, then by row', async () => {
    const entropies = of({ 10: 1, 20: 1, 30: 1 });
    const near = await match(points, [[2.4]], { rule: 'entropy', entropies });
    expect(matchedRows(near)).toEqual([20]);
    const twin = await match([[4], [1], [1], [1]], [[1]], { rule: 'entropy', entropies });
    expect(matchedRows(twin)).toEqual([10]);
    for (const collisions of ['greedy', 'optimal'] as const) {
      const none = await match(points, [[2.4], [2.6]], { rule: 'entropy', entropies: of({}), collisions });
      expect(matchedRows(none)).toEqual([20, 30]);
    }
  });

  test('asks once for the neighbours alone', async () => {
    const asked: number[][] = [];
    const entropies: MatchOptions['entropies'] = async (rows) => {
      asked.push([...rows]);
      return rows.map(() => 1);
    };
    await match(
      normalPoints(50, 2, 1),
      [
        [0, 0],
        [0.1, 0],
        [5, 5],
      ],
      { rule: 'entropy', entropies },
    );
    expect(asked).toHaveLength(1);
    expect(asked[0]!.length).toBeLessThanOrEqual(9);
    expect(new Set(asked[0]).size).toBe(asked[0]!.length);
  });

  test('may give up one wish for a larger sum, but no query its neighbours for it', async () => {
    // Both want 10 (0.9). The first has 0 (0.8) beside it, the second only 20 (0.1).
    const entropies = of({ 0: 0.8, 10: 0.9, 20: 0.1 });
    const queries = [[0.4], [1.6]];
    const greedy = await match(points, queries, { rule: 'entropy', neighbours: 2, entropies });
    expect(matchedRows(greedy)).toEqual([10, 20]);
    const optimal = await match(points, queries, {
      rule: 'entropy',
      collisions: 'optimal',
      neighbours: 2,
      entropies,
    });
    expect(matchedRows(optimal)).toEqual([0, 10]);
    // Three queries between the same two images: one must go beyond, and only one does.
    const crowd = await match(points, [[0.5], [0.5], [0.5]], {
      rule: 'entropy',
      collisions: 'optimal',
      neighbours: 2,
      entropies,
    });
    expect(matchedRows(crowd).sort((a, b) => a - b)).toEqual([0, 10, 20]);
    expect(crowd.matches.map(({ rank }) => rank).sort()).toEqual([1, 2, 3]);
  });

  test('refuses entropies that are not numbers, too few of them, or none', async () => {
    const broken = { rule: 'entropy', entropies: of({ 10: Number.NaN }) } as const;
    await expect(match(points, [[0]], broken)).rejects.toThrow(
      'matchQueries.entropies: expected finite entropies, got NaN for row 10',
    );
    await expect(match(points, [[0]], { rule: 'entropy', entropies: async () => [1] })).rejects.toThrow(
      'matchQueries.entropies: expected 3 values, got 1',
    );
    const index = await indexOfPoints(points);
    const { candidates } = index;
    const options = { rule: 'entropy', collisions: 'greedy', neighbours: 1, candidates } as const;
    await expect(matchQueries(Float32Array.of(0), index, options)).rejects.toThrow(
      'matchQueries.entropies: expected a function for the rule entropy, got none',
    );
    index.dispose();
  });
});

describe.each(settings)('under the rule $rule with $collisions collisions', ({ rule, collisions }) => {
  test.each(presentKinds)('100 equal queries get 100 different candidates (%s)', async (kind) => {
    const points = normalPoints(400, 5, 2);
    const candidates = rowsOf(...points.map((_, i) => 10 * i).filter((row) => row % 30 !== 0));
    const queries = Array.from({ length: 100 }, () => [0.1, 0, 0, 0, 0]);
    const batch = await match(points, queries, { rule, collisions, candidates, kind, neighbours: 5 });
    const rows = matchedRows(batch);
    expect(new Set(rows).size).toBe(100);
    expect(rows.every((row) => row % 30 !== 0)).toBe(true);
    expect(batch.collisionRate).toBe(0.99);
    expect(batch.distinctPreferences).toBe(1);
    if (kind === 'lsh-forest') return;
    // They are the 100 nearest.
    const nearest = candidates
      .map((row) => ({ row, distance: distanceOf(queries[0]!, points[row / 10]!) }))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, 100);
    expect([...rows].sort((a, b) => a - b)).toEqual(nearest.map(({ row }) => row).sort((a, b) => a - b));
  });

  test('a pool smaller than the neighbours asked for is used whole', async () => {
    const batch = await match([[0], [1], [2]], [[0], [0], [0]], { rule, collisions, neighbours: 50 });
    expect(matchedRows(batch).sort((a, b) => a - b)).toEqual([0, 10, 20]);
    expect(batch.matches[0]!.considered).toHaveLength(3);
  });

  test('equal images in the pool are different images', async () => {
    const points = [...Array.from({ length: 20 }, () => [1, 1]), [5, 5]];
    const batch = await match(
      points,
      [
        [1, 1],
        [1, 1],
        [1, 1],
        [5, 5],
      ],
      { rule, collisions },
    );
    expect(new Set(matchedRows(batch)).size).toBe(4);
    expect(batch.matches.slice(0, 3).map(({ distance }) => distance)).toEqual([0, 0, 0]);
  });

  test('features that do not vary are matched all the same', async () => {
    const points = Array.from({ length: 30 }, () => [0, 0, 0]);
    const queries = Array.from({ length: 12 }, () => [0, 0, 0]);
    expect(new Set(matchedRows(await match(points, queries, { rule, collisions }))).size).toBe(12);
  });

  test('the same input gives the same matches', async () => {
    const points = normalPoints(60, 3, 4);
    const queries = normalPoints(15, 3, 5);
    const once = await match(points, queries, { rule, collisions });
    expect(await match(points, queries, { rule, collisions })).toEqual(once);
  });

  test('rows labelled meanwhile are never returned, round after round, until none are left', async () => {
    const index = await indexOfPoints(normalPoints(40, 2, 6));
    const queries = Float32Array.from(normalPoints(8, 2, 7).flat());
    let candidates = index.candidates;
    const bought = new Set<number>();
    for (let round = 0; round < 5; round++) {
      const options = { rule, collisions, neighbours: 4, candidates, entropies: scrambled };
      for (const row of matchedRows(await matchQueries(queries, index, options))) {
        expect(bought.has(row)).toBe(false);
        bought.add(row);
      }
      candidates = candidates.filter((row) => !bought.has(row));
      expect(candidates).toHaveLength(32 - 8 * round);
    }
    await expect(
      matchQueries(queries, index, { rule, collisions, neighbours: 4, candidates, entropies: scrambled }),
    ).rejects.toThrow('matchQueries.candidates: expected at least 8, one a query, got 0');
    index.dispose();
  });
});

describe('matching refuses', () => {
  test('features that are not numbers, and names the query', async () => {
    const queries = [
      [0, 1],
      [2, 3],
      [4, Number.NaN],
    ];
    await expect(
      match(
        [
          [0, 0],
          [1, 1],
          [2, 2],
        ],
        queries,
        {},
      ),
    ).rejects.toThrow('matchQueries.queries: expected finite features, got NaN for query 2');
    await expect(match([[0]], [[Number.POSITIVE_INFINITY]], {})).rejects.toThrow('got Infinity for query 0');
  });

  test('no queries, half queries, and more queries than candidates', async () => {
    await expect(match([[0, 0]], [], {})).rejects.toThrow(
      'matchQueries.queries: expected one or more, got none',
    );
    await expect(match([[0, 0]], [[1]], {})).rejects.toThrow('expected rows of 2 numbers, got 1');
    await expect(match([[0], [1]], [[0], [0], [0]], {})).rejects.toThrow(
      'matchQueries.candidates: expected at least 3, one a query, got 2',
    );
  });

  test('candidates the index does not know, and leaves the index as it was', async () => {
    const index = await indexOfPoints([[0], [1], [2]]);
    const withCandidates = (...rows: number[]) =>
      matchQueries(Float32Array.of(0), index, { ...MatchConfig.parse({}), candidates: rowsOf(...rows) });
    await expect(withCandidates(0, 11)).rejects.toThrow('got 11, which was not indexed');
    await expect(withCandidates(0, 0)).rejects.toThrow('got 0, which is named twice');
    expect(index.count).toBe(3);
    await withCandidates(10, 20);
    await expect(withCandidates(0, 10)).rejects.toThrow('got 0, which was removed before');
    expect(index.candidates).toEqual([10, 20]);
    index.dispose();
  });
});

test('matching leaves no tensors behind', async () => {
  const before = tf.memory().numTensors;
  const points = normalPoints(50, 3, 8);
  for (const setting of settings) await match(points, points.slice(0, 9), setting);
  expect(tf.memory().numTensors).toBe(before);
});
