import { describe, expect, test } from 'vitest';
import { assignColumns, type Edge } from '../../matching/assignment.ts';
import { rootStream } from '../../src/random.ts';

/** The least sum over all ways to give every row an edge, by trying them all; null if there is none. */
function leastSum(edges: readonly (readonly Edge[])[]): number | null {
  const taken = new Set<number>();
  const search = (row: number): number | null => {
    if (row === edges.length) return 0;
    let least: number | null = null;
    for (const { column, cost } of edges[row]!) {
      if (taken.has(column)) continue;
      taken.add(column);
      const rest = search(row + 1);
      taken.delete(column);
      if (rest !== null && (least === null || cost + rest < least)) least = cost + rest;
    }
    return least;
  };
  return search(0);
}

function sumOf(edges: readonly (readonly Edge[])[], columns: readonly number[]): number {
  return columns.reduce(
    (sum, column, row) => sum + edges[row]!.find((edge) => edge.column === column)!.cost,
    0,
  );
}

describe('an assignment', () => {
  test('is the cheapest of all, as trying all of them shows', () => {
    const random = rootStream(5);
    let solved = 0;
    for (let trial = 0; trial < 400; trial++) {
      const rows = 1 + random.integer(6);
      const columns = 1 + random.integer(8);
      // Costs of few values, so that many are equal; some below 0; about half of the edges missing.
      const edges = Array.from({ length: rows }, () =>
        Array.from({ length: columns }, (_, column) => ({
          column: 7 * column,
          cost: trial % 2 === 0 ? random.integer(4) - 1 : random.normal(),
        })).filter(() => random.uniform() < 0.6),
      );
      const least = leastSum(edges);
      if (least === null) {
        expect(() => assignColumns(edges)).toThrow('expected a column for every row, got too few');
        continue;
      }
      solved++;
      const found = assignColumns(edges);
      expect(new Set(found).size).toBe(rows);
      expect(Math.abs(sumOf(edges, found) - least)).toBeLessThan(1e-12);
    }
    expect(solved).toBeGreaterThan(150);
  });

  test('moves a row that came first if the sum is less then', () => {
    const edges = [
      [
        { column: 10, cost: 1 },
        { column: 20, cost: 2 },
      ],
      [{ column: 10, cost: 5 }],
    ];
    expect(assignColumns(edges)).toEqual([20, 10]);
  });

  test('takes the first columns where all cost the same', () => {
    const edges = Array.from({ length: 5 }, () =>
      Array.from({ length: 9 }, (_, column) => ({ column, cost: 3 })),
    );
    expect(assignColumns(edges)).toEqual([0, 1, 2, 3, 4]);
  });

  test('of no rows is empty', () => {
    expect(assignColumns([])).toEqual([]);
  });

  test('refuses costs that are not finite', () => {
    expect(() => assignColumns([[{ column: 0, cost: 1 }], [{ column: 1, cost: Number.NaN }]])).toThrow(
      'assignColumns.edges: expected finite costs, got NaN in row 1',
    );
  });

  test('of a hundred rows that want the same hundred columns gives out all', () => {
    const edges = Array.from({ length: 100 }, () =>
      Array.from({ length: 100 }, (_, column) => ({ column, cost: column / 7 })),
    );
    expect(new Set(assignColumns(edges)).size).toBe(100);
  });
});
