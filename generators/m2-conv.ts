/**
 * The networks of M2 as convolutions.
 *
 * With the default sizes and images `[28, 28, 1]`, and how many parameters each has:
 *
 * ```
 * classifier  [28, 28, 1] -> conv 3x3 [28, 28, 32] BN pool ReLU -> conv 3x3 [14, 14, 64] BN pool ReLU
 *             -> conv 3x3 [7, 7, 128] BN ReLU -> dense 256 ReLU, dropout -> dense 10: logits of classes  1,701,354
 * encoder     [28, 28, 1] -> down [14, 14, 32] ReLU -> down [7, 7, 64] ReLU -> dense 256 with the class ReLU
 *             -> dense 100: 50 means, 50 log-variances                                                     864,708
 * decoder     latent 50, class -> dense [7, 7, 64] ReLU -> up [14, 14, 32] ReLU
 *             -> up [28, 28, 1]: logits of pixels                                                          224,609
 * ```
 *
 * Up and down are convolutions of 4x4 and stride 2, and their adjoints. The encoder's convolutions see each image
 * once, whatever the number of classes. Only the classifier has batch norms: the pairs of one image with other classes
 * are no sample of anything whose moments a batch norm should take.
 */
import * as tf from '@tensorflow/tfjs';
import { batchNorm } from './batch-norm.ts';
import { normalValues } from './layers.ts';
import type { M2ConvConfig } from './m2-config.ts';
import type { ClassifierOutputs, ClassifierPass, M2Layers, M2Sizes } from './m2-networks.ts';
import { withClasses } from './m2-pairs.ts';
import { affine, denseShapes } from './mlp-layers.ts';
import { gaussians } from './mlp-terms.ts';
import { type InitialValues, type Network, type NetworkShapes, variableOf } from './network.ts';
import type { Variables } from './variables.ts';

/** Side of the classifier's kernels, in pixels. */
const CLASSIFIER_KERNEL = 3;
/** Side of the encoder's and the decoder's kernels: twice the stride, so that every pixel is under as many. */
const KERNEL = 4;

/**
 * M2 of convolutions.
 *
 * @throws RangeError if height or width cannot be halved as often as there are `channels`
 */
export function m2Conv(sizes: M2Sizes, config: M2ConvConfig): M2Layers {
  const { filters, units, dropout, channels } = config;
  const [height, width, imageChannels] = sizes.shape;
  const side = (size: number) => {
    const halved = size / 2 ** channels.length;
    if (Number.isInteger(halved)) return halved;
    throw new RangeError(
      `m2.network.channels: expected ${channels.length} levels to halve the image's sides ${height} and ${width} ` +
        `that often, got sides that do not divide by ${2 ** channels.length}`,
    );
  };
  const coarsest = [side(height), side(width), channels.at(-1) ?? imageChannels] as const;
  const images = (pixels: tf.Tensor2D) => tf.reshape(pixels, [-1, ...sizes.shape]) as tf.Tensor4D;
  return {
    shapes: {
      classifier: classifierShapes(sizes, config),
      encoder: encoderShapes(sizes, config, coarsest),
      decoder: decoderShapes(sizes, config, coarsest),
    },
    initial,
    dropout: { rate: dropout, units },
    classifierLayers: [...filters.map((_, i) => `conv${i}`), 'hidden0'],
    classify: (classifier, pixels, pass) =>
      tf.tidy(() => classify(classifier, images(pixels), filters.length, pass)),
    encodeImages: ({ weights }, pixels) =>
      tf.tidy(() => {
        let maps = images(pixels);
        channels.forEach((_, level) => {
          const halved = tf.conv2d(maps, variableOf<tf.Tensor4D>(weights, `down${level}/filters`), 2, 'same');
          maps = tf.relu(tf.add(halved, variableOf<tf.Tensor1D>(weights, `down${level}/bias`)));
        });
        return affine(weights, 'hidden0', flat(maps));
      }),
    posteriors: ({ weights }, sums) => tf.tidy(() => gaussians(affine(weights, 'moments', tf.relu(sums)))),
    decode: ({ weights }, latents, ofRows) =>
      tf.tidy(() => {
        const first = tf.relu(withClasses(weights, latents, ofRows));
        return flat(double(weights, tf.reshape(first, [-1, ...coarsest]), channels.length));
      }),
  };
}

function classify(
  classifier: Network,
  images: tf.Tensor4D,
  convolutions: number,
  { norm, kept }: ClassifierPass,
): ClassifierOutputs {
  const { weights } = classifier;
  const layers: (tf.Tensor2D | tf.Tensor4D)[] = [];
  let maps = images;
  for (let i = 0; i < convolutions; i++) {
    const sums = tf.conv2d(maps, variableOf<tf.Tensor4D>(weights, `conv${i}/filters`), 1, 'same');
    const normed = batchNorm(classifier, `norm${i}`, sums, norm);
    // Pooled before the ReLU: the same numbers, since it is monotone, on a quarter of the values.
    maps = tf.relu(i < convolutions - 1 ? tf.maxPool(normed, 2, 2, 'same') : normed);
    layers.push(maps);
  }
  const hidden = tf.relu(affine(weights, 'hidden0', flat(maps)));
  layers.push(hidden);
  const logits = affine(weights, 'logits', kept ? tf.mul(hidden, kept) : hidden);
  return { layers, logits };
}

