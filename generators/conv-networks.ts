/**
 * A convolutional encoder and its decoder, shared by the models made of them.
 *
 * Source: the network of Sinha et al. 2019, "Variational Adversarial Active Learning".
 * Reference code: sinhasam/vaal@67263f3 model.py. pythae's VAE for CIFAR-10 has the encoder's channels and kernels too.
 * Differs: images of any size, halves rounded up and doubled maps cut off where the encoder rounded; first weights of
 * every convolution as He et al. 2015, of every dense layer as Glorot and Bengio 2010. The reference means its
 * convolutions to start so too, but a mistake leaves all but the encoder's at PyTorch's defaults.
 *
 * With channels [128, 256, 512, 1024] and images `[32, 32, 3]`; all kernels 4x4, stride 2, without bias:
 *
 * ```
 * encoder  [32, 32, 3] -> down [16, 16, 128] -> down [8, 8, 256] -> down [4, 4, 512] -> down [2, 2, 1024], each BN ReLU
 *          -> dense
 * decoder  code -> dense [4, 4, 1024] -> up [8, 8, 512] -> up [16, 16, 256] -> up [32, 32, 128], each BN ReLU
 *          -> 1x1 [32, 32, 3]
 * ```
 *
 * Images of 28 pixels pass 14, 7, 4, 2 and come back from 4 by 7 and 14.
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../src/datasets/dataset.ts';
import { addNorm, batchNorm, type NormMode } from './batch-norm.ts';
import { conv2dHalf, normalValues } from './layers.ts';
import { affine, denseShapes, denseValues } from './mlp-layers.ts';
import { type InitialValues, type Network, type NetworkShapes, variableOf } from './network.ts';
import type { Variables } from './variables.ts';

/** Side of the kernels that halve and double, in pixels. */
const KERNEL_SIZE = 4;

/** What fixes the sizes of encoder and decoder, but for the length of the code. */
export interface ConvArchitecture {
  /** Feature maps of each level, from the image on. */
  readonly channels: readonly number[];
  /** Of the images. */
  readonly shape: ImageShape;
}

/**
 * Height and width from the image through each of `levels` halvings, rounded up: `levels + 1` pairs.
 */
export function convSides(
  [height, width]: ImageShape,
  levels: number,
): readonly (readonly [number, number])[] {
  const halved = (side: number, times: number) => Math.ceil(side / 2 ** times);
  return Array.from({ length: levels + 1 }, (_, level) => [halved(height, level), halved(width, level)]);
}

/**
 * Shapes of the encoder's variables.
 *
 * @param layer name of the dense layer at its end
 * @param outputs that layer's
 */
export function convEncoderShapes(
  { channels, shape }: ConvArchitecture,
  layer: string,
  outputs: number,
): NetworkShapes {
  const [rows, columns] = convSides(shape, channels.length).at(-1) as [number, number];
  const weights: Record<string, readonly number[]> = {};
  const statistics: Record<string, readonly number[]> = {};
  channels.forEach((count, level) => {
    weights[`down${level}/filters`] = [KERNEL_SIZE, KERNEL_SIZE, channels[level - 1] ?? shape[2], count];
    addNorm(`norm${level}`, count, weights, statistics);
  });
  const features = rows * columns * (channels.at(-1) as number);
  return { weights: { ...weights, ...denseShapes(layer, features, outputs) }, statistics };
}

/** Shapes of the decoder's variables, for codes of `inputs` numbers. */
export function convDecoderShapes({ channels, shape }: ConvArchitecture, inputs: number): NetworkShapes {
  const doublings = channels.length - 1;
  const [rows, columns] = convSides(shape, doublings).at(-1) as [number, number];
  const coarsest = rows * columns * (channels.at(-1) as number);
  const weights: Record<string, readonly number[]> = { ...denseShapes('dense', inputs, coarsest) };
  const statistics: Record<string, readonly number[]> = {};
  for (let level = doublings - 1; level >= 0; level--) {
    const count = channels[level] as number;
    // Named by the level that it comes back to, so the last one is level 0.
    weights[`up${level}/filters`] = [KERNEL_SIZE, KERNEL_SIZE, count, channels[level + 1] as number];
    addNorm(`norm${level}`, count, weights, statistics);
  }
  return { weights: { ...weights, ...denseShapes('image', channels[0] as number, shape[2]) }, statistics };
}

/**
 * First values: convolutions from N(0, 2 / fan in) of He et al. 2015, "Delving Deep into Rectifiers", where of a
 * doubling layer's taps a quarter meets each pixel; gammas 1, betas and biases 0, dense layers as `denseValues`.
 */
