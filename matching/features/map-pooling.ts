/**
 * Feature maps made smaller: each channel summed up in the cells of a square grid.
 */
import * as tf from '@tensorflow/tfjs';

/** How the values of a cell become one. */
export type CellValue = 'average' | 'max';

/**
 * Maps `[n, height, width, channels]` pooled to `[n, min(height, side), min(width, side), channels]`.
 *
 * Cell i of an axis of `length` values covers those from `floor(i length / side)` up to, without it,
 * `ceil((i + 1) length / side)`, so neighbouring cells share values where `side` does not divide the length. That is
 * PyTorch's adaptive pooling. An axis no longer than `side` stays as it is.
 *
 * @param side cells along each axis, at least 1
 * @returns the caller disposes it
 */
export function poolMaps(maps: tf.Tensor4D, value: CellValue, side: number): tf.Tensor4D {
  return tf.tidy(() => poolAxis(poolAxis(maps, 1, value, side), 2, value, side));
}

function poolAxis(maps: tf.Tensor4D, axis: 1 | 2, value: CellValue, side: number): tf.Tensor4D {
  const length = maps.shape[axis];
  if (length <= side) return maps;
  const cells = Array.from({ length: side }, (_, cell) => {
    const start = Math.floor((cell * length) / side);
    const end = Math.ceil(((cell + 1) * length) / side);
    const slab =
      axis === 1
        ? tf.slice4d(maps, [0, start, 0, 0], [-1, end - start, -1, -1])
        : tf.slice4d(maps, [0, 0, start, 0], [-1, -1, end - start, -1]);
    return (value === 'max' ? tf.max(slab, axis, true) : tf.mean(slab, axis, true)) as tf.Tensor4D;
  });
  return tf.concat(cells, axis);
}
