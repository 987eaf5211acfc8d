/** The tables of test/fixtures/evaluation/waves.py, and others that tests of this folder share. */
import { type Features, gatherFeatures } from '../../../generators/evaluation/features.ts';
import type { Stream } from '../../../src/random.ts';

/** The same numbers as `waves` of waves.py: `n` rows of `size` correlated features. */
export function waves(phase: number, scale: number, mean: number, n: number, size: number): Features {
  const values = Float32Array.from({ length: n * size }, (_, i) => {
    const row = Math.floor(i / size);
    const column = i % size;
    const shared = Math.sin(phase + row * (1.3 + 0.7 * (column % 3)));
    const own = Math.sin(phase * 2 + 2.1 * row * (column + 1) + column);
    return mean + scale * (shared + 0.4 * own);
  });
  return { values, n, size };
}

/** Standard normal features, each plus `shift`. */
export function normalRows(stream: Stream, n: number, size: number, shift = 0): Features {
  return { values: stream.normals(n * size).map((value) => value + shift), n, size };
}

/** The same rows in another order. */
export function shuffled(features: Features, stream: Stream): Features {
  return gatherFeatures(features, stream.permutation(features.n));
}

/** The same rows with one value replaced. */
export function withValue(features: Features, row: number, value: number): Features {
  const values = features.values.slice();
  values[row * features.size] = value;
  return { ...features, values };
}
