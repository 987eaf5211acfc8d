/**
 * The two updates that VAAL alternates: one of the autoencoder, one of the discriminator.
 *
 * Source: Sinha et al. 2019, "Variational Adversarial Active Learning", equations 1 to 5.
 * Reference code: sinhasam/vaal@67263f3 solver.py.
 * Differs: all losses are means over both pools where the paper adds those of the pools up, which is twice as much, and the
 * same to Adam; labelled and unlabelled images pass the networks as one batch, so that batch norms do not tell them apart
 * before the discriminator has to (`faithful.separateNorms` undoes it); the reconstruction is summed over pixels as the
 * divergence is over dimensions (`faithful.pixelMeans` undoes it).
 */
import * as tf from '@tensorflow/tfjs';
import { type MomentRecord, moveStatistics, type NormMode } from '../generators/batch-norm.ts';
import { createNetwork, disposeNetwork, type Network } from '../generators/network.ts';
import { likelihoodOf } from '../generators/vae-likelihood.ts';
import { vaeNetworks } from '../generators/vae-networks.ts';
import { type VaeParts, vaeBound, vaeVariables } from '../generators/vae-step.ts';
import { Adam } from '../src/backend/adam.ts';
import { type ImageShape, imageSize } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { checkShape } from '../src/shapes.ts';
import {
  adversarialLoss,
  discriminateCodes,
  discriminatorLoss,
  discriminatorShapes,
  discriminatorValues,
} from './discriminator.ts';
import { firstValues } from './first-weights.ts';
import { decodingRanks, withRankShape, withRanks } from './ranks.ts';
import type { VaalConfig } from './vaal-config.ts';

/** Everything the two updates change, and what they need to know. */
export interface VaalTraining extends VaeParts {
  readonly discriminator: Network;
  readonly beta: number;
  readonly adversary: number;
  readonly faithful: VaalConfig['faithful'];
  /** Of encoder and decoder. */
  readonly vaeAdam: Adam;
  readonly discriminatorAdam: Adam;
}

/** As many labelled as unlabelled images, `[n, height, width, channels]` in [-1, 1]. */
export type VaalBatch = {
  readonly labelled: tf.Tensor4D;
  readonly unlabelled: tf.Tensor4D;
  /** Of networks that are conditioned on ranks: those of the images, labelled ones first, `[2n, 1]`. */
  readonly ranks?: tf.Tensor2D;
};

/** Scalars on the device, means over the images of both pools. */
export interface VaeUpdateLosses {
  /** `reconstruction + beta divergence + adversary adversarial`, as the faithful options weigh them. */
  readonly loss: tf.Scalar;
  /** Squared error in the range [-1, 1], summed over pixels. */
  readonly reconstruction: tf.Scalar;
  /** `KL(q(z|x) || p(z))` in nats, summed over dimensions. */
  readonly divergence: tf.Scalar;
  /** `-log D` in nats. */
  readonly adversarial: tf.Scalar;
}

/**
 * Fresh networks and optimisers; all weights come from streams below `stream`. The caller frees them with
 * {@link disposeVaalTraining}. If `conditioned`, decoder and discriminator take a rank beside the code: `ranks.ts`.
 */
