/**
 * Rows of features relative to a point, as factors of float32 products that tell squared distances to within a known error.
 *
 * With everything relative to a point in their midst, `|x - c|^2 = |x|^2 + |c|^2 - 2 x.c` loses least in float32.
 */
import { productError } from '../../matching/indexes/product-precision.ts';

/** Unit roundoff of float64. */
const ROUNDOFF = 2 ** -53;

/** Some rows relative to a point. */
export interface CentredRows {
  /** `[n, size]`, rounded to float32. */
  readonly values: Float32Array;
  /** `[n]`: squared lengths before that rounding, in float64. */
  readonly squaredLengths: Float64Array;
  /** The largest length; 0 of no rows. */
  readonly longest: number;
}

/** Rows `[n, size]` less the point `[size]`. */
export function centredRows(rows: Float32Array, origin: Float64Array): CentredRows {
  const size = origin.length;
  const values = new Float32Array(rows.length);
  const squaredLengths = new Float64Array(rows.length / size);
  let most = 0;
  for (let row = 0, at = 0; row < squaredLengths.length; row++) {
    let squared = 0;
    for (let axis = 0; axis < size; axis++, at++) {
      const value = (rows[at] as number) - (origin[axis] as number);
      values[at] = value;
      squared += value * value;
    }
    squaredLengths[row] = squared;
    most = Math.max(most, squared);
  }
  return { values, squaredLengths, longest: Math.sqrt(most) };
}

/**
 * The most by which `|x|^2 + |c|^2 - 2 x.c`, the product in float32 and the rest in float64, differs from the squared distance
 * as a sum of squared differences in float64 has it, for vectors of at most these lengths.
 *
 * @param factorError of the backend that multiplies, as `product-precision.ts` measures it
 */
export function squaredDistanceError(
  size: number,
  first: number,
  second: number,
  factorError: number,
): number {
  const magnitude = first * second;
  const ofProduct = productError({ terms: size, magnitude, scale: first + second, factorError });
  return 2 * ofProduct + (size + 8) * ROUNDOFF * (first + second) ** 2;
}
