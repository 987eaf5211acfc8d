/**
 * Rows of features relative to a point, as factors of float32 products on the backend that tell squared distances to within a
 * known error.
 *
 * With everything relative to a point in their midst, `|x - c|^2 = |x|^2 + |c|^2 - 2 x.c` loses least in float32.
 */
import * as tf from '@tensorflow/tfjs';
import { meanRow } from '../../matching/indexes/mean-row.ts';
import { productError } from '../../matching/indexes/product-precision.ts';

/** Unit roundoffs of float64 and float32, and float32's smallest normal number, below which backends may flush to 0. */
const ROUNDOFF = 2 ** -53;
const ROUNDOFF_32 = 2 ** -24;
const SMALLEST_NORMAL = 2 ** -126;
/** Rows that a point in the midst is the mean of: any such point serves, and a pass over all rows costs more than it saves. */
const MOST_OF_MEAN = 1024;

/** Some rows relative to a point. The caller disposes the tensor. */
export interface CentredRows {
  /** `[n, size]` */
  readonly values: tf.Tensor2D;
  /** `[n]`: squared lengths, summed in float32. */
  readonly squaredLengths: Float32Array;
  /** No length is larger; Infinity where squares overflow, 0 of no rows. */
  readonly longest: number;
}

/** The mean of the first rows of `[n, size]`, float32: `[size]`. */
export function midst(rows: Float32Array, size: number): Float32Array {
  return Float32Array.from(meanRow({ values: rows.subarray(0, MOST_OF_MEAN * size), size }));
}

/** Rows `[n, size]` less the point `[size]`. */
export async function centredRows(rows: Float32Array, origin: Float32Array): Promise<CentredRows> {
  const size = origin.length;
  const [values, squares] = tf.tidy(() => {
    const centred = tf.sub(tf.tensor2d(rows, [rows.length / size, size]), tf.tensor1d(origin)) as tf.Tensor2D;
    return [centred, tf.sum(tf.square(centred), 1)];
  }) as [tf.Tensor2D, tf.Tensor1D];
  const squaredLengths = await squares.data<'float32'>();
  squares.dispose();
  let most = 0;
  for (const squared of squaredLengths) if (!(squared <= most)) most = squared;
  const longest = Math.sqrt(most + squaredLengthError(size, Math.sqrt(most)));
  return { values, squaredLengths, longest: Number.isNaN(longest) ? Number.POSITIVE_INFINITY : longest };
}

/** The most by which the squared length of a row of about this length, summed in float32 in any order, is off. */
function squaredLengthError(size: number, length: number): number {
  return 2 * (size + 4) * (ROUNDOFF_32 * length ** 2 + SMALLEST_NORMAL);
}

/**
 * The most by which `|x|^2 + |c|^2 - 2 x.c`, squared lengths and product in float32 and their sum in float64, differs from the
 * squared distance as a sum of squared differences in float64 has it, for vectors of at most these lengths.
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
  const ofLengths = squaredLengthError(size, first) + squaredLengthError(size, second);
  return 2 * ofProduct + ofLengths + (size + 8) * ROUNDOFF * (first + second) ** 2;
}
