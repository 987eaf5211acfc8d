/**
 * Some rows of a table of bytes, and their exact means and total variance.
 */

/** The rows that count. Nothing else of `bytes` is ever read. */
export interface PoolRows {
  /** `[poolSize, size]`, row-major. */
  readonly bytes: Uint8Array;
  /** Bytes a row. */
  readonly size: number;
  /** Rows of `bytes`, each once. */
  readonly rows: readonly number[];
}

/** First and second moments of the rows, in bytes. */
export interface PoolMoments {
  /** `[size]` */
  readonly means: Float64Array;
  /** Sum over the columns of their variances, divisor n - 1. */
  readonly totalVariance: number;
}

/** Throws RangeError unless there are two or more rows, all different and all in the table. */
export function checkPoolRows(name: string, { bytes, size, rows }: PoolRows): void {
  const poolSize = bytes.length / size;
  if (!Number.isInteger(poolSize)) {
    throw new RangeError(`${name}.bytes: expected rows of ${size} bytes, got ${bytes.length} bytes`);
  }
  if (rows.length < 2) throw new RangeError(`${name}.rows: expected two or more, got ${rows.length}`);
  const seen = new Uint8Array(poolSize);
  for (const row of rows) {
    if (!Number.isInteger(row) || row < 0 || row >= poolSize) {
      throw new RangeError(`${name}.rows: expected a row in [0, ${poolSize}), got ${row}`);
    }
    if (seen[row] === 1) throw new RangeError(`${name}.rows: expected different rows, got ${row} twice`);
    seen[row] = 1;
  }
}

/**
 * Means and total variance, from integers alone until the last division: the variance of bright, flat images loses
 * nothing to their brightness, and is 0 only if all rows are equal.
 */
export function poolMoments({ bytes, size, rows }: PoolRows): PoolMoments {
  const sums = new Float64Array(size);
  let squares = 0;
  for (const row of rows) {
    const start = row * size;
    for (let j = 0; j < size; j++) {
      const byte = bytes[start + j] as number;
      sums[j] = (sums[j] as number) + byte;
      squares += byte * byte;
    }
  }
  const n = rows.length;
  // n times the scatter. Its two terms may have more digits than a float64, their difference seldom.
  let scatter = BigInt(n) * BigInt(squares);
  for (const sum of sums) scatter -= BigInt(sum) ** 2n;
  return { means: sums.map((sum) => sum / n), totalVariance: Number(scatter) / (n * (n - 1)) };
}

/** Copies rows `start` to `start + count` of the list to the front of `block` as floats 0 to 255: `[count, size]`. */
export function fillBlock(
  block: Float32Array,
  { bytes, size, rows }: PoolRows,
  start: number,
  count: number,
): void {
  for (let position = 0; position < count; position++) {
    const from = (rows[start + position] as number) * size;
    // Row by row with set, which is some seven times faster than a loop over the bytes.
    block.set(bytes.subarray(from, from + size), position * size);
  }
}
