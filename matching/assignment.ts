/**
 * The cheapest way to give every row a column of its own, where each row may take only some columns.
 *
 * Rows are taken in one by one; each is linked along the cheapest path of exchanges that ends in a free column. The
 * paths are found by Dijkstra's algorithm on costs `cost - u[row] - v[column]`, which the potentials u and v keep at
 * least 0, so that what stands after each row is the cheapest for the rows so far.
 *
 * Source: Jonker and Volgenant 1987, "A shortest augmenting path algorithm for dense and sparse linear assignment
 * problems", the augmentation of section 4; in the form of Crouse 2016, "On implementing 2D rectangular assignment
 * algorithms", Algorithm 1.
 * Differs: no starting heuristics. Time at most rows x edges, and rows^2 x columns for the minima.
 */

/** A column that a row may take. */
export interface Edge {
  /** A name: any number, the same column having the same in all rows. */
  readonly column: number;
  /** Finite. */
  readonly cost: number;
}

/** What the search knows of columns, which are numbered from 0 in the order of their names. */
interface Columns {
  readonly names: readonly number[];
  readonly potential: Float64Array;
  /** The row that has a column, -1 if none. */
  readonly owner: Int32Array;
}

interface NumberedEdge {
  readonly place: number;
  readonly cost: number;
}

/**
 * A column for each row, all different, with the least sum of costs. Of equal sums which one is not said, but always the
 * same.
 *
 * @param edges of each row, its columns each once
 * @returns the names of the columns
 * @throws RangeError if a cost is not finite, or no such assignment exists
 */
export function assignColumns(edges: readonly (readonly Edge[])[]): number[] {
  const names = [...new Set(edges.flatMap((list) => list.map(({ column }) => column)))].sort((a, b) => a - b);
  const places = new Map(names.map((name, place) => [name, place]));
  const numbered = edges.map((list, row) =>
    list.map(({ column, cost }) => {
      if (!Number.isFinite(cost)) {
        throw new RangeError(`assignColumns.edges: expected finite costs, got ${cost} in row ${row}`);
      }
      return { place: places.get(column) as number, cost };
    }),
  );
  const columns = {
    names,
    potential: new Float64Array(names.length),
    owner: new Int32Array(names.length).fill(-1),
  };
  const rowPotential = new Float64Array(edges.length);
  for (let row = 0; row < edges.length; row++) link(row, numbered, rowPotential, columns);
  const assigned = new Array<number>(edges.length);
  columns.owner.forEach((row, place) => {
    if (row >= 0) assigned[row] = names[place] as number;
  });
  return assigned;
}

/** Gives `start` a column, moving rows that have one along the shortest path to a free one. */
function link(
  start: number,
  edges: readonly (readonly NumberedEdge[])[],
  rowPotential: Float64Array,
  { potential, owner }: Columns,
): void {
  const distance = new Float64Array(owner.length).fill(Number.POSITIVE_INFINITY);
  const reachedFrom = new Int32Array(owner.length);
  const isDone = new Uint8Array(owner.length);
  const reached: number[] = [];
  const passed: number[] = [];
  let row = start;
  let length = 0;
  let end = -1;
  while (end < 0) {
    for (const { place, cost } of edges[row] as readonly NumberedEdge[]) {
      if (isDone[place] === 1) continue;
      const candidate = length + cost - (rowPotential[row] as number) - (potential[place] as number);
      if (candidate < (distance[place] as number)) {
        if (distance[place] === Number.POSITIVE_INFINITY) reached.push(place);
        distance[place] = candidate;
        reachedFrom[place] = row;
      }
    }
    const nearest = nearestOf(reached, distance, isDone, owner);
    if (nearest < 0) {
      throw new RangeError(
        `assignColumns.edges: expected a column for every row, got too few for the first ${start + 1} rows`,
      );
    }
    length = distance[nearest] as number;
    if (owner[nearest] === -1) {
      end = nearest;
    } else {
      isDone[nearest] = 1;
      passed.push(nearest);
      row = owner[nearest] as number;
    }
  }
  rowPotential[start] = (rowPotential[start] as number) + length;
  for (const place of passed) {
    const slack = length - (distance[place] as number);
    const held = owner[place] as number;
    rowPotential[held] = (rowPotential[held] as number) + slack;
    potential[place] = (potential[place] as number) - slack;
  }
  exchange(start, end, reachedFrom, owner);
}

/** Hands columns over along the path that ended in the free column `end`. */
function exchange(start: number, end: number, reachedFrom: Int32Array, owner: Int32Array): void {
  let place = end;
  for (;;) {
    const row = reachedFrom[place] as number;
    const freed = owner.indexOf(row);
    owner[place] = row;
    if (row === start) return;
    place = freed;
  }
}

/** The reached column nearest to the start: of equal ones a free one, then the first. -1 if all are done. */
function nearestOf(
  reached: readonly number[],
  distance: Float64Array,
  isDone: Uint8Array,
  owner: Int32Array,
): number {
  let best = -1;
  for (const place of reached) {
    if (isDone[place] === 1) continue;
    if (best >= 0) {
      const ahead = (distance[place] as number) - (distance[best] as number);
      const isFreeTie = ahead === 0 && owner[place] === -1 && (owner[best] !== -1 || place < best);
      const isTakenTie = ahead === 0 && owner[place] !== -1 && owner[best] !== -1 && place < best;
      if (!(ahead < 0 || isFreeTie || isTakenTie)) continue;
    }
    best = place;
  }
  return best;
}
