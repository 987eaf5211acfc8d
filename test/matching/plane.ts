/** Pools of points given outright, to match with. */
import { buildIndex } from '../../matching/indexes/build.ts';
import { IndexConfig } from '../../matching/indexes/config.ts';
import { MatchIndex } from '../../matching/match-index.ts';
import { rootStream } from '../../src/random.ts';
import { type PoolIndex, poolIndex } from '../../src/shapes.ts';

/** An index of points `[n][size]`; point i is row `rows[i]` of the pool, 10 i if not given. */
export async function indexOfPoints(
  points: readonly (readonly number[])[],
  rows: readonly number[] = points.map((_, i) => 10 * i),
  kind = 'exact',
): Promise<MatchIndex> {
  const vectors = { values: Float32Array.from(points.flat()), size: points[0]!.length };
  const index = await buildIndex(IndexConfig.parse({ kind }), vectors, rootStream(1));
  return new MatchIndex(
    index,
    vectors,
    rows.map((row) => poolIndex(row)),
  );
}

/** Points of N(0, I). */
export function normalPoints(n: number, size: number, seed: number): number[][] {
  const stream = rootStream(seed);
  return Array.from({ length: n }, () => Array.from(stream.normals(size)));
}

export function rowsOf(...rows: number[]): PoolIndex[] {
  return rows.map((row) => poolIndex(row));
}

export function distanceOf(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((value, axis) => Math.fround(value) - Math.fround(b[axis]!)));
}
