/**
 * What decides how hard a pool is to search: how far its vectors lie from one another, and in how many dimensions.
 *
 * Source of the dimension: Levina and Bickel 2004, "Maximum Likelihood Estimation of Intrinsic Dimension", equation 8;
 * averaged as its inverse, as MacKay and Ghahramani 2005 correct it.
 */
import { buildIndex } from '../../matching/indexes/build.ts';
import { ExactConfig } from '../../matching/indexes/config.ts';
import type { Vectors } from '../../matching/indexes/vector-index.ts';
import { gatherRows } from '../../src/gather-rows.ts';
import type { Stream } from '../../src/random.ts';
import { type Quartiles, quartiles } from '../timing.ts';

export interface Neighbourhood {
  /** Vectors of the pool. */
  readonly n: number;
  /** Euclidean distances to the nearest other vector. */
  readonly nearest: Quartiles;
  /** Intrinsic dimension, from the distances to the 20 nearest. */
  readonly dimension: number;
}

const K = 20;

/** The neighbourhood of some vectors of a pool, drawn without replacement, in the pool. */
export async function neighbourhoodOf(pool: Vectors, stream: Stream, sample = 1000): Promise<Neighbourhood> {
  const { values, size } = pool;
  const n = values.length / size;
  const k = Math.min(K, n - 1);
  if (k < 3) throw new RangeError(`neighbourhoodOf.pool: expected four or more vectors, got ${n}`);
  const rows = Array.from({ length: Math.min(sample, n) }, () => stream.integer(n));
  const queries = gatherRows(values, size, rows);
  const index = await buildIndex(ExactConfig.parse({ kind: 'exact' }), pool, stream);
  try {
    const found = await index.search(queries, k + 1);
    const lists = rows.map((row, query) => {
      const places = Array.from({ length: k + 1 }, (_, place) => query * (k + 1) + place);
      const others = places.filter((place) => found.rows[place] !== row);
      return others.slice(0, k).map((place) => Math.sqrt(found.squaredDistances[place] as number));
    });
    return {
      n,
      nearest: quartiles(lists.map(([nearest]) => nearest as number)),
      dimension: dimensionOf(lists),
    };
  } finally {
    index.dispose();
  }
}

/** The dimension in which distances, ascending, grow as they do. Lists with a distance of 0 tell nothing and are left out. */
export function dimensionOf(lists: readonly (readonly number[])[]): number {
  const inverses = lists
    .filter(([nearest = 0]) => nearest > 0)
    .map((list) => {
      const farthest = list.at(-1) as number;
      const sum = list.slice(0, -1).reduce((total, distance) => total + Math.log(farthest / distance), 0);
      return sum / (list.length - 2);
    });
  return inverses.length / inverses.reduce((sum, inverse) => sum + inverse, 0);
}