export const convValues: InitialValues = (name, size, stream, shape) => {
  if (name.endsWith('gamma')) return new Float32Array(size).fill(1);
  if (name.endsWith('beta')) return new Float32Array(size);
  if (!name.endsWith('filters')) return denseValues(name, size, stream, shape);
  const [finer = 0, coarser = 0] = shape.slice(-2);
  const fanIn = name.startsWith('up') ? (KERNEL_SIZE ** 2 / 4) * coarser : KERNEL_SIZE ** 2 * finer;
  return normalValues(stream, size, { deviation: Math.sqrt(2 / fanIn) });
};

/** Names of {@link convEncoderMaps}, in its order. */
export function convEncoderLayers({ channels }: Pick<ConvArchitecture, 'channels'>): string[] {
  return channels.map((_, level) => `down${level}`);
}

/**
 * The encoder's activations `[n, height / 2^i, width / 2^i, channels]` after each of its levels, from the image on. The
 * caller disposes them.
 *
 * @param pixels `[n, height width channels]`
 */
export function convEncoderMaps(
  { channels, shape }: ConvArchitecture,
  encoder: Network,
  pixels: tf.Tensor2D,
  mode: NormMode,
): tf.Tensor4D[] {
  return tf.tidy(() => {
    let maps = tf.reshape(pixels, [pixels.shape[0], ...shape]) as tf.Tensor4D;
    return channels.map((_, level) => {
      maps = conv2dHalf(maps, variableOf(encoder.weights, `down${level}/filters`)); // [n, height / 2, width / 2, count]
      maps = tf.relu(batchNorm(encoder, `norm${level}`, maps, mode));
      return maps;
    });
  });
}

/**
 * What the encoder's dense layer of that name says of pixels `[n, height width channels]`: `[n, outputs]`. The caller
 * disposes it.
 */
export function convEncode(
  architecture: ConvArchitecture,
  encoder: Network,
  layer: string,
  pixels: tf.Tensor2D,
  mode: NormMode,
): tf.Tensor2D {
  return tf.tidy(() => {
    const last = convEncoderMaps(architecture, encoder, pixels, mode).at(-1) as tf.Tensor4D;
    const features = tf.reshape(last, [pixels.shape[0], -1]) as tf.Tensor2D;
    return affine(encoder.weights, layer, features);
  });
}

/**
 * The decoder's outputs `[n, height width channels]`, without bounds, of codes `[n, inputs]`. The caller disposes them.
 */
export function convDecode(
  { channels, shape }: ConvArchitecture,
  decoder: Network,
  codes: tf.Tensor2D,
  mode: NormMode,
): tf.Tensor2D {
  const [n] = codes.shape;
  const doublings = channels.length - 1;
  const sides = convSides(shape, doublings);
  const { weights } = decoder;
  return tf.tidy(() => {
    const [rows, columns] = sides[doublings] as [number, number];
    let maps = tf.reshape(affine(weights, 'dense', codes), [n, rows, columns, -1]) as tf.Tensor4D;
    for (let level = doublings - 1; level >= 0; level--) {
      maps = conv2dUp(maps, variableOf(weights, `up${level}/filters`), sides[level] as [number, number]);
      maps = tf.relu(batchNorm(decoder, `norm${level}`, maps, mode));
    }
    // A convolution by one pixel is a product over channels.
    const everyPixel = tf.reshape(maps, [-1, channels[0] as number]) as tf.Tensor2D; // [n height width, count]
    const pixels = affine(weights, 'image', everyPixel);
    return tf.reshape(pixels, [n, tf.util.sizeFromShape([...shape])]) as tf.Tensor2D;
  });
}

/** The adjoint of `conv2dHalf` on maps of `rows` by `columns`: doubles, and leaves off what rounding up had added. */
function conv2dUp(
  maps: tf.Tensor4D,
  filters: tf.Tensor4D,
  [rows, columns]: readonly [number, number],
): tf.Tensor4D {
  return tf.conv2dTranspose(maps, filters, [maps.shape[0], rows, columns, filters.shape[2]], 2, 'same');
}

/** What a gradient moves in an encoder and its decoder, under `encoder/<name>` and `decoder/<name>`. */
export function codecWeights({
  encoder,
  decoder,
}: Readonly<Record<'encoder' | 'decoder', Network>>): Variables {
  const under = (prefix: string, { weights }: Network) =>
    Object.entries(weights).map(([name, variable]) => [`${prefix}/${name}`, variable]);
  return Object.fromEntries([...under('encoder', encoder), ...under('decoder', decoder)]);
}
