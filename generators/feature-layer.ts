/**
 * Picking one layer of a model's activations.
 */
import * as tf from '@tensorflow/tfjs';

/**
 * The activations of one layer; those of the others are freed. The caller disposes what comes out.
 *
 * @param layers names, in the order of what `activations` returns
 * @throws RangeError if none has that name; nothing is computed then
 */
export function layerOf<T extends tf.Tensor>(
  layers: readonly string[],
  layer: string,
  activations: () => readonly T[],
): T {
  const position = layers.indexOf(layer);
  if (position < 0) {
    throw new RangeError(`features.layer: expected one of ${layers.join(', ')}, got ${layer}`);
  }
  return tf.tidy(() => activations()[position] as T);
}
