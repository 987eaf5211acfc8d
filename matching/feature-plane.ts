/**
 * A plane to draw features in: their first two principal components.
 */
import { Matrix } from 'ml-matrix';
import { PCA } from 'ml-pca';
import type { MatchIndex } from './match-index.ts';

/** Coordinates along two axes. */
export type Point = readonly [x: number, y: number];

export interface FeaturePlane {
  /** Coordinates of feature vectors `[n, size]`. */
  points(vectors: Float32Array): Point[];
}

/** Rows that the axes are fitted to: enough for two directions, and seconds for features of a thousand values. */
const SAMPLE = 400;

/**
 * The plane of the largest variance of some indexed rows, labelled or not, by NIPALS (Wold 1966) of ml-pca. The rows are
 * evenly spread over the pool, so the plane is the same in every round. Axes without variance give coordinates of 0.
 */
export function featurePlane(index: MatchIndex): FeaturePlane {
  const { rows, size } = index;
  const step = Math.max(1, rows.length / SAMPLE);
  const drawn = rows.filter((_, place) => Math.floor(place / step) !== Math.floor((place - 1) / step));
  const sample = tableOf(index.vectorsOf(drawn), size);
  const components = Math.min(2, size, drawn.length - 1);
  const isConstant = sample.every((row) => row.every((value, column) => value === sample[0]?.[column]));
  if (components < 1 || isConstant) return { points: (vectors) => tableOf(vectors, size).map(() => [0, 0]) };
  const pca = new PCA(new Matrix(sample), { method: 'NIPALS', nCompNIPALS: components });
  return {
    points: (vectors) => {
      if (vectors.length === 0) return [];
      const scores = pca.predict(new Matrix(tableOf(vectors, size)), { nComponents: components });
      return scores.to2DArray().map(([x = 0, y = 0]) => [finite(x), finite(y)] as const);
    },
  };
}

function tableOf(vectors: Float32Array, size: number): number[][] {
  return Array.from({ length: vectors.length / size }, (_, row) =>
    Array.from(vectors.subarray(row * size, (row + 1) * size)),
  );
}

/** NIPALS divides by the length of a direction, which is 0 if all variance lies along one axis. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
