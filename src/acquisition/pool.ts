/**
 * Which rows of the training split are labelled, unlabelled or out of play.
 *
 * The pool is conserved: every row is in exactly one state, none is bought twice, none is lost. Much public
 * code breaks this silently, by queried rows that stay in the pool or by sampling with replacement, so
 * {@link Pool.assertConserved} runs every round.
 */
import { type PoolIndex, poolIndex } from '../shapes.ts';

type RowState = 'unlabelled' | 'labelled' | 'refused' | 'held out';

/** The states of the rows of one training split. */
export class Pool {
  readonly size: number;
  readonly #states: RowState[];
  readonly #counts: Record<RowState, number>;

  /** RangeError if `size` is no positive integer or a held-out row is none of its rows. */
  constructor(size: number, heldOut: readonly PoolIndex[] = []) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`Pool.size: expected a positive integer, got ${size}`);
    }
    this.size = size;
    this.#states = new Array<RowState>(size).fill('unlabelled');
    this.#counts = { unlabelled: size, labelled: 0, refused: 0, 'held out': 0 };
    this.#move('Pool.heldOut', heldOut, 'held out');
  }

  /** Unlabelled rows, ascending. */
  get candidates(): PoolIndex[] {
    const rows: PoolIndex[] = [];
    this.#states.forEach((state, row) => {
      if (state === 'unlabelled') rows.push(poolIndex(row));
    });
    return rows;
  }

  /** How many rows are in a state. */
  count(state: RowState): number {
    return this.#counts[state];
  }

  /**
   * Takes rows out of the unlabelled part. RangeError, and no change at all, if one is not unlabelled or stands
   * twice in the list.
   */
  buy(rows: readonly PoolIndex[]): void {
    this.#move('Pool.buy.rows', rows, 'labelled');
  }

  /** Marks bought rows whose label the oracle did not give: they are no candidates and no training images. */
  refuse(rows: readonly PoolIndex[]): void {
    this.#move('Pool.refuse.rows', rows, 'refused', 'labelled');
  }

  /** Throws if a row was lost, invented or counted twice. */
  assertConserved(): void {
    const seen: Record<RowState, number> = { unlabelled: 0, labelled: 0, refused: 0, 'held out': 0 };
    for (const state of this.#states) seen[state]++;
    const total = Object.values(seen).reduce((sum, count) => sum + count, 0);
    const differs = (Object.keys(seen) as RowState[]).filter((state) => seen[state] !== this.#counts[state]);
    if (total !== this.size || this.#states.length !== this.size || differs.length > 0) {
      throw new Error(
        `Pool: expected ${this.size} rows in the states ${JSON.stringify(this.#counts)}, got ${total} in ${JSON.stringify(seen)}`,
      );
    }
  }

  #move(name: string, rows: readonly PoolIndex[], to: RowState, from: RowState = 'unlabelled'): void {
    const once = new Set<number>();
    for (const row of rows) {
      const state = this.#states[row];
      if (state === undefined) {
        throw new RangeError(`${name}: expected rows in [0, ${this.size}), got ${row}`);
      }
      if (state !== from || once.has(row)) {
        throw new RangeError(
          `${name}: expected different ${from} rows, got ${row}, which is ${once.has(row) ? 'named twice' : state}`,
        );
      }
      once.add(row);
    }
    for (const row of rows) this.#states[row] = to;
    this.#counts[from] -= rows.length;
    this.#counts[to] += rows.length;
  }
}
