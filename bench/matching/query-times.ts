/** How long queries take: fifty at once, as a round asks them, and one by one. */
import type { Vectors } from '../../matching/indexes/vector-index.ts';
import { QUERIES } from './asal-round.ts';

/** Neighbours asked for. */
export const K = 10;
/** Queries that are timed one by one. */
export const SINGLES = 10;

/** What is timed: queries `[n, size]` searched at once. */
export type Search = (queries: Float32Array) => Promise<unknown>;

/** Milliseconds a query. */
export interface QueryTimes {
  readonly batchMs: number;
  readonly singleMs: number;
}

/** Times a search on the queries of one round. */
export async function timeQueries(search: Search, queries: Vectors, round: number): Promise<QueryTimes> {
  const batch = roundOf(queries, round);
  const start = performance.now();
  await search(batch);
  const between = performance.now();
  for (let query = 0; query < SINGLES; query++) {
    await search(batch.subarray(query * queries.size, (query + 1) * queries.size));
  }
  const end = performance.now();
  return { batchMs: (between - start) / QUERIES, singleMs: (end - between) / SINGLES };
}

/** The first query of a round; those of different rounds are different until all have had their turn. */
export function firstOf({ values, size }: Vectors, round: number): number {
  const rounds = Math.floor(values.length / size / QUERIES);
  return (round % rounds) * QUERIES;
}

function roundOf(queries: Vectors, round: number): Float32Array {
  const first = firstOf(queries, round);
  return queries.values.subarray(first * queries.size, (first + QUERIES) * queries.size);
}
