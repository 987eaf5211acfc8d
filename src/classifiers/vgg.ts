/**
 * VGG with batch norm: groups of 3 x 3 convolutions, each group followed by max pooling.
 *
 * Source: Simonyan and Zisserman 2015, "Very deep convolutional networks for large-scale image recognition", table 1, with
 * the batch norm of Ioffe and Szegedy 2015; column D, VGG16, is the task model of VAAL (Sinha et al. 2019, sinhasam/vaal vgg.py).
 * Differs: the mean over the places of the last maps goes to the dense layers, which for images of 32 x 32 and five groups
 * are [1, 1] themselves; VAAL's code repeats it 49 times before a dense layer. No biases before batch norms.
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../datasets/dataset.ts';
import type { Stream } from '../random.ts';
import { type Convolution, convLayers, halved, meanOfPlaces } from './conv-layers.ts';
import type { VggConfig } from './deep-config.ts';
import { classLayer, denseReluLayer } from './mlp.ts';
import type { NetworkLayers } from './network.ts';
import type { Stage } from './stage.ts';

/** Builds the network; layer `l` draws its initial weights from `weights.of(l's name)`. */
export function buildVgg(
  { groups, hidden, dropout }: Pick<VggConfig, 'groups' | 'hidden' | 'dropout'>,
  [, , channels]: ImageShape,
  classes: number,
  weights: Stream,
): NetworkLayers {
  const all = groups.flat();
  const named = groups.map((group, number) => group.map((_, place) => `conv-${number + 1}-${place + 1}`));
  const convolutions: Convolution[] = named.flat().map((name, position) => ({
    name,
    kernel: [3, 3, all[position - 1] ?? channels, all[position] as number],
  }));
  const size = all.at(-1) as number;
  const features: Stage = {
    name: 'features',
    layers: convLayers(
      {
        convolutions,
        forward: (maps, convolve) =>
          meanOfPlaces(
            named.reduce(
              (rows, names) => halved(names.reduce((before, name) => tf.relu(convolve(before, name)), rows)),
              maps,
            ),
          ),
        outputShape: [size],
      },
      weights,
    ),
    dropout: hidden.length === 0 ? dropout : 0,
  };
  const dense: Stage[] = hidden.map((units, place) => ({
    name: `dense-${place + 1}`,
    layers: denseReluLayer(`dense-${place + 1}`, hidden[place - 1] ?? size, units, weights),
    dropout,
  }));
  return { body: [features, ...dense], head: classLayer(hidden.at(-1) ?? size, classes, weights) };
}
