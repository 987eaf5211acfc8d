/**
 * The three updates that a VAE-ACGAN alternates: of the encoder, of the decoder, which is the generator too, and of the
 * discriminator, which also tells classes.
 *
 *     x' = g(z', y), z' ~ q(z|x)        what is decoded of an image of class y
 *     x~ = g(z, y),  z ~ N(0, I)        what is made of nothing but the class
 *
 *     encoder        minimise over q       rec(x, x') + divergence KL(q(z|x) || N(0, I))
 *     decoder        minimise over g       -log D(x~) - log C_y(x~) + reconstruction rec(x, x')
 *     discriminator  minimise over D, C    -log D(x) - log(1 - D(x~)) - log(1 - D(x')) - log C_y(x) - log C_y(x~) - log C_y(x')
 *
 * Source: Tran, Do, Reid and Carneiro 2019, "Bayesian generative active deep learning"; of Larsen et al. 2016,
 * "Autoencoding beyond pixels", and Odena et al. 2017, "Conditional image synthesis with auxiliary classifier GANs".
 * Reference code: toantm/BGADL demo_mnist.py, class VAEACGAN, whose order of updates and terms these are.
 * Differs: the class head stands on the discriminator, as Odena's, where the code trains the task model along; Adam; means and
 * log-variances without bounds, which the code puts through a sigmoid.
 *
 * `rec` is the squared error of brightness in [0, 1], the mean over pixels and images; the divergence is the mean over
 * dimensions and images. All logarithms are natural.
 */
import * as tf from '@tensorflow/tfjs';
import { type MomentRecord, moveStatistics, type NormMode } from '../generators/batch-norm.ts';
import {
  convDecode,
  convDecoderShapes,
  convEncode,
  convEncoderShapes,
  convValues,
} from '../generators/conv-networks.ts';
import { createDcganNetwork, dcganShapes, discriminatorMaps } from '../generators/dcgan-networks.ts';
import { binaryCrossEntropy } from '../generators/layers.ts';
import { affine, denseShapes } from '../generators/mlp-layers.ts';
import { divergenceFromPrior, type Gaussians, gaussians, sampleGaussians } from '../generators/mlp-terms.ts';
import { createNetwork, disposeNetwork, type Network } from '../generators/network.ts';
import { Adam } from '../src/backend/adam.ts';
import { type ImageShape, imageSize } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { checkShape } from '../src/shapes.ts';
import type { BgadlConfig } from './bgadl-config.ts';

/** Everything the updates change, and what they need to know. */
export interface VaeAcganTraining {
  readonly config: BgadlConfig;
  readonly shape: ImageShape;
  readonly classes: number;
  readonly encoder: Network;
  readonly decoder: Network;
  readonly discriminator: Network;
  readonly adams: Readonly<Record<'encoder' | 'decoder' | 'discriminator', Adam>>;
}

/** What one step sees, `n` rows of each. */
export type VaeAcganBatch = {
  /** `[n, height, width, channels]` in [-1, 1] */
  readonly images: tf.Tensor4D;
  /** int32 `[n]` */
  readonly labels: tf.Tensor1D;
  /** Latents from N(0, I), `[n, latentSize]` each: of the images made, and of the codes drawn in each update. */
  readonly prior: tf.Tensor2D;
  readonly ofEncoder: tf.Tensor2D;
  readonly ofDecoder: tf.Tensor2D;
  readonly ofDiscriminator: tf.Tensor2D;
};

/** What is minimised in each update, before it; scalars on the device. */
export type VaeAcganLosses = {
  readonly encoder: tf.Scalar;
  readonly decoder: tf.Scalar;
  readonly discriminator: tf.Scalar;
};

/**
 * Fresh networks and optimisers; all weights come from streams below `stream`. The caller frees them with
 * {@link disposeVaeAcgan}.
 *
 * @throws RangeError if the images cannot be halved as often as the discriminator does
 */