export function createVaalTraining(
  config: VaalConfig,
  shape: ImageShape,
  stream: Stream,
  { conditioned = false }: { readonly conditioned?: boolean } = {},
): VaalTraining {
  const { latentSize, beta, adversary, faithful, learningRate, discriminatorLearningRate } = config;
  const networks = vaeNetworks(config, shape);
  const values = firstValues(networks, config);
  const encoder = createNetwork(networks.shapes.encoder, stream.of('encoder'), values);
  const shapeOfDiscriminator = discriminatorShapes(latentSize, config.discriminator);
  const decoder = createNetwork(
    conditioned ? withRankShape(networks.shapes.decoder) : networks.shapes.decoder,
    stream.of('decoder'),
    values,
  );
  const discriminator = createNetwork(
    conditioned ? withRankShape(shapeOfDiscriminator) : shapeOfDiscriminator,
    stream.of('discriminator'),
    discriminatorValues,
  );
  return {
    networks,
    // At this deviation minus the log-likelihood is the sum of squared errors and a constant.
    likelihood: likelihoodOf({ likelihood: 'gaussian', deviation: Math.SQRT1_2 }),
    encoder,
    decoder,
    discriminator,
    beta,
    adversary,
    faithful,
    vaeAdam: new Adam(vaeVariables({ encoder, decoder }), { learningRate }),
    discriminatorAdam: new Adam(discriminator.weights, { learningRate: discriminatorLearningRate }),
  };
}

/** Frees the variables of all networks and of the optimisers. */
export function disposeVaalTraining(training: VaalTraining): void {
  for (const network of [training.encoder, training.decoder, training.discriminator]) disposeNetwork(network);
  training.vaeAdam.dispose();
  training.discriminatorAdam.dispose();
}

/**
 * Updates encoder and decoder, so that images are rebuilt, codes are near the prior's, and the codes of both pools look
 * labelled to the discriminator, which stays as it is. Then moves the running statistics. Nothing is read back from the
 * device.
 *
 * @param latents `[2n, latentSize]` from N(0, I), those of the labelled images first
 * @returns losses before the update; the caller disposes all four
 */
export function vaeUpdate(training: VaalTraining, batch: VaalBatch, latents: tf.Tensor2D): VaeUpdateLosses {
  const { networks, beta, adversary, faithful, encoder, decoder, vaeAdam } = training;
  const n = checkBatch('vaeUpdate', training, batch);
  checkShape('vaeUpdate.latents', latents, [2 * n, networks.latentSize]);
  const pixels = imageSize(networks.shape);
  const weigh = faithful.pixelMeans
    ? { reconstruction: 1 / pixels, divergence: n }
    : { reconstruction: 1, divergence: 1 };
  const records: Records[] = [];
  return tf.tidy(() => {
    const kept: tf.Scalar[] = [];
    const { value: loss, grads } = tf.variableGrads(
      () => {
        const terms = vaalTerms(training, batch, latents, records);
        for (const term of Object.values(terms)) kept.push(tf.keep(term));
        const { reconstruction, divergence, adversarial } = terms;
        const bound = tf.add(
          tf.mul(reconstruction, weigh.reconstruction),
          tf.mul(divergence, beta * weigh.divergence),
        );
        return tf.add(bound, tf.mul(adversarial, adversary)) as tf.Scalar;
      },
      Object.values(vaeVariables(training)),
    );
    vaeAdam.apply(grads);
    // One pass after another, as the reference's separate passes do.
    for (const { ofEncoder, ofDecoder } of records) {
      moveStatistics(encoder, ofEncoder);
      moveStatistics(decoder, ofDecoder);
    }
    const [reconstruction, divergence, adversarial] = kept as [tf.Scalar, tf.Scalar, tf.Scalar];
    return { loss, reconstruction, divergence, adversarial };
  });
}

/**
 * Updates the discriminator on the posteriors' means, labelled ones as 1 and unlabelled ones as 0. Encoder and decoder stay
 * as they are. Nothing is read back from the device.
 *
 * @returns {@link discriminatorLoss} before the update; the caller disposes it
 */
export function discriminatorUpdate(training: VaalTraining, batch: VaalBatch): tf.Scalar {
  const { discriminator, discriminatorAdam } = training;
  checkBatch('discriminatorUpdate', training, batch);
  return tf.tidy(() => {
    // Outside the gradient, so that nothing is differentiated but the discriminator.
    const codes = codesOf(training, batch);
    const ranks = batch.ranks === undefined ? [] : (tf.split(batch.ranks, 2) as tf.Tensor2D[]);
    const { value, grads } = tf.variableGrads(
      () =>
        discriminatorLoss(
          discriminateCodes(...withRanks(discriminator, codes.labelled, ranks[0])),
          discriminateCodes(...withRanks(discriminator, codes.unlabelled, ranks[1])),
        ),
      Object.values(discriminator.weights),
    );
    discriminatorAdam.apply(grads);
    return value;
  });
}

