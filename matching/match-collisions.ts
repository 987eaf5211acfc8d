/**
 * Who gets which image when several queries want the same.
 *
 * Greedy: the queries in their order, each the one it prefers among its neighbours that are not taken; if all are taken,
 * the nearest candidate that is not.
 *
 * Optimal: all at once. Under the rule `nearest`, the least sum of distances over all ways to give each query a candidate
 * of its own. Under the rule `entropy`, first as many queries as possible keep one of their neighbours, then the largest
 * sum of entropies, then (to 1e-6 nats a query) the least sum of distances.
 *
 * Source: ours; the assignment itself is in `assignment.ts`.
 */
import type { PoolIndex } from '../src/shapes.ts';
import { assignColumns, type Edge } from './assignment.ts';
import type { MatchIndex, Neighbour } from './match-index.ts';
import { preferredOf, type ScoredNeighbour } from './match-rule.ts';

/** Nats that the longest distance counts, where entropies decide: only ties, and what rounding makes of them. */
const TIE_BREAK = 1e-6;

/** The image that a query gets. */
export interface Choice {
  /** The image to label in the query's stead. */
  readonly row: PoolIndex;
  /** Between the feature vectors of the two. */
  readonly distance: number;
  /** 1 for the nearest candidate. More than the neighbours looked at if all of those went to other queries. */
  readonly rank: number;
}

/** Queries that want images. */
export interface Wishes {
  /** `[queries, index.size]`, no more than the index has rows left. */
  readonly queries: Float32Array;
  readonly index: MatchIndex;
  /** The nearest rows of each query, all equally many; with entropies or all without. */
  readonly lists: readonly (readonly ScoredNeighbour[])[];
}

/** First come, first served. */
export async function matchGreedily({ queries, index, lists }: Wishes): Promise<Choice[]> {
  const taken = new Set<PoolIndex>();
  const choices: Choice[] = [];
  for (const [query, list] of lists.entries()) {
    const free = list.filter(({ row }) => !taken.has(row));
    const choice =
      free.length > 0
        ? choiceOf(list, preferredOf(free).row)
        : await nearestFree(queryOf(queries, query, index.size), index, taken);
    taken.add(choice.row);
    choices.push(choice);
  }
  return choices;
}

/** The nearest row that is not taken: with t taken, it is among the t + 1 nearest. */
async function nearestFree(
  query: Float32Array,
  index: MatchIndex,
  taken: ReadonlySet<PoolIndex>,
): Promise<Choice> {
  const [list = []] = await index.search(query, taken.size + 1);
  const free = list.find(({ row }) => !taken.has(row));
  if (free === undefined) {
    throw new Error(`matchGreedily: expected a row beyond the ${taken.size} taken, got none`);
  }
  return choiceOf(list, free.row);
}

/**
 * The assignment of least cost over all rows of the index, from short lists that grow where they must.
 *
 * Beside its list every query has a stand-in for all rows beyond, which costs as little as any of them could. If no query
 * takes its stand-in, no assignment costs less; lists of those that do are doubled. Lists as long as there are queries
 * need none: of that many rows one is always free, and none beyond is cheaper.
 */
export async function matchOptimally({ queries, index, lists }: Wishes): Promise<Choice[]> {
  const grown = lists.map((list): readonly Neighbour[] => list);
  for (let width = lists[0]?.length ?? 0; ; ) {
    const columns = assignColumns(edgesOf(lists, grown, Math.min(lists.length, index.count)));
    const short = columns.flatMap((column, query) => (column === standIn(query) ? [query] : []));
    if (short.length === 0) {
      return columns.map((row, query) => choiceOf(grown[query] as readonly Neighbour[], row as PoolIndex));
    }
    width = Math.min(2 * width, index.count);
    const wanting = new Float32Array(short.length * index.size);
    short.forEach((query, at) => {
      wanting.set(queryOf(queries, query, index.size), at * index.size);
    });
    const longer = await index.search(wanting, width);
    short.forEach((query, at) => {
      grown[query] = joined(lists[query] as readonly Neighbour[], longer[at] as Neighbour[]);
    });
  }
}

/**
 * What every query may take and at what cost: the rows of its grown list, and its stand-in unless the list is as long as
 * `enough`.
 */
function edgesOf(
  lists: Wishes['lists'],
  grown: readonly (readonly Neighbour[])[],
  enough: number,
): readonly (readonly Edge[])[] {
  const entropies = lists.flatMap((list) =>
    list.flatMap(({ entropy }) => (entropy === null ? [] : [entropy])),
  );
  const largest = entropies.reduce((most, entropy) => Math.max(most, entropy), 0);
  const smallest = entropies.reduce((least, entropy) => Math.min(least, entropy), largest);
  // More than the entropies of all queries together can make up for.
  const beyond = lists.length * (largest - smallest + 1);
  const farthest = grown.reduce((most, list) => Math.max(most, list.at(-1)?.distance ?? 0), 0);
  const unit = farthest > 0 ? TIE_BREAK / farthest : 0;
  return grown.map((list, query) => {
    const first = lists[query] as readonly ScoredNeighbour[];
    const costOf = (place: number, distance: number) => {
      if (entropies.length === 0) return distance;
      return unit * distance + (place < first.length ? largest - (first[place]?.entropy ?? 0) : beyond);
    };
    const own = list.map(({ row, distance }, place) => ({ column: row, cost: costOf(place, distance) }));
    if (list.length >= enough) return own;
    return [...own, { column: standIn(query), cost: costOf(list.length, list.at(-1)?.distance ?? 0) }];
  });
}

/** A column that is a query's alone, and behind all rows. */
function standIn(query: number): number {
  return Number.MAX_SAFE_INTEGER - query;
}

/** A list and, behind it, what a longer one has beside. An approximate index need not find the same rows again. */
function joined(list: readonly Neighbour[], longer: readonly Neighbour[]): readonly Neighbour[] {
  const rows = new Set(list.map(({ row }) => row));
  return [...list, ...longer.filter(({ row }) => !rows.has(row))];
}

/** A row of a list, with its rank there. */
function choiceOf(list: readonly Neighbour[], row: PoolIndex): Choice {
  const place = list.findIndex((near) => near.row === row);
  return { row, distance: (list[place] as Neighbour).distance, rank: place + 1 };
}

function queryOf(queries: Float32Array, query: number, size: number): Float32Array {
  return queries.subarray(query * size, (query + 1) * size);
}
