/** Pools to search, and the search that everything is held against: every distance, sorted. */
import type { Neighbours, Vectors } from '../../../matching/indexes/vector-index.ts';
import { rootStream } from '../../../src/random.ts';

/** Rows of N(0, I) around 20 centres of N(0, 4 I). */
export function clusteredPool(n: number, size: number, seed = 1): Vectors {
  const stream = rootStream(seed);
  const centres = stream.of('centres').normals(20 * size);
  const values = stream.of('noise').normals(n * size);
  for (let row = 0; row < n; row++) {
    const centre = stream.integer(20);
    for (let axis = 0; axis < size; axis++) values[row * size + axis]! += 2 * centres[centre * size + axis]!;
  }
  return { values, size };
}

/** Rows of a pool, each moved a little. */
export function queriesNear({ values, size }: Vectors, count: number, seed = 2): Float32Array {
  const stream = rootStream(seed);
  const queries = stream.normals(count * size).map((value) => value * 0.1);
  for (let query = 0; query < count; query++) {
    const row = stream.integer(values.length / size);
    for (let axis = 0; axis < size; axis++) queries[query * size + axis]! += values[row * size + axis]!;
  }
  return queries;
}

/** The k nearest rows by comparing all and sorting by (distance, row). */
export function bruteForce(
  { values, size }: Vectors,
  queries: Float32Array,
  k: number,
  removed: ReadonlySet<number> = new Set(),
): Pick<Neighbours, 'rows' | 'squaredDistances'> {
  const count = queries.length / size;
  const rows = new Int32Array(count * k).fill(-1);
  const squaredDistances = new Float64Array(count * k).fill(Number.POSITIVE_INFINITY);
  for (let query = 0; query < count; query++) {
    const all = Array.from({ length: values.length / size }, (_, row) => {
      let squared = 0;
      for (let axis = 0; axis < size; axis++) {
        squared += (queries[query * size + axis]! - values[row * size + axis]!) ** 2;
      }
      return { row, squared };
    });
    all
      .filter(({ row }) => !removed.has(row))
      .sort((a, b) => a.squared - b.squared || a.row - b.row)
      .slice(0, k)
      .forEach(({ row, squared }, place) => {
        rows[query * k + place] = row;
        squaredDistances[query * k + place] = squared;
      });
  }
  return { rows, squaredDistances };
}
