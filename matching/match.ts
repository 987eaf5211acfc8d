/**
 * Replaces synthesised queries by real images of the pool: each by one near it, no image twice.
 *
 * Source: Mayer and Timofte 2020, "Adversarial Sampling for Active Learning", section 3: a synthesised image is never
 * labelled, the most similar image of the pool is; or, of the k most similar, the one of largest entropy.
 * Differs: what happens when several queries want one image is not told there. Here the batch is full and its rows are
 * different, by one of two rules (`match-collisions.ts`), and how often that was needed is counted.
 */
import { checkInteger, type PoolIndex, type QueryRow, queryRow } from '../src/shapes.ts';
import { checkRows } from './indexes/vector-index.ts';
import { type Choice, matchGreedily, matchOptimally } from './match-collisions.ts';
import type { MatchConfig } from './match-config.ts';
import type { MatchIndex, Neighbour } from './match-index.ts';
import { preferredOf, type ScoredNeighbour } from './match-rule.ts';

/** What became of one query. */
export interface Match extends Choice {
  readonly query: QueryRow;
  /** The nearest candidates, nearest first: `neighbours` of them, or all there are. */
  readonly considered: readonly ScoredNeighbour[];
  /** Whether what the rule prefers among {@link considered} went to another query. */
  readonly collided: boolean;
}

/** One match a query, in their order; all rows different. */
export interface MatchedBatch {
  readonly matches: readonly Match[];
  /** Share of the queries that collided, in [0, 1). */
  readonly collisionRate: number;
  /** Different images that the queries prefer, at least 1: few if the queries are alike. */
  readonly distinctPreferences: number;
}

export interface MatchOptions extends MatchConfig {
  /** The unlabelled part of the pool, each row once. Others are taken out of the index and never returned. */
  readonly candidates: readonly PoolIndex[];
  /**
   * Entropies `[rows]` of the task model's classes on pool images, in nats; for the rule `entropy`. It is asked once, for
   * the neighbours alone, so its cost does not grow with the pool.
   */
  readonly entropies?: ((rows: readonly PoolIndex[]) => Promise<ArrayLike<number>>) | undefined;
}

/**
 * Matches every query with a candidate of its own. The same input gives the same matches.
 *
 * Rule `nearest`: the candidate at the least distance. Rule `entropy`: of the `neighbours` nearest the one of largest
 * entropy. Ties go to the nearer, then to the lower row.
 *
 * @param queries features of the synthesised images, `[queries, index.size]`, one or more
 * @param index all candidates; rows that are none are removed from it
 * @throws RangeError if a feature is not finite (the query is named), there are fewer candidates than queries, or a
 *   candidate is not in the index
 * @throws Error if an entropy is not finite
 */
export async function matchQueries(
  queries: Float32Array,
  index: MatchIndex,
  { candidates, rule, neighbours, collisions, entropies }: MatchOptions,
): Promise<MatchedBatch> {
  checkInteger('matchQueries.neighbours', neighbours, 1);
  const count = checkQueries(queries, index.size);
  if (rule === 'entropy' && entropies === undefined) {
    throw new RangeError('matchQueries.entropies: expected a function for the rule entropy, got none');
  }
  if (candidates.length < count) {
    throw new RangeError(
      `matchQueries.candidates: expected at least ${count}, one a query, got ${candidates.length}`,
    );
  }
  index.keep(candidates);
  const lists = await scored(await index.search(queries, neighbours), rule === 'entropy' ? entropies : null);
  const resolve = collisions === 'greedy' ? matchGreedily : matchOptimally;
  const chosen = await resolve({ queries, index, lists });

  const preferred = lists.map((list) => preferredOf(list).row);
  const taken = new Set(chosen.map(({ row }) => row));
  const matches = chosen.map((choice, query) => {
    const preference = preferred[query] as PoolIndex;
    return {
      query: queryRow(query, count),
      ...choice,
      considered: lists[query] as readonly ScoredNeighbour[],
      collided: choice.row !== preference && taken.has(preference),
    };
  });
  assertFull(matches, count, candidates);
  return {
    matches,
    collisionRate: matches.filter(({ collided }) => collided).length / count,
    distinctPreferences: new Set(preferred).size,
  };
}

/** The rows to label, in the order of the queries. */
export function matchedRows({ matches }: MatchedBatch): PoolIndex[] {
  return matches.map(({ row }) => row);
}

/** The number of queries; an error names the first one that is broken. */
function checkQueries(queries: Float32Array, size: number): number {
  const broken = queries.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) {
    throw new RangeError(
      `matchQueries.queries: expected finite features, got ${queries[broken]} for query ${Math.floor(broken / size)}`,
    );
  }
  const count = checkRows('matchQueries.queries', queries, size);
  if (count === 0) throw new RangeError('matchQueries.queries: expected one or more, got none');
  return count;
}

/** The lists with entropies, which are asked for once for all their rows. */
async function scored(
  lists: readonly (readonly Neighbour[])[],
  entropies: MatchOptions['entropies'] | null,
): Promise<ScoredNeighbour[][]> {
  const rows = [...new Set(lists.flatMap((list) => list.map(({ row }) => row)))].sort((a, b) => a - b);
  const values = entropies ? await entropies(rows) : null;
  if (values !== null && values.length !== rows.length) {
    throw new RangeError(`matchQueries.entropies: expected ${rows.length} values, got ${values.length}`);
  }
  const byRow = new Map<PoolIndex, number>();
  rows.forEach((row, at) => {
    if (values === null) return;
    const entropy = values[at] as number;
    if (!Number.isFinite(entropy)) {
      throw new Error(`matchQueries.entropies: expected finite entropies, got ${entropy} for row ${row}`);
    }
    byRow.set(row, entropy);
  });
  return lists.map((list) => list.map((near) => ({ ...near, entropy: byRow.get(near.row) ?? null })));
}

/** Whatever an index or a rule does wrong ends here, before a label is bought for it. */
function assertFull(matches: readonly Match[], count: number, candidates: readonly PoolIndex[]): void {
  const rows = new Set(matches.map(({ row }) => row));
  // Candidates counted among the few rows, and not looked up in a set of all, which takes ten times as long.
  let allowed = 0;
  for (const candidate of candidates) if (rows.has(candidate)) allowed++;
  if (matches.length !== count || rows.size !== count || allowed !== count) {
    throw new Error(`matchQueries: expected ${count} different candidates, got [${[...rows].join(', ')}]`);
  }
}