/** Moments of one pass of the autoencoder. */
interface Records {
  readonly ofEncoder: MomentRecord;
  readonly ofDecoder: MomentRecord;
}

type Terms = Omit<VaeUpdateLosses, 'loss'>;

/** Pixels of the passes that a batch takes: both pools at once, or one after the other. */
function passesOf(
  { faithful, likelihood }: VaalTraining,
  { labelled, unlabelled }: VaalBatch,
): tf.Tensor2D[] {
  const both = [likelihood.pixels(labelled), likelihood.pixels(unlabelled)];
  return faithful.separateNorms ? both : [tf.concat2d(both, 0)];
}

function vaalTerms(
  training: VaalTraining,
  batch: VaalBatch,
  latents: tf.Tensor2D,
  records: Records[],
): Terms {
  const { discriminator, networks } = training;
  // What the likelihood adds to the squared error, so that the loss told is the error itself.
  const constant = (imageSize(networks.shape) * Math.log(Math.PI)) / 2;
  const passes = passesOf(training, batch);
  const noise = tf.split(latents, passes.length) as tf.Tensor2D[];
  const ranks = batch.ranks === undefined ? [] : (tf.split(batch.ranks, passes.length) as tf.Tensor2D[]);
  const bounds = passes.map((pixels, pass) => {
    const record = { ofEncoder: new Map(), ofDecoder: new Map() };
    records.push(record);
    return vaeBound(decodingRanks(training, ranks[pass]), pixels, noise[pass] as tf.Tensor2D, {
      encoder: { by: 'batch', record: record.ofEncoder },
      decoder: { by: 'batch', record: record.ofDecoder },
    });
  });
  const all = <T extends tf.Tensor>(tensors: T[]): T =>
    tensors.length === 1 ? (tensors[0] as T) : tf.concat(tensors, 0);
  const codes = all(bounds.map(({ means }) => means));
  const logits = discriminateCodes(...withRanks(discriminator, codes, batch.ranks));
  const [ofLabelled, ofUnlabelled] = tf.split(logits, 2) as [tf.Tensor1D, tf.Tensor1D];
  return {
    reconstruction: tf.sub(tf.mean(all(bounds.map(({ reconstruction }) => reconstruction))), constant),
    divergence: tf.mean(all(bounds.map(({ divergence }) => divergence))),
    adversarial: adversarialLoss(ofLabelled, ofUnlabelled),
  };
}

/** Means of the posteriors, `[n, latentSize]` of each pool, normalised as in the autoencoder's update. */
function codesOf(
  training: VaalTraining,
  batch: VaalBatch,
): { readonly labelled: tf.Tensor2D; readonly unlabelled: tf.Tensor2D } {
  const { networks, encoder } = training;
  const mode: NormMode = { by: 'batch' };
  const codes = passesOf(training, batch).map((pixels) => networks.encode(encoder, pixels, mode).means);
  const [labelled, unlabelled] = codes.length === 2 ? codes : tf.split(codes[0] as tf.Tensor2D, 2);
  return { labelled: labelled as tf.Tensor2D, unlabelled: unlabelled as tf.Tensor2D };
}

function checkBatch(name: string, { networks }: VaalTraining, { labelled, unlabelled }: VaalBatch): number {
  checkShape(`${name}.batch.labelled`, labelled, [null, ...networks.shape]);
  checkShape(`${name}.batch.unlabelled`, unlabelled, [labelled.shape[0], ...networks.shape]);
  return labelled.shape[0];
}
