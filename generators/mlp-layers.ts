/** Dense softplus layers, shared by the models made of them. */
import * as tf from '@tensorflow/tfjs';
import { softplus } from '../src/backend/softplus.ts';
import type { Stream } from '../src/random.ts';
import { dense, normalValues } from './layers.ts';
import { type NetworkShapes, variableOf } from './network.ts';
import type { Variables } from './variables.ts';

/**
 * Shapes of a stack of dense layers between `sizes`: layer `i` has `<prefix><i>/weights`, `[sizes[i], sizes[i + 1]]`,
 * and `<prefix><i>/bias`.
 */
export function stackShapes(prefix: string, sizes: readonly number[]): NetworkShapes['weights'] {
  const layers = sizes
    .slice(1)
    .map((outputs, i) => denseShapes(`${prefix}${i}`, sizes[i] as number, outputs));
  return Object.assign({}, ...layers);
}

/** Shapes of one dense layer, `<layer>/weights` and `<layer>/bias`. */
export function denseShapes(layer: string, inputs: number, outputs: number): NetworkShapes['weights'] {
  return { [`${layer}/weights`]: [inputs, outputs], [`${layer}/bias`]: [outputs] };
}

/**
 * First values of dense layers: biases 0, weights from N(0, 2 / (inputs + outputs)), of Glorot and Bengio 2010,
 * "Understanding the difficulty of training deep feedforward neural networks".
 */
export function denseValues(
  name: string,
  size: number,
  stream: Stream,
  shape: readonly number[],
): Float32Array {
  if (name.endsWith('bias')) return new Float32Array(size);
  const [inputs = 0, outputs = 0] = shape;
  return normalValues(stream, size, { deviation: Math.sqrt(2 / (inputs + outputs)) });
}

/**
 * `inputs weights + bias` of the layer of that name, `[n, outputs]`. The caller disposes it.
 *
 * @param inputs `[n, inputs]`
 */
export function affine(weights: Variables, layer: string, inputs: tf.Tensor2D): tf.Tensor2D {
  const products = dense(inputs, variableOf<tf.Tensor2D>(weights, `${layer}/weights`));
  return tf.add(products, variableOf<tf.Tensor1D>(weights, `${layer}/bias`));
}

/**
 * Softplus layers `first`, `first + 1`, ... up to `count` of a stack of {@link stackShapes}, one after another. The
 * caller disposes what comes out; inputs are `[n, sizes[first]]`.
 */
export function softplusStack(
  weights: Variables,
  prefix: string,
  inputs: tf.Tensor2D,
  { first = 0, count }: { readonly first?: number; readonly count: number },
): tf.Tensor2D {
  return tf.tidy(() => {
    let units = inputs;
    for (let i = first; i < count; i++) units = softplus(affine(weights, `${prefix}${i}`, units));
    return units === inputs ? tf.clone(inputs) : units;
  });
}
