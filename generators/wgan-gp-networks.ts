/**
 * The two networks of a WGAN-GP: what variables they have and how images and scores come out of them.
 *
 * Source: Gulrajani et al. 2017, "Improved Training of Wasserstein GANs".
 * Reference code: igul222/improved_wgan_training@fa66c57 gan_mnist.py, gan_cifar.py, tflib/ops: layers, widths,
 * leaky slope and initial values.
 * Differs: images lie in [-1, 1] and come out of a tanh for digits too, where the reference has [0, 1] and a sigmoid;
 * no bias ahead of a batch norm and none on the score, since no loss depends on them; images of any size.
 *
 * With width 64 and images `[28, 28, 1]`, where the reference crops 8 to 7 pixels as the critic rounds 7/2 to 4:
 *
 * ```
 * generator  latent 128 -> dense [4, 4, 256] ReLU -> up [8, 8, 128] crop [7, 7, 128] ReLU -> up [14, 14, 64] ReLU
 *            -> up [28, 28, 1] tanh
 * critic     [28, 28, 1] -> down [14, 14, 64] LReLU -> down [7, 7, 128] LReLU -> down [4, 4, 256] LReLU -> dense, score
 * ```
 *
 * All of the critic is differentiable twice, and no image's score depends on another image.
 */
import * as tf from '@tensorflow/tfjs';
import { NORM_EPSILON } from '../src/backend/batch-norm.ts';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { batchNorm, type NormMode } from './batch-norm.ts';
import { conv2dDouble, conv2dHalf, dense, KERNEL_SIZE, leakyRelu } from './layers.ts';
import { createNetwork, type Network, type NetworkShapes, variableOf } from './network.ts';
import type { WganGpConfig } from './wgan-gp-config.ts';

/** What fixes the sizes of both networks. */
export interface WganGpArchitecture
  extends Pick<WganGpConfig, 'latentSize' | 'width' | 'generatorNorm' | 'criticNorm'> {
  /** Of the images. */
  readonly shape: ImageShape;
}

/** Times an image's sides are halved, and multiples of the width from the coarsest level to the finest. */
const MULTIPLES = [4, 2, 1] as const;

/** Height and width of the maps, from the coarsest level to the image; halves are rounded up. */
export function wganGpSides([height, width]: ImageShape): readonly (readonly [number, number])[] {
  const sides: [number, number][] = [[height, width]];
  for (const _ of MULTIPLES) {
    const [[rows, columns]] = sides as [[number, number]];
    sides.unshift([Math.ceil(rows / 2), Math.ceil(columns / 2)]);
  }
  return sides;
}

/** Shapes of all variables of both networks. */
export function wganGpShapes(architecture: WganGpArchitecture): {
  readonly generator: NetworkShapes;
  readonly critic: NetworkShapes;
} {
  const { latentSize, width, generatorNorm, criticNorm, shape } = architecture;
  const features = coarsestFeatures(architecture);
  const generator: Record<string, readonly number[]> = { 'dense/weights': [latentSize, features] };
  const statistics: Record<string, readonly number[]> = {};
  const critic: Record<string, readonly number[]> = {};
  // The dense layer's norm or bias is each feature map's own under a batch norm, each value's own otherwise.
  if (generatorNorm === 'none') generator['dense/bias'] = [features];
  MULTIPLES.forEach((multiple, level) => {
    const count = width * multiple;
    const finer = level + 1 < MULTIPLES.length ? width * (MULTIPLES[level + 1] as number) : shape[2];
    if (generatorNorm === 'batch') {
      generator[`norm${level}/gamma`] = [count];
      generator[`norm${level}/beta`] = [count];
      statistics[`norm${level}/mean`] = [count];
      statistics[`norm${level}/variance`] = [count];
    }
    generator[`up${level}/filters`] = [KERNEL_SIZE, KERNEL_SIZE, finer, count];
    if (generatorNorm === 'none' || level + 1 === MULTIPLES.length) generator[`up${level}/bias`] = [finer];
    // The critic is named by the same levels, so its last layer is level 0.
    critic[`down${level}/filters`] = [KERNEL_SIZE, KERNEL_SIZE, finer, count];
    critic[`down${level}/bias`] = [count];
    if (criticNorm === 'layer' && level + 1 < MULTIPLES.length) {
      critic[`norm${level}/gamma`] = [count];
      critic[`norm${level}/beta`] = [count];
    }
  });
  critic['score/weights'] = [features, 1];
  return { generator: { weights: generator, statistics }, critic: { weights: critic, statistics: {} } };
}

/**
 * A fresh network with the reference's initial values, uniform about 0: convolutions with variance
 * `4 / (fanIn + fanOut)`, where the fan on the coarser side of stride 2 counts a quarter; dense layers with
 * `2 / (fanIn + fanOut)`; biases and betas 0, gammas 1. The caller disposes it with {@link disposeNetwork}.
 */
export function createWganGpNetwork(shapes: NetworkShapes, stream: Stream): Network {
  return createNetwork(shapes, stream, (name, size, values, shape) => {
    if (/bias$|beta$/.test(name)) return new Float32Array(size);
    if (name.endsWith('gamma')) return new Float32Array(size).fill(1);
    const [inputs = 0, outputs = 0] = shape.slice(-2);
    // In filters of both directions the finer side comes third, the coarser one last.
    const variance = name.endsWith('filters')
      ? 4 / (KERNEL_SIZE ** 2 * (inputs + outputs / 4))
      : 2 / (inputs + outputs);
    const limit = Math.sqrt(3 * variance);
    return values.uniforms(size).map((uniform) => limit * (2 * uniform - 1));
  });
}