/** The decoder's doubling layers; ReLU after all but the last. */
function double(weights: Variables, inputs: tf.Tensor4D, levels: number): tf.Tensor4D {
  let maps = inputs;
  for (let level = levels - 1; level >= 0; level--) {
    const filters = variableOf<tf.Tensor4D>(weights, `up${level}/filters`);
    const [n, height, width] = maps.shape;
    const size: [number, number, number, number] = [n, 2 * height, 2 * width, filters.shape[2]];
    const doubled = tf.conv2dTranspose(maps, filters, size, 2, 'same');
    const sums: tf.Tensor4D = tf.add(doubled, variableOf<tf.Tensor1D>(weights, `up${level}/bias`));
    maps = level > 0 ? tf.relu(sums) : sums;
  }
  return maps;
}

function flat(maps: tf.Tensor4D): tf.Tensor2D {
  return tf.reshape(maps, [maps.shape[0], tf.util.sizeFromShape(maps.shape.slice(1))]);
}

function classifierShapes({ classes, shape }: M2Sizes, { filters, units }: M2ConvConfig): NetworkShapes {
  const weights: Record<string, readonly number[]> = {};
  const statistics: Record<string, readonly number[]> = {};
  let [height, width, inputs] = shape;
  filters.forEach((outputs, i) => {
    weights[`conv${i}/filters`] = [CLASSIFIER_KERNEL, CLASSIFIER_KERNEL, inputs, outputs];
    weights[`norm${i}/gamma`] = [outputs];
    weights[`norm${i}/beta`] = [outputs];
    statistics[`norm${i}/mean`] = [outputs];
    statistics[`norm${i}/variance`] = [outputs];
    inputs = outputs;
    if (i < filters.length - 1) [height, width] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  });
  Object.assign(weights, denseShapes('hidden0', height * width * inputs, units));
  Object.assign(weights, denseShapes('logits', units, classes));
  return { weights, statistics };
}

function encoderShapes(
  { classes, latentSize, shape }: M2Sizes,
  { channels, hidden }: M2ConvConfig,
  coarsest: readonly number[],
): NetworkShapes {
  const weights: Record<string, readonly number[]> = {};
  channels.forEach((outputs, level) => {
    weights[`down${level}/filters`] = [KERNEL, KERNEL, channels[level - 1] ?? shape[2], outputs];
    weights[`down${level}/bias`] = [outputs];
  });
  Object.assign(weights, denseShapes('hidden0', tf.util.sizeFromShape([...coarsest]), hidden));
  weights['hidden0/classes'] = [classes, hidden];
  return { weights: { ...weights, ...denseShapes('moments', hidden, 2 * latentSize) }, statistics: {} };
}

function decoderShapes(
  { classes, latentSize, shape }: M2Sizes,
  { channels }: M2ConvConfig,
  coarsest: readonly number[],
): NetworkShapes {
  const units = tf.util.sizeFromShape([...coarsest]);
  const weights: Record<string, readonly number[]> = {
    ...denseShapes('hidden0', latentSize, units),
    'hidden0/classes': [classes, units],
  };
  channels.forEach((inputs, level) => {
    // Named as the encoder's levels, so level 0 makes the image.
    const outputs = channels[level - 1] ?? shape[2];
    weights[`up${level}/filters`] = [KERNEL, KERNEL, outputs, inputs];
    weights[`up${level}/bias`] = [outputs];
  });
  return { weights, statistics: {} };
}

/**
 * First values: biases and betas 0, gammas 1, weights from N(0, g / inputs) with the number of inputs of a unit and
 * `g` 2 before a ReLU (He et al. 2015, "Delving Deep into Rectifiers", equation 10), else 1. Each pixel of a doubling
 * layer is under a quarter of the kernel. Rows of classes have as many inputs as there are classes.
 */
const initial: InitialValues = (name, size, stream, shape) => {
  if (/(bias|beta)$/.test(name)) return new Float32Array(size);
  if (name.endsWith('gamma')) return new Float32Array(size).fill(1);
  const isUp = name.startsWith('up');
  const kernel = shape.length === 4 ? (shape[0] as number) * (shape[1] as number) : 1;
  const inputs = isUp ? (kernel / 4) * (shape[3] as number) : kernel * (shape.at(-2) as number);
  const isOutput = /^(logits|moments|up0)\//.test(name);
  return normalValues(stream, size, { deviation: Math.sqrt((isOutput ? 1 : 2) / inputs) });
};
