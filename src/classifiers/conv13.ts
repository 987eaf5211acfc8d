/**
 * The 13-layer convolutional network of semi-supervised learning, for images of 28 x 28 or 32 x 32.
 *
 * Source: Laine and Aila 2017, "Temporal ensembling for semi-supervised learning", table 5, as Tarvainen and Valpola 2017 and,
 * for active learning, Simeoni, Budnik, Avrithis and Gravier 2019, "Rethinking deep active learning", take it.
 * Reference code: osimeoni/RethinkingDeepActiveLearning lib/architectures.py, class CNN.
 * Differs: no noise on the images, no weight normalisation (the batch norms behind it take the length of a kernel out again,
 * so that it changes the size of steps alone), no biases before batch norms.
 *
 *     3 x [conv 3 x 3, 128], max-pool, dropout, 3 x [conv 3 x 3, 256], max-pool, dropout,
 *     conv 3 x 3 without padding, 512, conv 1 x 1, 256, conv 1 x 1, 128, mean over places, classes
 *
 * Each convolution is followed by a batch norm and leaky ReLU of slope 0.1.
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../datasets/dataset.ts';
import type { Stream } from '../random.ts';
import { type Convolution, convLayers, halved, meanOfPlaces } from './conv-layers.ts';
import type { Conv13Config } from './deep-config.ts';
import { classLayer } from './mlp.ts';
import type { NetworkLayers } from './network.ts';

const SLOPE = 0.1;
/** Below this height or width nothing is left after the convolution without padding. */
const SMALLEST = 9;

/**
 * Builds the network; layer `l` draws its initial weights from `weights.of(l's name)`.
 *
 * @throws RangeError if the images are smaller than 9 x 9
 */
export function buildConv13(
  { widths: [first, second, third, fourth, fifth], dropout }: Pick<Conv13Config, 'widths' | 'dropout'>,
  [height, width, channels]: ImageShape,
  classes: number,
  weights: Stream,
): NetworkLayers {
  if (height < SMALLEST || width < SMALLEST) {
    throw new RangeError(
      `buildConv13.shape: expected at least ${SMALLEST} x ${SMALLEST}, got ${height} x ${width}`,
    );
  }
  const half = (side: number): number => Math.ceil(side / 2);
  const three = (group: number, inputs: number, filters: number): Convolution[] =>
    ['a', 'b', 'c'].map((letter, place) => ({
      name: `conv-${group}${letter}`,
      kernel: [3, 3, place === 0 ? inputs : filters, filters],
    }));
  const stage = (
    convolutions: Convolution[],
    last: (maps: tf.Tensor4D) => tf.Tensor,
    outputShape: number[],
  ) =>
    convLayers(
      {
        convolutions,
        forward: (maps, convolve) =>
          last(convolutions.reduce((rows, { name }) => tf.leakyRelu(convolve(rows, name), SLOPE), maps)),
        outputShape,
      },
      weights,
    );
  const [rows, columns] = [half(height), half(width)];
  const last: Convolution[] = [
    { name: 'conv-3a', kernel: [3, 3, second, third], padding: 'valid' },
    { name: 'conv-3b', kernel: [1, 1, third, fourth] },
    { name: 'conv-3c', kernel: [1, 1, fourth, fifth] },
  ];
  return {
    body: [
      { name: 'first', layers: stage(three(1, channels, first), halved, [rows, columns, first]), dropout },
      {
        name: 'second',
        layers: stage(three(2, first, second), halved, [half(rows), half(columns), second]),
        dropout,
      },
      { name: 'third', layers: stage(last, meanOfPlaces, [fifth]), dropout: 0 },
    ],
    head: classLayer(fifth, classes, weights),
  };
}
