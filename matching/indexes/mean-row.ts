import type { Vectors } from './vector-index.ts';

/** The mean of all rows, float64: `[size]`. */
export function meanRow({ values, size }: Vectors): Float64Array {
  const mean = new Float64Array(size);
  for (let start = 0; start < values.length; start += size) {
    for (let axis = 0; axis < size; axis++)
      mean[axis] = (mean[axis] as number) + (values[start + axis] as number);
  }
  const rows = values.length / size;
  return mean.map((sum) => sum / rows);
}