export function createVaeAcgan(
  config: BgadlConfig,
  shape: ImageShape,
  classes: number,
  stream: Stream,
): VaeAcganTraining {
  const { latentSize, channels, learningRate, beta1 } = config;
  const shapes = dcganShapes({
    latentSize,
    channels: [...config.discriminator].reverse(),
    shape,
  }).discriminator;
  const features = (shapes.weights['logit/weights'] as readonly number[])[0] as number;
  const discriminator = createDcganNetwork(
    { ...shapes, weights: { ...shapes.weights, ...denseShapes('classes', features, classes) } },
    stream.of('discriminator'),
  );
  const architecture = { channels, shape };
  const encoder = createNetwork(
    convEncoderShapes(architecture, 'moments', 2 * latentSize),
    stream.of('encoder'),
    convValues,
  );
  const decoder = createNetwork(
    convDecoderShapes(architecture, latentSize + classes),
    stream.of('decoder'),
    convValues,
  );
  const adam = ({ weights }: Network) => new Adam(weights, { learningRate, beta1 });
  return {
    config,
    shape,
    classes,
    encoder,
    decoder,
    discriminator,
    adams: { encoder: adam(encoder), decoder: adam(decoder), discriminator: adam(discriminator) },
  };
}

/** Frees the variables of all networks and of the optimisers. */
export function disposeVaeAcgan({ encoder, decoder, discriminator, adams }: VaeAcganTraining): void {
  for (const network of [encoder, decoder, discriminator]) disposeNetwork(network);
  for (const adam of Object.values(adams)) adam.dispose();
}

/** The posteriors of images in [-1, 1], `[n, latentSize]` each. The caller disposes them. */
export function encodeImages(
  { config: { channels, latentSize }, shape, encoder }: VaeAcganTraining,
  images: tf.Tensor4D,
  mode: NormMode,
): Gaussians {
  checkShape('encodeImages.images', images, [null, ...shape]);
  return tf.tidy(() => {
    const pixels = tf.reshape(images, [images.shape[0], imageSize(shape)]) as tf.Tensor2D;
    const moments = convEncode({ channels, shape }, encoder, 'moments', pixels, mode);
    checkShape('encodeImages.moments', moments, [null, 2 * latentSize]);
    return gaussians(moments);
  });
}

/**
 * Images `[n, height, width, channels]` in [-1, 1] of codes `[n, latentSize]` and classes. The caller disposes them.
 *
 * @param labels int32 `[n]`
 */
export function decodeImages(
  { config: { channels }, shape, classes, decoder }: VaeAcganTraining,
  codes: tf.Tensor2D,
  labels: tf.Tensor1D,
  mode: NormMode,
): tf.Tensor4D {
  return tf.tidy(() => {
    // Cast, because WebAssembly's one-hot vectors of floats hold the bits of integers.
    const ofClasses = tf.cast(tf.oneHot(labels, classes), 'float32') as tf.Tensor2D;
    const inputs = tf.concat2d([codes, ofClasses], 1);
    const outputs = convDecode({ channels, shape }, decoder, inputs, mode);
    return tf.reshape(tf.tanh(outputs), [codes.shape[0], ...shape]) as tf.Tensor4D;
  });
}

/**
 * One step: encoder, decoder and discriminator in turn, each on what the update before has left; then the running statistics.
 * Nothing is read back from the device.
 *
 * @returns losses before each update; the caller disposes them
 */
