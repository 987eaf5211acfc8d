/**
 * One training step of a DCGAN: a discriminator update, then a generator update.
 *
 * Source: Goodfellow et al. 2014, "Generative Adversarial Nets", Algorithm 1 with the non-saturating generator
 * loss of its section 3; hyper-parameters of Radford et al. 2016.
 * Reference code: pytorch/examples@77f55b9 dcgan/main.py: real and generated images pass the discriminator
 * separately, each normalised by its own batch, and both updates see the same generated images.
 * Differs: the discriminator's running statistics, which training never uses, see each step's real and generated
 * batch in equal shares and nothing else, so that in inference it stands between the two.
 */
import * as tf from '@tensorflow/tfjs';
import { Adam } from '../src/backend/adam.ts';
import type { ImageShape } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { checkShape } from '../src/shapes.ts';
import { type MomentRecord, moveStatistics } from './batch-norm.ts';
import type { DcganConfig } from './dcgan-config.ts';
import {
  createDcganNetwork,
  type DcganArchitecture,
  dcganShapes,
  discriminateImages,
  generateImages,
} from './dcgan-networks.ts';
import { binaryCrossEntropy } from './layers.ts';
import { disposeNetwork, type Network } from './network.ts';

/** Losses of one step, on the device. */
export type GanLosses = Readonly<Record<'discriminatorLoss' | 'generatorLoss', tf.Scalar>>;

/** Everything a step changes, and what it needs to know. */
export interface DcganTraining {
  readonly architecture: DcganArchitecture;
  /** Distance of the targets from 1 and 0. */
  readonly labelSmoothing: number;
  readonly generator: Network;
  readonly discriminator: Network;
  readonly generatorAdam: Adam;
  readonly discriminatorAdam: Adam;
}

/**
 * Fresh networks and optimisers; all weights come from streams below `stream`. The caller frees them with
 * {@link disposeDcganTraining}.
 *
 * @throws RangeError if the image's sides cannot be halved once a level
 */
export function createDcganTraining(config: DcganConfig, shape: ImageShape, stream: Stream): DcganTraining {
  const { latentSize, channels, learningRate, beta1, labelSmoothing } = config;
  const architecture = { latentSize, channels, shape };
  const shapes = dcganShapes(architecture);
  const generator = createDcganNetwork(shapes.generator, stream.of('generator'));
  const discriminator = createDcganNetwork(shapes.discriminator, stream.of('discriminator'));
  const adam = { learningRate, beta1, beta2: 0.999, epsilon: 1e-8 };
  return {
    architecture,
    labelSmoothing,
    generator,
    discriminator,
    generatorAdam: new Adam(generator.weights, adam),
    discriminatorAdam: new Adam(discriminator.weights, adam),
  };
}

/** Frees the variables of both networks and of the optimisers. */
export function disposeDcganTraining(training: DcganTraining): void {
  disposeNetwork(training.generator);
  disposeNetwork(training.discriminator);
  training.generatorAdam.dispose();
  training.discriminatorAdam.dispose();
}

/**
 * Updates the discriminator on `reals` and on images of `latents`, then the generator against the updated
 * discriminator on the same images. Queues work only: nothing is read back from the device.
 *
 * The generator's forward pass serves both updates: the discriminator's happens inside the generator's gradient,
 * between its images and its loss. That is exact, since the gradient takes no path through the update, and saves
 * a tenth of the time.
 *
 * @param reals `[n, height, width, channels]` in [-1, 1]
 * @param latents `[n, latentSize]` from N(0, I)
 * @returns binary cross-entropies in nats, each before its update; the discriminator's is the sum of the means over
 *   its two passes, 2 ln 2 by chance. The caller disposes both
 */
export function dcganStep(training: DcganTraining, reals: tf.Tensor4D, latents: tf.Tensor2D): GanLosses {
  const { architecture, generator, discriminator, generatorAdam, labelSmoothing } = training;
  checkShape('dcganStep.reals', reals, [null, ...architecture.shape]);
  checkShape('dcganStep.latents', latents, [reals.shape[0], architecture.latentSize]);
  const record: MomentRecord = new Map();
  let discriminatorLoss = tf.scalar(0);
  const generatorLoss = tf.tidy(() => {
    const { value, grads } = tf.variableGrads(() => {
      const fakes = generateImages(architecture, generator, latents, { by: 'batch', record });
      discriminatorLoss.dispose();
      discriminatorLoss = tf.keep(updateDiscriminator(training, reals, fakes));
      const logits = discriminateImages(architecture, discriminator, fakes, { by: 'batch' });
      return binaryCrossEntropy(logits, 1 - labelSmoothing);
    }, Object.values(generator.weights));
    generatorAdam.apply(grads);
    moveStatistics(generator, record);
    return value;
  });
  return { discriminatorLoss, generatorLoss };
}

function updateDiscriminator(
  { architecture, discriminator, discriminatorAdam, labelSmoothing }: DcganTraining,
  reals: tf.Tensor4D,
  fakes: tf.Tensor4D,
): tf.Scalar {
  const ofReals: MomentRecord = new Map();
  const ofFakes: MomentRecord = new Map();
  return tf.tidy(() => {
    const { value, grads } = tf.variableGrads(() => {
      const realLogits = discriminateImages(architecture, discriminator, reals, {
        by: 'batch',
        record: ofReals,
      });
      const fakeLogits = discriminateImages(architecture, discriminator, fakes, {
        by: 'batch',
        record: ofFakes,
      });
      const realLoss = binaryCrossEntropy(realLogits, 1 - labelSmoothing);
      return tf.add(realLoss, binaryCrossEntropy(fakeLogits, labelSmoothing)) as tf.Scalar;
    }, Object.values(discriminator.weights));
    discriminatorAdam.apply(grads);
    moveStatistics(discriminator, ofReals, ofFakes);
    return value;
  });
}
