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
import { meanRow } from '../../matching/indexes/mean-row.ts';
import { NearestLists } from '../../matching/indexes/nearest-lists.ts';
import { factorError } from '../../matching/indexes/product-precision.ts';
import { gatherRows } from '../gather-rows.ts';
import { centredRows, squaredDistanceError } from './centred-rows.ts';
import { bringRowNearer } from './nearest-centre.ts';

/** Rows on the backend in one piece. */
const BLOCK = 2048;
/** Rows multiplied ahead at first, and at most. */
const FIRST_AHEAD = 8;
const MOST_AHEAD = 64;

/** Rows of features, copied to the backend: `4 size` bytes a row, and `8 + 4 x 64` at most for what is known ahead. */
export class ApproachingCentres {
  readonly #features: Float32Array;
  readonly #size: number;
  readonly #origin: Float64Array;
  readonly #factorError: number;
  readonly #blocks: tf.Tensor2D[] = [];
  /** `[n]`, relative to the mean. */
  readonly #squaredLengths: Float64Array;
  #longest = 0;
  /** Products of all rows with some, by the number of these. */
  #ahead = new Map<number, Float32Array>();
  #atOnce = FIRST_AHEAD;
  /** Of the products that were taken ahead last, how many were made use of. */
  #used = 0;

  /** @param features `[n, size]`, kept and not to be changed */
  static async create(features: Float32Array, size: number): Promise<ApproachingCentres> {
    return new ApproachingCentres(features, size, await factorError());
  }

  private constructor(features: Float32Array, size: number, precision: number) {
    this.#features = features;
    this.#size = size;
    this.#factorError = precision;
    this.#origin = meanRow({ values: features, size });
    this.#squaredLengths = new Float64Array(features.length / size);
    for (let first = 0; first < this.#squaredLengths.length; first += BLOCK) {
      const rows = centredRows(features.subarray(first * size, (first + BLOCK) * size), this.#origin);
      this.#squaredLengths.set(rows.squaredLengths, first);
      this.#longest = Math.max(this.#longest, rows.longest);
      this.#blocks.push(tf.tensor2d(rows.values, [rows.squaredLengths.length, size]));
    }
  }

  /**
   * Lowers the squared distances to the nearest centre, `[n]`, by a new centre: the row of this number. A distance of minus
   * Infinity stays.
   */
  async bringNearer(nearest: Float64Array, centre: number): Promise<void> {
    const products = await this.#productsWith(nearest, centre);
    const squared = this.#squaredLengths[centre] as number;
    const error = squaredDistanceError(this.#size, this.#longest, Math.sqrt(squared), this.#factorError);
    const offset = squared - error;
    for (let row = 0; row < nearest.length; row++) {
      const least = (this.#squaredLengths[row] as number) + offset - 2 * (products[row] as number);
      // Written so that NaN, of a product that overflowed, is compared too.
      if (least >= (nearest[row] as number)) continue;
      bringRowNearer(this.#features, this.#size, nearest, row, centre);
    }
  }

  dispose(): void {
    tf.dispose(this.#blocks);
    this.#blocks.length = 0;
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
    const { values } = centredRows(gatherRows(this.#features, this.#size, rows), this.#origin);
    const n = this.#squaredLengths.length;
    const columns = rows.map((row): [number, Float32Array] => [row, new Float32Array(n)]);
    const factor = tf.tensor2d(values, [rows.length, this.#size]);
    try {
      for (const [at, block] of this.#blocks.entries()) {
        const products = tf.matMul(factor, block, false, true); // [rows, block]
        try {
          const table = await products.data<'float32'>();
          const width = block.shape[0];
          columns.forEach(([, column], k) => {
            column.set(table.subarray(k * width, (k + 1) * width), at * BLOCK);
          });
        } finally {
          products.dispose();
        }
      }
    } finally {
      factor.dispose();
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
