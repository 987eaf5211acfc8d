/**
 * Feature vectors of images on the host: what every figure of a generator's quality is computed from.
 */
import { checkInteger } from '../../src/shapes.ts';

/** One feature vector a row. The features of two sets can be compared if one network made both. */
export interface Features {
  /** `[n, size]`, row-major. */
  readonly values: Float32Array;
  /** Rows: images. */
  readonly n: number;
  /** Features a row. */
  readonly size: number;
}

/**
 * Throws unless `features` is a table of finite numbers with at least `minimumRows` rows.
 *
 * @param name argument as the caller knows it, `function.argument`
 * @throws RangeError that names the first row with a value that is not finite
 */
export function checkFeatures(name: string, features: Features, minimumRows: number): void {
  const { values, n, size } = features;
  if (!Number.isInteger(n) || n < minimumRows) {
    throw new RangeError(`${name}: expected at least ${minimumRows} rows, got ${n}`);
  }
  checkInteger(`${name}.size`, size, 1);
  if (values.length !== n * size) {
    throw new RangeError(`${name}: expected ${n} x ${size} = ${n * size} values, got ${values.length}`);
  }
  const broken = values.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) {
    const row = Math.floor(broken / size);
    throw new RangeError(`${name}: expected finite features, got ${values[broken]} in row ${row}`);
  }
}

/** Throws RangeError unless the rows of both are equally long. `name` is that of `other`. */
export function checkSameSize(name: string, features: Features, other: Features): void {
  if (other.size !== features.size) {
    throw new RangeError(`${name}: expected ${features.size} features a row, got ${other.size}`);
  }
}

/** The given rows, in the given order, as a copy. RangeError if a row does not exist. */
export function gatherFeatures({ values, n, size }: Features, rows: readonly number[]): Features {
  const gathered = new Float32Array(rows.length * size);
  rows.forEach((row, position) => {
    if (!Number.isInteger(row) || row < 0 || row >= n) {
      throw new RangeError(`gatherFeatures.rows: expected rows in [0, ${n}), got ${row}`);
    }
    gathered.set(values.subarray(row * size, (row + 1) * size), position * size);
  });
  return { values: gathered, n: rows.length, size };
}
