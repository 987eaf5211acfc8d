/**
 * Inputs of the last layer, made small enough that the layer can be fitted again and again: their leading directions, in units of
 * their root mean square, and a constant.
 */
import { Matrix } from 'ml-matrix';
import { symmetricEigen } from '../../matching/features/orthonormal-rows.ts';
import { gatherRows } from '../gather-rows.ts';
import type { Stream } from '../random.ts';

/** Rows that the directions are found from. */
const SAMPLE = 300;
/** Directions of less than this share of the first one's squares are rounding. */
const RANK_TOLERANCE = 1e-12;

/** A map from features to the inputs of a last layer. */
export interface LastLayerMap {
  /** Inputs a row, the constant included. */
  readonly size: number;
  /** `[n, size]` of features `[n, featureSize]`; the last is 1. */
  rows(features: Float32Array): Float64Array;
}

/**
 * The map for some features. If they have no more than `components` values a row they are only scaled. Otherwise each row becomes
 * its inner products with the `components` directions in which {@link SAMPLE} rows drawn from `stream` are longest.
 *
 * @param features `[n, featureSize]`
 */
export function lastLayerMap(
  features: Float32Array,
  featureSize: number,
  components: number,
  stream: Stream,
): LastLayerMap {
  const directions =
    featureSize <= components ? undefined : leading(features, featureSize, components, stream);
  const project = (of: Float32Array): Float64Array =>
    directions === undefined ? Float64Array.from(of) : projected(of, featureSize, directions);
  const all = project(features);
  const meanSquare = all.reduce((sum, value) => sum + value * value, 0) / Math.max(1, all.length);
  const scale = meanSquare > 0 ? 1 / Math.sqrt(meanSquare) : 1;
  const width = directions?.length ?? featureSize;
  return {
    size: width + 1,
    rows: (of) => {
      const values = project(of);
      const rows = new Float64Array((values.length / width) * (width + 1)).fill(1);
      for (let at = 0; at < values.length; at++) {
        rows[at + Math.floor(at / width)] = scale * (values[at] as number);
      }
      return rows;
    },
  };
}

/** Orthonormal directions `[directions][featureSize]`, by the Gram matrix of the sample. */
function leading(
  features: Float32Array,
  size: number,
  components: number,
  stream: Stream,
): readonly Float64Array[] {
  const n = features.length / size;
  const sample = gatherRows(features, size, stream.permutation(n).slice(0, SAMPLE));
  const rows = Matrix.from1DArray(sample.length / size, size, sample);
  const { values, vectors } = symmetricEigen(rows.mmul(rows.transpose()));
  const largest = Math.max(0, values[0] ?? 0);
  const kept = values.filter((value) => value > RANK_TOLERANCE * largest).slice(0, components);
  return kept.map((value, at) => {
    const direction = rows.transpose().mmul(Matrix.columnVector(vectors.getRow(at)));
    return Float64Array.from(direction.to1DArray(), (entry) => entry / Math.sqrt(value));
  });
}

function projected(features: Float32Array, size: number, directions: readonly Float64Array[]): Float64Array {
  const n = features.length / size;
  const values = new Float64Array(n * directions.length);
  for (let row = 0; row < n; row++) {
    directions.forEach((direction, at) => {
      let sum = 0;
      for (let axis = 0; axis < size; axis++) {
        sum += (features[row * size + axis] as number) * (direction[axis] as number);
      }
      values[row * directions.length + at] = sum;
    });
  }
  return values;
}