/**
 * Images `[n, height, width, channels]` in [-1, 1] of latents `[n, latentSize]`. The caller disposes them.
 */
export function generateWganGpImages(
  architecture: WganGpArchitecture,
  network: Network,
  latents: tf.Tensor2D,
  mode: NormMode,
): tf.Tensor4D {
  const { weights } = network;
  const [coarsest, ...finer] = wganGpSides(architecture.shape);
  const [height, width] = coarsest as [number, number];
  return tf.tidy(() => {
    const features = dense(latents, variableOf<tf.Tensor2D>(weights, 'dense/weights'));
    const biased = addBias(features, weights['dense/bias']);
    let maps = tf.reshape(biased, [latents.shape[0], height, width, -1]) as tf.Tensor4D;
    finer.forEach(([rows, columns], level) => {
      if (architecture.generatorNorm === 'batch') maps = batchNorm(network, `norm${level}`, maps, mode);
      maps = tf.relu(maps);
      maps = crop(conv2dDouble(maps, variableOf(weights, `up${level}/filters`)), rows, columns);
      maps = addBias(maps, weights[`up${level}/bias`]); // [n, rows, columns, finer]
    });
    return tf.tanh(maps);
  });
}

/** Names of {@link criticMaps}, in its order. */
export const CRITIC_LAYERS: readonly string[] = MULTIPLES.map((_, level) => `down${level}`).reverse();

/**
 * The critic's activations `[n, height / 2^i, width / 2^i, channels]` after each of its convolutions, from the image
 * on. The caller disposes them.
 *
 * @param images `[n, height, width, channels]` in [-1, 1]
 */
export function criticMaps(
  { criticNorm }: Pick<WganGpArchitecture, 'criticNorm'>,
  { weights }: Network,
  images: tf.Tensor4D,
): tf.Tensor4D[] {
  return tf.tidy(() => {
    const maps = [images];
    for (let level = MULTIPLES.length - 1; level >= 0; level--) {
      const inputs = maps.at(-1) as tf.Tensor4D;
      let outputs = conv2dHalf(inputs, variableOf(weights, `down${level}/filters`)); // [n, height / 2, width / 2, count]
      outputs = tf.add(outputs, variableOf(weights, `down${level}/bias`));
      if (criticNorm === 'layer' && level + 1 < MULTIPLES.length) {
        const gamma = variableOf<tf.Tensor1D>(weights, `norm${level}/gamma`);
        outputs = layerNorm(outputs, gamma, variableOf(weights, `norm${level}/beta`));
      }
      maps.push(leakyRelu(outputs));
    }
    return maps.slice(1);
  });
}

/**
 * Scores `[n]` of images `[n, height, width, channels]`; differences of scores estimate a Wasserstein distance,
 * their level means nothing. The caller disposes them.
 */
export function criticScores(
  architecture: WganGpArchitecture,
  critic: Network,
  images: tf.Tensor4D,
): tf.Tensor1D {
  return tf.tidy(() => {
    const last = criticMaps(architecture, critic, images).at(-1) as tf.Tensor4D;
    const flat = tf.reshape(last, [images.shape[0], -1]) as tf.Tensor2D;
    return tf.reshape(dense(flat, variableOf(critic.weights, 'score/weights')), [-1]) as tf.Tensor1D;
  });
}

/**
 * Normalises each image by its own mean and variance over all its values, then scales and shifts each channel
 * (Ba et al. 2016, "Layer Normalization", as the reference's layernorm.py). Differentiable twice.
 *
 * @param maps `[n, height, width, channels]`
 * @param gamma `[channels]`
 * @param beta `[channels]`
 * @returns the maps' shape; the caller disposes it
 */
export function layerNorm(maps: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D): tf.Tensor4D {
  return tf.tidy(() => {
    const flat = tf.reshape(maps, [maps.shape[0], -1]);
    const centred = tf.sub(flat, tf.mean(flat, 1, true));
    const variance = tf.mean(tf.square(centred), 1, true);
    const normalised = tf.mul(centred, tf.rsqrt(tf.add(variance, NORM_EPSILON)));
    return tf.add(tf.mul(tf.reshape(normalised, maps.shape), gamma), beta) as tf.Tensor4D;
  });
}

/** Values of the coarsest maps of one image. */
function coarsestFeatures({ width, shape }: WganGpArchitecture): number {
  const [[rows, columns]] = wganGpSides(shape) as [readonly [number, number]];
  return rows * columns * width * MULTIPLES[0];
}

function addBias<T extends tf.Tensor>(values: T, bias: tf.Tensor | undefined): T {
  return bias === undefined ? values : tf.add(values, bias);
}

/** The top left `rows` x `columns` of each map. */
function crop(maps: tf.Tensor4D, rows: number, columns: number): tf.Tensor4D {
  const [n, height, width, channels] = maps.shape;
  if (height === rows && width === columns) return maps;
  return tf.slice(maps, [0, 0, 0, 0], [n, rows, columns, channels]);
}
