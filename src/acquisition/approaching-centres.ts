/**
 * Distances to the nearest centre while rows become centres one by one, the farthest first.
 *
 * A new centre comes nearer than the old ones to few rows. Float32 products on the backend, whose error is bounded, say to
 * which it cannot; the others are compared in float64. The result is `bringNearer`'s to the last bit, for less work.
 *
 * The products of several of the farthest rows are taken at once, because the next centres are mostly among them, and one
 * product of many columns reads the features once where many products of one column read them as often.
 */
import * as tf from '@tensorflow/tfjs';
import { NearestLists } from '../../matching/indexes/nearest-lists.ts';
import { factorError } from '../../matching/indexes/product-precision.ts';
import { gatherRows } from '../gather-rows.ts';
import { type CentredRows, centredRows, midst, squaredDistanceError } from './centred-rows.ts';
import { bringRowNearer } from './nearest-centre.ts';

/** Rows on the backend in one piece. */
const BLOCK = 4096;
/** Rows multiplied ahead at first, and at most. */
const MOST_AHEAD = 32;

/** A row's squared length relative to the origin, and its products with those that were added. */
interface Products {
  readonly squared: number;
  readonly products: Float32Array;
}

/** Some rows of features, copied to the backend: `4 size` bytes a row, and `12 + 4 x 32` at most for what is known ahead. */
export class ApproachingCentres {
  readonly #features: Float32Array;
  readonly #size: number;
  readonly #origin: Float32Array;
  readonly #factorError: number;
  readonly #blocks: CentredRows[] = [];
  #rows = new Uint32Array(0);
  /** Of these rows, relative to the origin. */
  #squaredLengths = new Float32Array(0);
  #longest = 0;
  /** Of some rows, by their numbers. */
  #ahead = new Map<number, Products>();
  #atOnce = MOST_AHEAD;
  /** Of how many rows products were taken last, and how many of these were made use of. */
  #multipliedLast = 0;
  #used = 0;

  /**
   * Of no rows yet: {@link add} adds them.
   *
   * @param features `[n, size]`, kept and not to be changed
   */
  static async create(features: Float32Array, size: number): Promise<ApproachingCentres> {
    return new ApproachingCentres(features, midst(features, size), await factorError());
  }

  private constructor(features: Float32Array, origin: Float32Array, precision: number) {
    this.#features = features;
    this.#size = origin.length;
    this.#origin = origin;
    this.#factorError = precision;
  }

  /** Numbers of the rows that were added. */
  get rows(): Uint32Array {
    return this.#rows;
  }

  /** Adds the rows of these numbers, none of which was added before. */
  async add(rows: readonly number[]): Promise<void> {
    const known = this.#rows.length;
    const all = new Uint32Array(known + rows.length);
    const squaredLengths = new Float32Array(all.length);
    all.set(this.#rows);
    all.set(rows, known);
    squaredLengths.set(this.#squaredLengths);
    for (let first = 0; first < rows.length; first += BLOCK) {
      const some = rows.slice(first, first + BLOCK);
      const block = await centredRows(rowsOf(this.#features, this.#size, some), this.#origin);
      this.#blocks.push(block);
      squaredLengths.set(block.squaredLengths, known + first);
      this.#longest = Math.max(this.#longest, block.longest);
    }
    this.#rows = all;
    this.#squaredLengths = squaredLengths;
    // What is known ahead is not of these rows.
    this.#ahead.clear();
  }

  /**
   * Lowers the squared distances of the rows to the nearest centre by a new centre: any row of the features, by its number. A
   * distance of minus Infinity stays.
   *
   * @param nearest `[n]`
   */
  async bringNearer(nearest: Float64Array, centre: number): Promise<void> {
    const rows = this.#rows;
    const squaredLengths = this.#squaredLengths;
    const { squared, products } = await this.#productsWith(nearest, centre);
    const error = squaredDistanceError(this.#size, this.#longest, this.#longest, this.#factorError);
    const offset = squared - error;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at] as number;
      const least = (squaredLengths[at] as number) + offset - 2 * (products[at] as number);
      // Written so that NaN, of a product that overflowed, is compared too.
      if (least >= (nearest[row] as number)) continue;
      bringRowNearer(this.#features, this.#size, nearest, row, centre);
    }
  }

  dispose(): void {
    for (const { values } of this.#blocks) values.dispose();
    this.#ahead.clear();
  }

  async #productsWith(nearest: Float64Array, centre: number): Promise<Products> {
    const known = this.#ahead.get(centre);
    if (known !== undefined) {
      this.#used++;
      this.#ahead.delete(centre);
      return known;
    }
    // As many as were of use before, or nearly: what is multiplied in vain costs time where nothing is farthest for long.
    if (this.#used > this.#multipliedLast / 2) this.#atOnce = Math.min(MOST_AHEAD, 2 * this.#atOnce);
    else if (this.#used < this.#multipliedLast / 4) this.#atOnce = Math.max(1, this.#atOnce / 2);
    this.#used = 1;
    const centres = [centre, ...farthest(nearest, this.#rows, this.#atOnce - 1)];
    this.#multipliedLast = centres.length;
    this.#ahead = new Map(await this.#multiplied(centres));
    const own = this.#ahead.get(centre) as Products;
    this.#ahead.delete(centre);
    return own;
  }

  /** Of each of some rows, with its number. */
  async #multiplied(centres: readonly number[]): Promise<[centre: number, products: Products][]> {
    const some = await centredRows(gatherRows(this.#features, this.#size, centres), this.#origin);
    this.#longest = Math.max(this.#longest, some.longest);
    const columns = centres.map(() => new Float32Array(this.#rows.length));
    let first = 0;
    try {
      for (const { values } of this.#blocks) {
        const width = values.shape[0];
        const products = tf.matMul(some.values, values, false, true); // [centres, width]
        const table = await products.data<'float32'>();
        products.dispose();
        for (const [k, column] of columns.entries()) {
          column.set(table.subarray(k * width, (k + 1) * width), first);
        }
        first += width;
      }
    } finally {
      some.values.dispose();
    }
    return centres.map((centre, k) => [
      centre,
      { squared: some.squaredLengths[k] as number, products: columns[k] as Float32Array },
    ]);
  }
}

/** The features of some rows, without a copy where they follow one another. */
function rowsOf(features: Float32Array, size: number, rows: readonly number[]): Float32Array {
  const first = rows[0] as number;
  const follow = rows.every((row, at) => row === first + at);
  return follow
    ? features.subarray(first * size, (first + rows.length) * size)
    : gatherRows(features, size, rows);
}

/** Those of the rows whose distances are largest. None before there is a centre, when every row is as far as another. */
function farthest(nearest: Float64Array, rows: Uint32Array, count: number): number[] {
  const most = Math.min(count, rows.length);
  if (most === 0) return [];
  const lists = new NearestLists(1, most);
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as number;
    lists.offer(0, row, -(nearest[row] as number));
  }
  return [...lists.finish().rows].filter((row) => nearest[row] !== Number.POSITIVE_INFINITY);
}
