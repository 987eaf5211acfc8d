/**
 * All inner products between the rows of two tables, a block at a time: the heavy part of every comparison of sets.
 */
import * as tf from '@tensorflow/tfjs';
import { checkInteger } from '../../src/shapes.ts';
import type { Features } from './features.ts';

/** Products of `rows` rows of one table, from row `start`, with every row of the other. */
export interface ProductBlock {
  readonly start: number;
  readonly rows: number;
  /** `[rows, b.n]`, row-major. */
  readonly products: Float32Array;
}

/** Rows a block. Against 5,000 rows a block of products is 5 MB. */
export const BLOCK_ROWS = 256;

/**
 * Inner products `a_i . b_j` of all pairs of rows, `blockRows` rows of `a` at a time, on the TensorFlow.js backend in
 * float32. 5,000 x 5,000 rows of 128 features are 3.2 billion multiplications, which plain JavaScript in float64
 * needs several times as long for.
 *
 * No tensor outlives the iteration, also when it is left early.
 */
export async function* productBlocks(
  a: Features,
  b: Features,
  blockRows = BLOCK_ROWS,
): AsyncGenerator<ProductBlock, void, undefined> {
  checkInteger('productBlocks.blockRows', blockRows, 1);
  const columns = tf.tensor2d(b.values, [b.n, b.size]);
  try {
    for (let start = 0; start < a.n; start += blockRows) {
      const rows = Math.min(blockRows, a.n - start);
      const values = a.values.subarray(start * a.size, (start + rows) * a.size);
      const table = tf.tidy(() => tf.matMul(tf.tensor2d(values, [rows, a.size]), columns, false, true));
      try {
        yield { start, rows, products: await table.data<'float32'>() };
      } finally {
        table.dispose();
      }
    }
  } finally {
    columns.dispose();
  }
}

/** Squared lengths `[n]` of the rows, summed in float64. */
export function squaredLengths({ values, n, size }: Features): Float64Array {
  const squares = new Float64Array(n);
  for (let row = 0; row < n; row++) {
    let sum = 0;
    for (let i = row * size; i < (row + 1) * size; i++) sum += (values[i] as number) ** 2;
    squares[row] = sum;
  }
  return squares;
}
