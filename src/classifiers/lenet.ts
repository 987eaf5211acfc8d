/**
 * LeNet for images of 28 x 28 or 32 x 32: two convolutions, each followed by max pooling, and two dense layers.
 *
 * Source: LeCun, Bottou, Bengio and Haffner 1998, "Gradient-based learning applied to document recognition",
 * section II.B, in the widths of Caffe's `examples/mnist/lenet.prototxt`.
 * Differs: ReLU after every layer but the last, max pooling, initial weights as in mlp.ts.
 *
 * Dropout, if asked for, stands after the last pooling and after the hidden layer, as in Gal, Islam and Ghahramani 2017, "Deep
 * Bayesian active learning with image data", section 5.1, whose network has other convolutions.
 *
 * Where several pixels of a pool share the maximum, as on a flat background, the gradient is not unique: the
 * cpu backend sends it to the first of them, wasm to the last. The gradients of two backends may then differ.
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../datasets/dataset.ts';
import type { Stream } from '../random.ts';
import type { LenetConfig } from './config.ts';
import { classLayer } from './mlp.ts';
import type { NetworkLayers } from './network.ts';
import { sequentialLayers } from './stage.ts';

/** Below this height or width nothing is left after the second pooling. */
const smallest = 16;

/**
 * Builds the network; layer `l` draws its initial weights from `weights.of(l's name)`.
 *
 * @throws RangeError if the images are smaller than 16 x 16
 */
export function buildLenet(
  { widths: [first, second, hidden], dropout }: Pick<LenetConfig, 'widths' | 'dropout'>,
  shape: ImageShape,
  classes: number,
  weights: Stream,
): NetworkLayers {
  const [height, width] = shape;
  if (height < smallest || width < smallest) {
    throw new RangeError(
      `buildLenet.shape: expected at least ${smallest} x ${smallest}, got ${height} x ${width}`,
    );
  }
  const initial = (name: string) => tf.initializers.heNormal({ seed: weights.of(name).seed() });
  const convolution = (name: string, filters: number, inputShape?: number[]) =>
    tf.layers.conv2d({
      name,
      filters,
      kernelSize: 5,
      kernelInitializer: initial(name),
      ...(inputShape && { inputShape }),
    });
  // Sizes for 28 x 28:
  const pooled = tf.sequential({
    layers: [
      convolution('conv-1', first, [...shape]), // [24, 24, 20]
      tf.layers.maxPooling2d({ poolSize: 2 }), // [12, 12, 20]
      // After the pooling: the same numbers, since ReLU is monotone, on a quarter of the values.
      tf.layers.activation({ activation: 'relu' }),
      convolution('conv-2', second), // [8, 8, 50]
      tf.layers.maxPooling2d({ poolSize: 2 }), // [4, 4, 50]
      tf.layers.activation({ activation: 'relu' }),
      tf.layers.flatten(), // [800]
    ],
  });
  const dense = tf.sequential({
    layers: [
      tf.layers.dense({
        name: 'dense-1',
        units: hidden,
        activation: 'relu',
        kernelInitializer: initial('dense-1'),
        inputShape: pooled.outputShape.slice(1) as number[],
      }), // [128]
    ],
  });
  return {
    body: [
      { name: 'pooling', layers: sequentialLayers(pooled), dropout: dropout?.pooling ?? 0 },
      { name: 'dense', layers: sequentialLayers(dense), dropout: dropout?.dense ?? 0 },
    ],
    head: classLayer(hidden, classes, weights),
  };
}
