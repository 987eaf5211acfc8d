/**
 * The two networks of a variational autoencoder, of dense layers or of convolutions, behind one interface.
 *
 * Source: Kingma and Welling 2014, "Auto-Encoding Variational Bayes", appendix C, with softplus for tanh, as in
 * Kingma et al. 2014, "Semi-supervised Learning with Deep Generative Models"; the convolutions are those of
 * `conv-networks.ts`.
 * Differs: weights start as Glorot and Bengio's, not from N(0, 0.001).
 *
 * With the default sizes of dense layers and images `[28, 28, 1]`:
 *
 * ```
 * encoder  [784] -> dense 500 softplus -> dense 100: 50 means, 50 log-variances
 * decoder  latent 50 -> dense 500 softplus -> dense 784: logits or means of pixels
 * ```
 */
import * as tf from '@tensorflow/tfjs';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { NormMode } from './batch-norm.ts';
import type { ConvConfig } from './conv-config.ts';
import {
  convDecode,
  convDecoderShapes,
  convEncode,
  convEncoderLayers,
  convEncoderMaps,
  convEncoderShapes,
  convValues,
} from './conv-networks.ts';
import type { MlpConfig } from './mlp-config.ts';
import { affine, denseShapes, denseValues, softplusStack, stackShapes } from './mlp-layers.ts';
import { type Gaussians, gaussians } from './mlp-terms.ts';
import type { InitialValues, Network, NetworkShapes } from './network.ts';
import type { VaeConfig } from './vae-config.ts';

/** An encoder's and a decoder's layers, without their variables. Pixels are `[n, height width channels]`. */
export interface VaeNetworks {
  readonly latentSize: number;
  /** Of the images. */
  readonly shape: ImageShape;
  /** Of all variables. */
  readonly shapes: { readonly encoder: NetworkShapes; readonly decoder: NetworkShapes };
  readonly initialValues: InitialValues;
  /** The approximate posterior `q(z|x)`. The caller disposes both tensors. */
  encode(encoder: Network, pixels: tf.Tensor2D, mode: NormMode): Gaussians;
  /** Outputs `[n, height width channels]`, without bounds, of latents `[n, latentSize]`. The caller disposes them. */
  decode(decoder: Network, latents: tf.Tensor2D, mode: NormMode): tf.Tensor2D;
  /** Names of the encoder's hidden layers, from the image on. */
  readonly layers: readonly string[];
  /** Their activations, in that order. The caller disposes them. */
  activations(encoder: Network, pixels: tf.Tensor2D, mode: NormMode): (tf.Tensor2D | tf.Tensor4D)[];
}

/** The networks that a config describes, for images of that shape. */
export function vaeNetworks(
  { latentSize, network }: Pick<VaeConfig, 'latentSize' | 'network'>,
  shape: ImageShape,
): VaeNetworks {
  return network.kind === 'conv'
    ? convNetworks(latentSize, network, shape)
    : denseNetworks(latentSize, network, shape);
}

/** Without batch norms, so in no mode different from another. */
function denseNetworks(latentSize: number, { hidden }: MlpConfig, shape: ImageShape): VaeNetworks {
  const pixelCount = tf.util.sizeFromShape([...shape]);
  const [first, last] = [hidden[0], hidden.at(-1)] as [number, number];
  const encoder = {
    ...stackShapes('hidden', [pixelCount, ...hidden]),
    ...denseShapes('moments', last, 2 * latentSize),
  };
  const decoder = {
    ...stackShapes('hidden', [latentSize, ...[...hidden].reverse()]),
    ...denseShapes('logits', first, pixelCount),
  };
  return {
    latentSize,
    shape,
    shapes: { encoder: { weights: encoder, statistics: {} }, decoder: { weights: decoder, statistics: {} } },
    initialValues: denseValues,
    encode: ({ weights }, pixels) =>
      tf.tidy(() => {
        const units = softplusStack(weights, 'hidden', pixels, { count: hidden.length });
        return gaussians(affine(weights, 'moments', units));
      }),
    decode: ({ weights }, latents) =>
      tf.tidy(() => {
        const units = softplusStack(weights, 'hidden', latents, { count: hidden.length });
        return affine(weights, 'logits', units);
      }),
    layers: hidden.map((_, i) => `hidden${i}`),
    activations: ({ weights }, pixels) => {
      let units = pixels;
      return hidden.map((_, i) => {
        units = softplusStack(weights, 'hidden', units, { first: i, count: i + 1 });
        return units;
      });
    },
  };
}

function convNetworks(latentSize: number, { channels }: ConvConfig, shape: ImageShape): VaeNetworks {
  const architecture = { channels, shape };
  return {
    latentSize,
    shape,
    shapes: {
      encoder: convEncoderShapes(architecture, 'moments', 2 * latentSize),
      decoder: convDecoderShapes(architecture, latentSize),
    },
    initialValues: convValues,
    encode: (encoder, pixels, mode) =>
      tf.tidy(() => gaussians(convEncode(architecture, encoder, 'moments', pixels, mode))),
    decode: (decoder, latents, mode) => convDecode(architecture, decoder, latents, mode),
    layers: convEncoderLayers(architecture),
    activations: (encoder, pixels, mode) => convEncoderMaps(architecture, encoder, pixels, mode),
  };
}
