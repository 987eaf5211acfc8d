/** Some rows of a table. */

/**
 * A copy of the rows, in the order they are named: `[rows.length, size]`.
 *
 * @param table `[n, size]`, row-major
 */
export function gatherRows(table: Float32Array, size: number, rows: readonly number[]): Float32Array {
  const gathered = new Float32Array(rows.length * size);
  rows.forEach((row, at) => {
    gathered.set(table.subarray(row * size, (row + 1) * size), at * size);
  });
  return gathered;
}
