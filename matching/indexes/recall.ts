/**
 * How many of the true nearest rows an approximate index finds.
 */
import { gatherRows } from '../../src/gather-rows.ts';
import type { Stream } from '../../src/random.ts';
import { checkInteger } from '../../src/shapes.ts';
import type { Neighbours, VectorIndex, Vectors } from './vector-index.ts';

/** A share of neighbours found. */
export interface Recall {
  /** Mean over the queries, in [0, 1]. */
  readonly recall: number;
  /** Queries measured. */
  readonly n: number;
  readonly k: number;
}

/**
 * Recall at k on given queries: the rows among the k found that are no farther than the true k-th neighbour, over k.
 * Rows at equal distance count alike, so the order of ties plays no part.
 *
 * @param exact an index of kind `exact` of the same vectors, with the same rows removed
 * @param queries `[n, size]`, n at least 1
 * @throws RangeError if the indexes do not hold equally many rows or there are no queries
 */
export async function recallOnQueries(
  index: VectorIndex,
  exact: VectorIndex,
  queries: Float32Array,
  k: number,
): Promise<Recall> {
  checkPair('recallOnQueries', index, exact);
  const n = queries.length / index.size;
  if (n === 0) throw new RangeError('recallOnQueries.queries: expected at least one row, got none');
  const found = await index.search(queries, k);
  const truth = await exact.search(queries, k);
  return average(n, k, (query) => shareFound(distances(found, query), distances(truth, query)));
}

/**
 * Recall at k on rows of the pool itself, each without itself: what a query gets that looks like the pool.
 *
 * @param exact an index of kind `exact` of the same vectors, with the same rows removed
 * @param vectors what both were built from
 * @param options `rows`: how many are drawn without replacement, all of the pool if it has fewer
 */
export async function recallOnPool(
  index: VectorIndex,
  exact: VectorIndex,
  vectors: Vectors,
  stream: Stream,
  { k = 10, rows = 100 }: { readonly k?: number; readonly rows?: number } = {},
): Promise<Recall> {
  checkPair('recallOnPool', index, exact);
  checkInteger('recallOnPool.k', k, 1);
  checkInteger('recallOnPool.rows', rows, 1);
  const { values, size } = vectors;
  const total = values.length / size;
  const drawn = stream.permutation(total).slice(0, rows);
  const queries = gatherRows(values, size, drawn);
  const found = await index.search(queries, k + 1);
  const truth = await exact.search(queries, k + 1);
  return average(drawn.length, k, (query) => {
    const itself = drawn[query] as number;
    return shareFound(
      distances(found, query, itself).slice(0, k),
      distances(truth, query, itself).slice(0, k),
    );
  });
}

function checkPair(name: string, index: VectorIndex, exact: VectorIndex): void {
  if (exact.kind !== 'exact') {
    throw new RangeError(`${name}.exact: expected an index of kind exact, got ${exact.kind}`);
  }
  if (exact.count !== index.count || exact.size !== index.size) {
    throw new RangeError(
      `${name}.exact: expected ${index.count} rows of ${index.size} numbers like the index, ` +
        `got ${exact.count} rows of ${exact.size}`,
    );
  }
}

function average(n: number, k: number, share: (query: number) => number): Recall {
  let sum = 0;
  for (let query = 0; query < n; query++) sum += share(query);
  return { recall: sum / n, n, k };
}

/** Squared distances of the rows a query was given, ascending, without those of row `but`. */
function distances({ rows, squaredDistances, k }: Neighbours, query: number, but = -1): number[] {
  const found: number[] = [];
  for (let place = query * k; place < (query + 1) * k; place++) {
    if (rows[place] !== -1 && rows[place] !== but) found.push(squaredDistances[place] as number);
  }
  return found;
}

/** 1 if there is nothing to find. */
function shareFound(found: readonly number[], truth: readonly number[]): number {
  const last = truth.at(-1);
  if (last === undefined) return 1;
  return found.filter((distance) => distance <= last).length / truth.length;
}
