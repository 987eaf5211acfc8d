/** Some rows of a table. */

/**
 * A copy of the rows, in the order they are named: `[rows.length, size]`.
 *
 * @param table `[n, size]`, row-major
 */
export function gatherRows(table: Float32Array, size: number, rows: readonly number[]): Float32Array {
  const gathered = new Float32Array(rows.length * size);
  for (let at = 0; at < rows.length; ) {
    const first = rows[at] as number;
    let count = 1;
    // Rows that follow one another are copied in one piece, as most of a pool do.
    while (rows[at + count] === first + count) count++;
    gathered.set(table.subarray(first * size, (first + count) * size), at * size);
    at += count;
  }
  return gathered;
}
