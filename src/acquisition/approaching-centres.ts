/**
 * Distances to the nearest centre while rows become centres one by one, the farthest first.
 *
 * A new centre comes nearer than the old ones to few rows. Float32 products on the backend, whose error is bounded, say to
 * which it cannot; the others are compared in float64. The result is {@link bringNearer}'s to the last bit, for less work.
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

/** Rows of features, copied to the backend: `4 size` bytes a row, and `8 + 4 x 32` at most for what is known ahead. */
export class ApproachingCentres {
  readonly #features: Float32Array;
  readonly #size: number;
  readonly #origin: Float32Array;
  readonly #factorError: number;
  readonly #blocks: readonly CentredRows[];
  /** `[n]`, relative to the origin. */
  readonly #squaredLengths: Float32Array;
  readonly #longest: number;
  /** Products of all rows with some, by the number of these. */
  #ahead = new Map<number, Float32Array>();
  #atOnce = MOST_AHEAD;
  /** Of the products that were taken ahead last, how many were made use of. */
  #used = 0;

  /** @param features `[n, size]`, kept and not to be changed */
  static async create(features: Float32Array, size: number): Promise<ApproachingCentres> {
    const origin = midst(features, size);
    const precision = await factorError();
    const blocks: CentredRows[] = [];
    for (let first = 0; first < features.length; first += BLOCK * size) {
      blocks.push(await centredRows(features.subarray(first, first + BLOCK * size), origin));
    }
    return new ApproachingCentres(features, origin, precision, blocks);
  }

  private constructor(
    features: Float32Array,
    origin: Float32Array,
    precision: number,
    blocks: readonly CentredRows[],
  ) {
    this.#features = features;
    this.#size = origin.length;
    this.#origin = origin;
    this.#factorError = precision;
    this.#blocks = blocks;
    this.#squaredLengths = new Float32Array(features.length / this.#size);
    blocks.forEach(({ squaredLengths }, at) => {
      this.#squaredLengths.set(squaredLengths, at * BLOCK);
    });
    this.#longest = Math.max(0, ...blocks.map(({ longest }) => longest));
  }

  /**
   * Lowers the squared distances to the nearest centre, `[n]`, by a new centre: the row of this number. A distance of minus
   * Infinity stays.
   */
  async bringNearer(nearest: Float64Array, centre: number): Promise<void> {
    const products = await this.#productsWith(nearest, centre);
    const squared = this.#squaredLengths[centre] as number;
    const error = squaredDistanceError(this.#size, this.#longest, this.#longest, this.#factorError);
    const offset = squared - error;
    for (let row = 0; row < nearest.length; row++) {
      const least = (this.#squaredLengths[row] as number) + offset - 2 * (products[row] as number);
      // Written so that NaN, of a product that overflowed, is compared too.
      if (least >= (nearest[row] as number)) continue;
      bringRowNearer(this.#features, this.#size, nearest, row, centre);
    }
  }

  dispose(): void {
    for (const { values } of this.#blocks) values.dispose();
    this.#ahead.clear();
  }

  async #productsWith(nearest: Float64Array, centre: number): Promise<Float32Array> {
    const known = this.#ahead.get(centre);
    if (known !== undefined) {
      this.#used++;
      this.#ahead.delete(centre);
      return known;
    }
    // As many as were of use before, or nearly: what is multiplied in vain costs time where nothing is farthest for long.
    if (this.#used > this.#atOnce / 2) this.#atOnce = Math.min(MOST_AHEAD, 2 * this.#atOnce);
    else if (this.#used < this.#atOnce / 4) this.#atOnce = Math.max(1, this.#atOnce / 2);
    this.#used = 1;
    const rows = [centre, ...farthest(nearest, this.#atOnce - 1)];
    this.#ahead = new Map(await this.#multiplied(rows));
    const own = this.#ahead.get(centre) as Float32Array;
    this.#ahead.delete(centre);
    return own;
  }

  /** The products of all rows with each of some. */
  async #multiplied(rows: readonly number[]): Promise<[row: number, products: Float32Array][]> {
    const some = await centredRows(gatherRows(this.#features, this.#size, rows), this.#origin);
    const n = this.#squaredLengths.length;
    const columns = rows.map((row): [number, Float32Array] => [row, new Float32Array(n)]);
    try {
      for (const [at, { values }] of this.#blocks.entries()) {
        const products = tf.matMul(values, some.values, false, true); // [block, rows]
        const table = await products.data<'float32'>();
        products.dispose();
        columns.forEach(([, column], k) => {
          for (let row = at * BLOCK, from = k; from < table.length; row++, from += rows.length) {
            column[row] = table[from] as number;
          }
        });
      }
    } finally {
      some.values.dispose();
    }
    return columns;
  }
}

/** Rows of the largest distances. */
function farthest(nearest: Float64Array, count: number): number[] {
  const most = Math.min(count, nearest.length);
  if (most === 0) return [];
  const lists = new NearestLists(1, most);
  for (let row = 0; row < nearest.length; row++) lists.offer(0, row, -(nearest[row] as number));
  return [...lists.finish().rows];
}
