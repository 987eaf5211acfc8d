/**
 * ResNet-18 for small images: a 3 x 3 convolution in place of the first of 7 x 7 and its max pooling, then four groups of two
 * blocks, of which all groups but the first halve height and width.
 *
 * Source: He, Zhang, Ren and Sun 2016, "Deep residual learning for image recognition", table 1 and section 4.2; shortcuts that
 * change shape are 1 x 1 convolutions with batch norm (option B). It is the task model of Yoo and Kweon 2019 and of Kim et
 * al. 2021 (cubeyoung/TA-VAAL models/resnet.py).
 *
 *     block(x) = relu(norm(conv(relu(norm(conv(x))))) + shortcut(x))
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../datasets/dataset.ts';
import type { Stream } from '../random.ts';
import { type Convolution, type Convolve, convLayers, meanOfPlaces } from './conv-layers.ts';
import type { Resnet18Config } from './deep-config.ts';
import { classLayer } from './mlp.ts';
import type { NetworkLayers } from './network.ts';

const BLOCKS_A_GROUP = 2;

/** Two convolutions, and a third on the shortcut if that changes the shape. */
interface Block {
  readonly convolutions: readonly Convolution[];
  readonly names: readonly [first: string, second: string];
  readonly shortcut: string | undefined;
}

/** Builds the network; layer `l` draws its initial weights from `weights.of(l's name)`. */
export function buildResnet18(
  { widths, dropout }: Pick<Resnet18Config, 'widths' | 'dropout'>,
  [, , channels]: ImageShape,
  classes: number,
  weights: Stream,
): NetworkLayers {
  const [stemWidth, , , size] = widths;
  const stem: Convolution = { name: 'stem', kernel: [3, 3, channels, stemWidth] };
  const blocks = widths.flatMap((filters, group) =>
    Array.from({ length: BLOCKS_A_GROUP }, (_, place) => {
      const inputs = place > 0 ? filters : (widths[group - 1] ?? stemWidth);
      return blockOf(`block-${group + 1}-${place + 1}`, inputs, filters, place === 0 && group > 0 ? 2 : 1);
    }),
  );
  const features = convLayers(
    {
      convolutions: [stem, ...blocks.flatMap(({ convolutions }) => convolutions)],
      forward: (maps, convolve) =>
        meanOfPlaces(
          blocks.reduce((rows, block) => passed(block, rows, convolve), tf.relu(convolve(maps, stem.name))),
        ),
      outputShape: [size],
    },
    weights,
  );
  return {
    body: [{ name: 'features', layers: features, dropout }],
    head: classLayer(size, classes, weights),
  };
}

function blockOf(name: string, inputs: number, filters: number, stride: 1 | 2): Block {
  const names = [`${name}-a`, `${name}-b`] as const;
  const shortcut = stride !== 1 || inputs !== filters ? `${name}-shortcut` : undefined;
  return {
    names,
    shortcut,
    convolutions: [
      { name: names[0], kernel: [3, 3, inputs, filters], stride },
      { name: names[1], kernel: [3, 3, filters, filters] },
      ...(shortcut === undefined
        ? []
        : [{ name: shortcut, kernel: [1, 1, inputs, filters] as const, stride }]),
    ],
  };
}

function passed(
  { names: [first, second], shortcut }: Block,
  maps: tf.Tensor4D,
  convolve: Convolve,
): tf.Tensor4D {
  const residual = convolve(tf.relu(convolve(maps, first)), second);
  return tf.relu(tf.add(residual, shortcut === undefined ? maps : convolve(maps, shortcut)));
}