export function vaeAcganStep(training: VaeAcganTraining, batch: VaeAcganBatch): VaeAcganLosses {
  const { config, shape, encoder, decoder, discriminator, adams } = training;
  const [n] = batch.images.shape;
  checkShape('vaeAcganStep.batch.images', batch.images, [null, ...shape]);
  for (const noise of ['prior', 'ofEncoder', 'ofDecoder', 'ofDiscriminator'] as const) {
    checkShape(`vaeAcganStep.batch.${noise}`, batch[noise], [n, config.latentSize]);
  }
  const records = {
    encoder: recordOf(),
    made: recordOf(),
    decoded: recordOf(),
    real: recordOf(),
    judgedMade: recordOf(),
    judgedDecoded: recordOf(),
  };
  return tf.tidy(() => {
    const ofEncoder = update(encoder, adams.encoder, () => {
      const posteriors = encodeImages(training, batch.images, by(records.encoder));
      const decoded = decodeImages(
        training,
        sampleGaussians(posteriors, batch.ofEncoder),
        batch.labels,
        by(),
      );
      const divergence = tf.div(tf.mean(divergenceFromPrior(posteriors)), config.latentSize);
      return tf.add(squaredError(decoded, batch.images), tf.mul(divergence, config.divergence));
    });
    const ofDecoder = update(decoder, adams.decoder, () => {
      const made = decodeImages(training, batch.prior, batch.labels, by(records.made));
      const decoded = decodedImages(training, batch, batch.ofDecoder, by(records.decoded));
      const error = squaredError(decoded, batch.images);
      return tf.add(judgement(training, made, batch.labels, 1, by()), tf.mul(error, config.reconstruction));
    });
    const ofDiscriminator = (() => {
      // Outside the gradient, so that nothing is differentiated but the discriminator.
      const made = decodeImages(training, batch.prior, batch.labels, by());
      const decoded = decodedImages(training, batch, batch.ofDiscriminator, by());
      return update(discriminator, adams.discriminator, () =>
        tf.addN([
          judgement(training, batch.images, batch.labels, 1, by(records.real)),
          judgement(training, made, batch.labels, 0, by(records.judgedMade)),
          judgement(training, decoded, batch.labels, 0, by(records.judgedDecoded)),
        ]),
      );
    })();
    moveStatistics(encoder, records.encoder);
    moveStatistics(decoder, records.made, records.decoded);
    moveStatistics(discriminator, records.real, records.judgedMade, records.judgedDecoded);
    return { encoder: ofEncoder, decoder: ofDecoder, discriminator: ofDiscriminator };
  });
}

const recordOf = (): MomentRecord => new Map();

/** By the batch, whose moments go into a record if there is one, and else are lost. */
function by(record?: MomentRecord): NormMode {
  return { by: 'batch', ...(record && { record }) };
}

function update({ weights }: Network, adam: Adam, loss: () => tf.Tensor): tf.Scalar {
  const { value, grads } = tf.variableGrads(() => loss() as tf.Scalar, Object.values(weights));
  adam.apply(grads);
  return value;
}

function decodedImages(
  training: VaeAcganTraining,
  { images, labels }: VaeAcganBatch,
  noise: tf.Tensor2D,
  mode: NormMode,
): tf.Tensor4D {
  const codes = sampleGaussians(encodeImages(training, images, by()), noise);
  return decodeImages(training, codes, labels, mode);
}

/** Mean squared difference of images in [-1, 1], in the units of brightness in [0, 1]. */
function squaredError(decoded: tf.Tensor4D, images: tf.Tensor4D): tf.Scalar {
  return tf.mul(tf.mean(tf.squaredDifference(decoded, images)), 0.25) as tf.Scalar;
}

/** Cross-entropies of "real" with a target and of the classes, added. */
function judgement(
  training: VaeAcganTraining,
  images: tf.Tensor4D,
  labels: tf.Tensor1D,
  target: 0 | 1,
  mode: NormMode,
): tf.Scalar {
  const { config, discriminator, classes } = training;
  const channels = [...config.discriminator].reverse();
  const last = discriminatorMaps({ channels }, discriminator, images, mode).at(-1) as tf.Tensor4D;
  const features = tf.reshape(last, [images.shape[0], -1]) as tf.Tensor2D;
  const { weights } = discriminator;
  const real = tf.reshape(affine(weights, 'logit', features), [-1]) as tf.Tensor1D;
  const ofClasses: tf.Scalar = tf.losses.softmaxCrossEntropy(
    tf.oneHot(labels, classes),
    affine(weights, 'classes', features),
  );
  return tf.add(binaryCrossEntropy(real, target), ofClasses);
}
