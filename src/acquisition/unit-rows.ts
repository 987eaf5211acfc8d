/** Rows scaled to length 1. */

/**
 * `v_i / |v_i|` of each row, a copy `[n, size]`; a row of zeros stays.
 *
 * @param rows `[n, size]`, row-major
 */
export function unitRows(rows: Float32Array, size: number): Float32Array {
  const values = Float32Array.from(rows);
  for (let start = 0; start < values.length; start += size) {
    const row = values.subarray(start, start + size);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) for (let axis = 0; axis < size; axis++) row[axis] = (row[axis] as number) / length;
  }
  return values;
}
