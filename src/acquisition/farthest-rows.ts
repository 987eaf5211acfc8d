/**
 * The row farthest from all centres, while rows become centres one by one, without knowing how far most rows are.
 *
 * Distances to the nearest centre only shrink. So a row of which it is known that it once was no farther than some bound cannot
 * be the farthest while another is farther than that, however many centres have come since. The rows of the largest bounds
 * are watched: their distances are exact and kept so. When the farthest of them is no farther than the largest bound of the
 * others, twice as many rows are watched. When all have been for a while, their distances are as good bounds as there are, and
 * few are watched again.
 *
 * Source: Minoux 1978, "Accelerated greedy algorithms for maximizing submodular set functions", for the bounds that are put to
 * right only where they decide.
 */
import { gatherRows } from '../gather-rows.ts';
import { ApproachingCentres } from './approaching-centres.ts';
import { nearestSquared } from './nearest-centre.ts';

/** Rows watched at first, as a share of all, and at least. */
const SHARE = 1 / 16;
const LEAST = 1024;
/** Rows that are taken while all are watched, before fewer are; twice as many the next time, as watching more costs too. */
const WHILE = 16;
/** Rows whose features are copied at once. */
const PIECE = 8192;

/** Rows of features and how far they are from the nearest centre. */
export interface Distances {
  /** `[n, size]`, not to be changed while it is in use. */
  readonly features: Float32Array;
  readonly size: number;
  /**
   * `[n]`: squared distances to the nearest centre that is not among `centres`, Infinity if there is none; or anything between
   * the distance to the nearest centre of all and Infinity. It is lowered, to the distance itself where that matters; minus
   * Infinity where a row is taken.
   */
  readonly nearest: Float64Array;
  /** `[centres, size]`: centres that need not be counted in `nearest`. */
  readonly centres: Float32Array;
}

/**
 * Brings `nearest` up to date as far as it must, and finds the farthest row.
 *
 * Memory: 9 bytes a row, and what {@link ApproachingCentres} takes of the rows that are watched.
 */
export class FarthestRows {
  readonly #of: Distances;
  readonly #tieBreak: Uint32Array;
  readonly #isWatched: Uint8Array;
  #watched: ApproachingCentres;
  /** No row that is not watched is farther. */
  #bound = Number.POSITIVE_INFINITY;
  /** What bounds need not count: centres, and rows that were taken. */
  #centres: Float32Array;
  #taken: number[] = [];
  /** Rows taken since all have been watched, and how many may be. */
  #sinceAll = 0;
  #patience = WHILE;

  /** @param tieBreak `[n]`: of equally far rows the one of the least is the farthest */
  static async create(distances: Distances, tieBreak: Uint32Array): Promise<FarthestRows> {
    const watched = await ApproachingCentres.create(distances.features, distances.size);
    return new FarthestRows(distances, tieBreak, watched);
  }

  private constructor(distances: Distances, tieBreak: Uint32Array, watched: ApproachingCentres) {
    this.#of = distances;
    this.#tieBreak = tieBreak;
    this.#watched = watched;
    this.#isWatched = new Uint8Array(distances.nearest.length);
    this.#centres = distances.centres;
  }

  /** The farthest of all rows; its entry of `nearest` is its distance. */
  async farthest(): Promise<number> {
    const { nearest } = this.#of;
    for (;;) {
      const best = this.#farthestWatched();
      // Beyond the bound: a row at it may be as far and come first.
      if (best !== undefined && (this.#watchesAll() || (nearest[best] as number) > this.#bound)) return best;
      await this.#watchMore();
    }
  }

  /** Makes a row a centre. */
  async take(row: number): Promise<void> {
    const { nearest } = this.#of;
    nearest[row] = Number.NEGATIVE_INFINITY;
    this.#taken.push(row);
    await this.#watched.bringNearer(nearest, row);
    if (this.#watchesAll() && nearest.length > LEAST && ++this.#sinceAll === this.#patience) {
      await this.#watchFewer();
    }
  }

  dispose(): void {
    this.#watched.dispose();
  }

  #watchesAll(): boolean {
    return this.#watched.rows.length === this.#of.nearest.length;
  }

  #farthestWatched(): number | undefined {
    const { nearest } = this.#of;
    const { rows } = this.#watched;
    let best: number | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at] as number;
      const squared = nearest[row] as number;
      if (squared < most) continue;
      const isFirst =
        best === undefined || (this.#tieBreak[row] as number) < (this.#tieBreak[best] as number);
      if (squared > most || isFirst) {
        best = row;
        most = squared;
      }
    }
    return best;
  }

  /** Watches the rows of the largest bounds too, about as many as are watched already. */
  async #watchMore(): Promise<void> {
    const { nearest } = this.#of;
    const n = nearest.length;
    const others = nearest.filter((_, row) => this.#isWatched[row] === 0).sort();
    const more = Math.min(others.length, Math.max(LEAST, Math.ceil(SHARE * n), n - others.length));
    const least = others[others.length - more] as number;
    const rows: number[] = [];
    this.#bound = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < n; row++) {
      if (this.#isWatched[row] === 1) continue;
      const bound = nearest[row] as number;
      if (bound >= least) rows.push(row);
      else if (bound > this.#bound) this.#bound = bound;
    }
    for (const row of rows) this.#isWatched[row] = 1;
    await this.#bringUpToDate(rows);
    await this.#watched.add(rows);
  }

  /** From distances of all rows that are exact: watches but the farthest again. */
  async #watchFewer(): Promise<void> {
    const { features, size } = this.#of;
    this.#watched.dispose();
    this.#watched = await ApproachingCentres.create(features, size);
    this.#isWatched.fill(0);
    this.#centres = new Float32Array(0);
    this.#taken = [];
    this.#sinceAll = 0;
    this.#patience *= 2;
    await this.#watchMore();
  }

  /** Lowers the entries of some rows to their distances to the nearest centre. */
  async #bringUpToDate(rows: readonly number[]): Promise<void> {
    const { features, size, nearest } = this.#of;
    const missed = new Float32Array(this.#centres.length + this.#taken.length * size);
    missed.set(this.#centres);
    missed.set(gatherRows(features, size, this.#taken), this.#centres.length);
    if (missed.length === 0) return;
    for (let first = 0; first < rows.length; first += PIECE) {
      const some = rows.slice(first, first + PIECE);
      const found = await nearestSquared(gatherRows(features, size, some), missed, size);
      some.forEach((row, at) => {
        nearest[row] = Math.min(nearest[row] as number, found[at] as number);
      });
    }
  }
}
