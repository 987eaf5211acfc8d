/** Which rows of an index are left. */

/** Rows `0 .. total - 1`, of which some have been removed; one bit a row. */
export class LiveRows {
  readonly total: number;
  readonly #removed: Uint8Array;
  #count: number;

  constructor(total: number) {
    this.total = total;
    this.#removed = new Uint8Array((total + 7) >> 3);
    this.#count = total;
  }

  /** Rows left. */
  get count(): number {
    return this.#count;
  }

  isRemoved(row: number): boolean {
    return (((this.#removed[row >> 3] as number) >> (row & 7)) & 1) === 1;
  }

  /** The rows removed, ascending. */
  removed(): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.total; row++) if (this.isRemoved(row)) rows.push(row);
    return rows;
  }

  /**
   * Removes rows, all or none.
   *
   * @param name what to call them in errors
   * @throws RangeError for a row out of range, removed before, or named twice
   */
  remove(name: string, rows: readonly number[]): void {
    const named = new Set<number>();
    for (const row of rows) {
      if (!Number.isInteger(row) || row < 0 || row >= this.total) {
        throw new RangeError(`${name}: expected rows below ${this.total}, got ${row}`);
      }
      if (this.isRemoved(row))
        throw new RangeError(`${name}: expected rows that are left, got ${row}, removed before`);
      if (named.has(row)) throw new RangeError(`${name}: expected every row once, got ${row} twice`);
      named.add(row);
    }
    for (const row of rows) {
      const byte = row >> 3;
      this.#removed[byte] = (this.#removed[byte] as number) | (1 << (row & 7));
    }
    this.#count -= rows.length;
  }
}
