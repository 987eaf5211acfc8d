/**
 * One training step of an autoencoder.
 *
 * Source: Hinton and Salakhutdinov 2006, "Reducing the Dimensionality of Data with Neural Networks": a code of few
 * numbers from which a second network builds the image again, both trained on the difference.
 * Differs: the convolutions of `conv-networks.ts`, trained at once and from random weights; squared error, not cross
 * entropy, so that what is small is the Euclidean distance of images, on grey and colour alike.
 */
import * as tf from '@tensorflow/tfjs';
import { Adam } from '../src/backend/adam.ts';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { checkShape } from '../src/shapes.ts';
import type { AutoencoderConfig } from './autoencoder-config.ts';
import type { NormMode } from './batch-norm.ts';
import { type MomentRecord, moveStatistics } from './batch-norm.ts';
import {
  type ConvArchitecture,
  codecWeights,
  convDecode,
  convDecoderShapes,
  convEncode,
  convEncoderShapes,
  convValues,
} from './conv-networks.ts';
import { flatImages, squaredErrors } from './mlp-terms.ts';
import { createNetwork, disposeNetwork, type Network, type NetworkShapes } from './network.ts';

/** What fixes the sizes of both networks. */
export interface AutoencoderArchitecture extends ConvArchitecture {
  readonly latentSize: number;
}

/** Everything a step changes, and what it needs to know. */
export interface AutoencoderTraining {
  readonly architecture: AutoencoderArchitecture;
  readonly encoder: Network;
  readonly decoder: Network;
  /** Of both networks. */
  readonly adam: Adam;
}

/** Shapes of all variables of both networks. */
export function autoencoderShapes(architecture: AutoencoderArchitecture): {
  readonly encoder: NetworkShapes;
  readonly decoder: NetworkShapes;
} {
  const { latentSize } = architecture;
  return {
    encoder: convEncoderShapes(architecture, 'code', latentSize),
    decoder: convDecoderShapes(architecture, latentSize),
  };
}

/**
 * Codes `[n, latentSize]` of pixels `[n, height width channels]` in [-1, 1]. The caller disposes them.
 */
export function encodeAutoencoder(
  architecture: AutoencoderArchitecture,
  encoder: Network,
  pixels: tf.Tensor2D,
  mode: NormMode,
): tf.Tensor2D {
  return convEncode(architecture, encoder, 'code', pixels, mode);
}

/**
 * Fresh networks and their optimiser; all weights come from streams below `stream`. The caller frees them with
 * {@link disposeAutoencoderTraining}.
 */
export function createAutoencoderTraining(
  config: AutoencoderConfig,
  shape: ImageShape,
  stream: Stream,
): AutoencoderTraining {
  const { latentSize, channels, learningRate, beta1 } = config;
  const architecture = { latentSize, channels, shape };
  const shapes = autoencoderShapes(architecture);
  const encoder = createNetwork(shapes.encoder, stream.of('encoder'), convValues);
  const decoder = createNetwork(shapes.decoder, stream.of('decoder'), convValues);
  const adam = new Adam(codecWeights({ encoder, decoder }), {
    learningRate,
    beta1,
    beta2: 0.999,
    epsilon: 1e-8,
  });
  return { architecture, encoder, decoder, adam };
}

/** Frees the variables of both networks and of the optimiser. */
export function disposeAutoencoderTraining({ encoder, decoder, adam }: AutoencoderTraining): void {
  disposeNetwork(encoder);
  disposeNetwork(decoder);
  adam.dispose();
}

/**
 * Updates both networks on a batch, then the running statistics of their batch norms. Queues work only: nothing is read
 * back from the device.
 *
 * @param images `[n, height, width, channels]` in [-1, 1]
 * @returns the squared error of images as decoded, summed over pixels, mean over images, before the update; the caller
 *   disposes it
 */
export function autoencoderStep(training: AutoencoderTraining, images: tf.Tensor4D): tf.Scalar {
  const { architecture, encoder, decoder, adam } = training;
  checkShape('autoencoderStep.images', images, [null, ...architecture.shape]);
  const ofEncoder: MomentRecord = new Map();
  const ofDecoder: MomentRecord = new Map();
  return tf.tidy(() => {
    const pixels = flatImages(images);
    const { value, grads } = tf.variableGrads(
      () => {
        const codes = encodeAutoencoder(architecture, encoder, pixels, { by: 'batch', record: ofEncoder });
        const means = convDecode(architecture, decoder, codes, { by: 'batch', record: ofDecoder });
        return tf.mean(squaredErrors(means, pixels)) as tf.Scalar;
      },
      Object.values(codecWeights(training)),
    );
    adam.apply(grads);
    moveStatistics(encoder, ofEncoder);
    moveStatistics(decoder, ofDecoder);
    return value;
  });
}
