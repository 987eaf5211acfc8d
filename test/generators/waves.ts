/** The numbers that the scripts in `test/fixtures` fill tensors with: `mean + scale sin(phase + 1.3 i)`. */
export function waves(phase: number, scale: number, mean: number, size: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => mean + scale * Math.sin(phase + 1.3 * i));
}

/** Waves that repeat nowhere, where a network has more values than a period tells apart. */
export function chirps(phase: number, scale: number, mean: number, size: number): Float32Array {
  return Float32Array.from(
    { length: size },
    (_, i) => mean + scale * Math.sin(phase + 1.3 * i + 0.07 * i * i),
  );
}

/** The largest distance of two lists of one length, as a share of the largest wanted number or of 1. */
export function worstShare(actual: ArrayLike<number>, wanted: readonly number[]): number {
  if (actual.length !== wanted.length) return Number.POSITIVE_INFINITY;
  const scale = Math.max(1, ...wanted.map(Math.abs));
  return Math.max(...wanted.map((value, i) => Math.abs((actual[i] ?? Number.NaN) - value))) / scale;
}
