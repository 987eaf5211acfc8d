/**
 * Shape checks and index spaces.
 *
 * Three kinds of row number meet in active learning and must never be mixed: a row of the data set, a row
 * of the unlabelled view of it, and a row of a batch of synthesised queries. Each is a type of its own.
 */

/** A row of the training split, fixed for the life of an experiment. */
export type PoolIndex = number & { readonly __space: 'pool' };
/** A position in the current list of unlabelled rows; it changes meaning every round. */
export type CandidateRow = number & { readonly __space: 'candidate' };
/** A position in a batch of synthesised queries. */
export type QueryRow = number & { readonly __space: 'query' };

/** States that `row` is a row of the training split. RangeError if it is not an integer in `[0, size)`. */
export function poolIndex(row: number, size = Number.POSITIVE_INFINITY): PoolIndex {
  return checkRow('poolIndex.row', row, size) as PoolIndex;
}

/** States that `row` is a position in a list of `size` candidates. */
export function candidateRow(row: number, size = Number.POSITIVE_INFINITY): CandidateRow {
  return checkRow('candidateRow.row', row, size) as CandidateRow;
}

/** States that `row` is a position in a batch of `size` synthesised queries. */
export function queryRow(row: number, size = Number.POSITIVE_INFINITY): QueryRow {
  return checkRow('queryRow.row', row, size) as QueryRow;
}

/** The pool row that stands at `row` of the candidate list. */
export function toPoolIndex(candidates: readonly PoolIndex[], row: CandidateRow): PoolIndex {
  const index = candidates[row];
  if (index === undefined) {
    throw new RangeError(`toPoolIndex.row: expected a row below ${candidates.length}, got ${row}`);
  }
  return index;
}

/** An expected size: a number, or null for "any". */
export type Dimension = number | null;

/**
 * Throws unless `tensor` has the expected rank and sizes.
 *
 * @param name argument as the caller knows it, `function.argument`
 * @param expected one entry a dimension; null accepts any size
 */
export function checkShape(
  name: string,
  tensor: { readonly shape: readonly number[] },
  expected: readonly Dimension[],
): void {
  const { shape } = tensor;
  const fits =
    shape.length === expected.length && expected.every((size, axis) => size === null || size === shape[axis]);
  if (!fits) {
    const wanted = expected.map((size) => size ?? '*').join(', ');
    throw new RangeError(`${name}: expected shape [${wanted}], got [${shape.join(', ')}]`);
  }
}

/** Throws unless `value` is an integer of at least `minimum`. */
export function checkInteger(name: string, value: number, minimum: number): void {
  if (!Number.isInteger(value) || value < minimum) {
    throw new RangeError(`${name}: expected an integer of at least ${minimum}, got ${value}`);
  }
}

function checkRow(name: string, row: number, size: number): number {
  if (!Number.isInteger(row) || row < 0 || row >= size) {
    throw new RangeError(`${name}: expected an integer in [0, ${size}), got ${row}`);
  }
  return row;
}
