/**
 * The two networks of a DCGAN: what variables they have and how images and logits come out of them.
 *
 * Source: Radford et al. 2016, "Unsupervised Representation Learning with Deep Convolutional Generative
 * Adversarial Networks", section 3: strided convolutions, no batch norm on the generator's output and the
 * discriminator's input, tanh output, leaky slope 0.2, weights from N(0, 0.02).
 *
 * Differs: two levels by default, since 28 halves twice; gamma from N(1, 0.02) and no biases in the convolutions,
 * as in pytorch/examples; the generator's image layer and the discriminator's logit have a bias each.
 *
 * With the default channels [128, 64] and images `[28, 28, 1]`:
 *
 * ```
 * generator      latent 100 -> dense [7, 7, 128] BN ReLU -> up [14, 14, 64] BN ReLU -> up [28, 28, 1] tanh
 * discriminator  [28, 28, 1] -> down [14, 14, 64] LReLU -> down [7, 7, 128] BN LReLU -> dense, logit
 * ```
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { addNorm, batchNorm, type NormMode } from './batch-norm.ts';
import { conv2dDouble, conv2dHalf, dense, KERNEL_SIZE, leakyRelu, normalValues } from './layers.ts';
import { createNetwork, type Network, type NetworkShapes, variableOf } from './network.ts';

/** What fixes the sizes of both networks. */
export interface DcganArchitecture {
  readonly latentSize: number;
  /** Feature maps of each level, from the coarsest to the finest. */
  readonly channels: readonly number[];
  /** Of the images. */
  readonly shape: ImageShape;
}

/**
 * Shapes of all variables of both networks.
 *
 * @throws RangeError if height or width cannot be halved once a level
 */
export function dcganShapes({ latentSize, channels, shape }: DcganArchitecture): {
  readonly generator: NetworkShapes;
  readonly discriminator: NetworkShapes;
} {
  const [height, width, imageChannels] = shape;
  const factor = 2 ** channels.length;
  if (height % factor !== 0 || width % factor !== 0) {
    throw new RangeError(
      `dcgan.channels: expected ${channels.length} levels to halve the image's sides ${height} and ${width} ` +
        `that often, got sides that do not divide by ${factor}`,
    );
  }
  const [coarsest = 0] = channels;
  const features = (height / factor) * (width / factor) * coarsest;
  const generator: Record<string, readonly number[]> = { 'dense/weights': [latentSize, features] };
  const discriminator: Record<string, readonly number[]> = {};
  const generatorNorms: Record<string, readonly number[]> = {};
  const discriminatorNorms: Record<string, readonly number[]> = {};
  channels.forEach((count, level) => {
    const next = channels[level + 1] ?? imageChannels;
    addNorm(`norm${level}`, count, generator, generatorNorms);
    generator[`up${level}/filters`] = [KERNEL_SIZE, KERNEL_SIZE, next, count];
    // The discriminator is named by the same levels, so its last layer is level 0.
    discriminator[`down${level}/filters`] = [KERNEL_SIZE, KERNEL_SIZE, next, count];
    if (level < channels.length - 1) addNorm(`norm${level}`, count, discriminator, discriminatorNorms);
  });
  generator['image/bias'] = [imageChannels];
  discriminator['logit/weights'] = [features, 1];
  discriminator['logit/bias'] = [1];
  return {
    generator: { weights: generator, statistics: generatorNorms },
    discriminator: { weights: discriminator, statistics: discriminatorNorms },
  };
}

/**
 * A fresh network: weights from N(0, 0.02), gammas from N(1, 0.02), biases and betas 0, running means 0 and
 * variances 1. The caller disposes it with {@link disposeNetwork}.
 */
export function createDcganNetwork(shapes: NetworkShapes, stream: Stream): Network {
  return createNetwork(shapes, stream, (name, size, values) => {
    if (/bias$|beta$/.test(name)) return new Float32Array(size);
    return normalValues(values, size, { mean: name.endsWith('gamma') ? 1 : 0 });
  });
}

/**
 * Images `[n, height, width, channels]` in [-1, 1] of latents `[n, latentSize]`. The caller disposes them.
 */
export function generateImages(
  { channels, shape }: DcganArchitecture,
  network: Network,
  latents: tf.Tensor2D,
  mode: NormMode,
): tf.Tensor4D {
  const [height, width] = shape;
  const factor = 2 ** channels.length;
  const { weights } = network;
  return tf.tidy(() => {
    let maps = tf.reshape(dense(latents, variableOf<tf.Tensor2D>(weights, 'dense/weights')), [
      latents.shape[0],
      height / factor,
      width / factor,
      channels[0] as number,
    ]) as tf.Tensor4D;
    channels.forEach((_, level) => {
      maps = tf.relu(batchNorm(network, `norm${level}`, maps, mode));
      maps = conv2dDouble(maps, variableOf(weights, `up${level}/filters`)); // [n, 2 height, 2 width, next]
    });
    return tf.tanh(tf.add(maps, variableOf(weights, 'image/bias'))) as tf.Tensor4D;
  });
}

/**
 * The discriminator's activations `[n, height / 2^i, width / 2^i, channels]` after each of its convolutions, from the
 * image on. The caller disposes them.
 *
 * @param images `[n, height, width, channels]` in [-1, 1]
 */
export function discriminatorMaps(
  { channels }: Pick<DcganArchitecture, 'channels'>,
  network: Network,
  images: tf.Tensor4D,
  mode: NormMode,
): tf.Tensor4D[] {
  return tf.tidy(() => {
    const maps = [images];
    for (let level = channels.length - 1; level >= 0; level--) {
      const inputs = maps.at(-1) as tf.Tensor4D;
      let outputs = conv2dHalf(inputs, variableOf(network.weights, `down${level}/filters`)); // [n, height / 2, width / 2, count]
      if (level < channels.length - 1) outputs = batchNorm(network, `norm${level}`, outputs, mode);
      maps.push(leakyRelu(outputs));
    }
    return maps.slice(1);
  });
}

/** Names of {@link discriminatorMaps}, in its order. */
export function discriminatorLayers({ channels }: Pick<DcganArchitecture, 'channels'>): string[] {
  return channels.map((_, level) => `down${level}`).reverse();
}

/**
 * Logits `[n]` of images `[n, height, width, channels]` being real. The caller disposes them.
 */
export function discriminateImages(
  architecture: DcganArchitecture,
  network: Network,
  images: tf.Tensor4D,
  mode: NormMode,
): tf.Tensor1D {
  const { weights } = network;
  return tf.tidy(() => {
    const last = discriminatorMaps(architecture, network, images, mode).at(-1) as tf.Tensor4D;
    const flat = tf.reshape(last, [images.shape[0], -1]) as tf.Tensor2D;
    const logits = tf.add(
      dense(flat, variableOf<tf.Tensor2D>(weights, 'logit/weights')),
      variableOf(weights, 'logit/bias'),
    );
    return tf.reshape(logits, [-1]) as tf.Tensor1D;
  });
}
