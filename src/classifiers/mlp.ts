/**
 * Multi-layer perceptron: pixels, dense layers with ReLU, classes.
 *
 * Initial weights: He et al. 2015 before a ReLU, Glorot and Bengio 2010 (uniform) before the classes, biases 0.
 * Differs: TensorFlow.js cuts He's normal of variance 2 / inputs at two deviations, which leaves 1.55 / inputs.
 */
import * as tf from '@tensorflow/tfjs';
import { type ImageShape, imageSize } from '../datasets/dataset.ts';
import type { Stream } from '../random.ts';
import type { MlpConfig } from './config.ts';
import type { NetworkLayers } from './network.ts';
import { type StageLayers, sequentialLayers } from './stage.ts';

/** Builds the network; layer `l` draws its initial weights from `weights.of(l's name)`. */
export function buildMlp(
  { hidden }: Pick<MlpConfig, 'hidden'>,
  shape: ImageShape,
  classes: number,
  weights: Stream,
): NetworkLayers {
  const body = tf.sequential();
  body.add(tf.layers.flatten({ inputShape: [...shape] }));
  hidden.forEach((units, position) => {
    const name = `dense-${position + 1}`;
    body.add(
      tf.layers.dense({
        name,
        units,
        activation: 'relu',
        kernelInitializer: tf.initializers.heNormal({ seed: weights.of(name).seed() }),
      }),
    );
  });
  return {
    body: [{ name: 'body', layers: sequentialLayers(body), dropout: 0 }],
    head: classLayer(hidden.at(-1) ?? imageSize(shape), classes, weights),
  };
}

/** A dense layer with ReLU, `[n, inputs]` to `[n, units]`. */
export function denseReluLayer(name: string, inputs: number, units: number, weights: Stream): StageLayers {
  const layer = tf.layers.dense({
    name,
    units,
    activation: 'relu',
    inputShape: [inputs],
    kernelInitializer: tf.initializers.heNormal({ seed: weights.of(name).seed() }),
  });
  return sequentialLayers(tf.sequential({ layers: [layer] }));
}

/** The last layer of a network: features `[n, featureSize]` to logits `[n, classes]`. */
export function classLayer(featureSize: number, classes: number, weights: Stream): StageLayers {
  const head = tf.layers.dense({
    name: 'classes',
    units: classes,
    inputShape: [featureSize],
    kernelInitializer: tf.initializers.glorotUniform({ seed: weights.of('classes').seed() }),
  });
  return sequentialLayers(tf.sequential({ layers: [head] }));
}
