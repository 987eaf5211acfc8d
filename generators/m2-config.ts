/**
 * What the semi-supervised model M2 can be told, with its defaults and their sources.
 */
import { z } from 'zod';
import { MlpConfig } from './mlp-config.ts';
import { trainingFields } from './training-fields.ts';
import { BernoulliLikelihood } from './vae-config.ts';

/**
 * How the labelled bound, the unlabelled bound and the classification loss are put together. With `N_l` and `N_u`
 * images in the whole training set and `N` of both:
 *
 * - `official`: `(N_l / N) mean L + (N_u / N) mean U + 0.1 mean CE`, which is the paper's sum over the training set,
 *   `sum L + sum U + alpha sum CE` with `alpha = 0.1 N / N_l`, divided by `N`.
 * - `{alpha}`: `mean L + mean U + alpha mean CE`, as wohlert/semi-supervised-pytorch does.
 */
export const M2Weighting = z.union([
  z.literal('official'),
  z.strictObject({
    alpha: z.number().min(0).describe('Weight of the mean classification loss beside means of both bounds'),
  }),
]);

export type M2Weighting = z.output<typeof M2Weighting>;

/** Convolutional networks; sizes are ours, about 3 million parameters for small images. */
export const M2ConvConfig = z.strictObject({
  kind: z.literal('conv').describe('Convolutions'),
  filters: z
    .array(z.int().min(1))
    .min(1)
    .default([32, 64, 128])
    .describe(
      "Filters of the classifier's 3x3 convolutions, which have batch norm and, between them, max pooling",
    ),
  units: z.int().min(1).default(256).describe("Units of the classifier's dense layer"),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0.5)
    .describe('Share of those units that a step drops (Srivastava et al. 2014)'),
  channels: z
    .array(z.int().min(1))
    .min(1)
    .default([32, 64])
    .describe(
      "Maps of the encoder's halving convolutions, from the image on; the decoder has them in reverse",
    ),
  hidden: z.int().min(1).default(256).describe("Units of the encoder's dense layer, which meets the class"),
});

export type M2ConvConfig = z.output<typeof M2ConvConfig>;

/** Random changes of all training images, labelled or not, anew each step. */
export const M2Augment = z.strictObject({
  shift: z.int().min(0).default(0).describe('Most pixels that an image is moved by, along each side'),
  flip: z.boolean().default(false).describe('Whether every second image is mirrored, left to right'),
});

export type M2Augment = z.output<typeof M2Augment>;

/**
 * The generative semi-supervised model; sizes and step size of Kingma et al. 2014, "Semi-supervised Learning with
 * Deep Generative Models", section 4, unless said otherwise.
 */
export const M2Config = z.strictObject({
  kind: z.literal('m2').describe('Semi-supervised variational autoencoder M2 (Kingma et al. 2014)'),
  classes: z.int().min(2).default(10).describe('Classes of the labels'),
  latentSize: z.int().min(1).default(50).describe('Length of the latent vectors, with prior N(0, I)'),
  network: z
    .discriminatedUnion('kind', [MlpConfig, M2ConvConfig])
    .prefault({ kind: 'mlp' })
    .describe('Layers of classifier, encoder and decoder'),
  weighting: M2Weighting.default('official').describe(
    'official is the objective of the paper; {alpha} weighs batch means',
  ),
  likelihood: BernoulliLikelihood.default('binarised'),
  augment: M2Augment.prefault({}).describe('Random changes of the training images; none by default'),
  steps: z.int().min(1).default(30_000).describe('Training steps, each one update of all three networks'),
  labelledBatch: z.int().min(1).default(100).describe('Labelled images a step'),
  batch: z.int().min(1).default(100).describe('Unlabelled images a step, each tried with every class'),
  learningRate: z.number().positive().default(3e-4).describe('Adam step size'),
  decay: z
    .enum(['none', 'cosine'])
    .default('none')
    .describe(
      'cosine lowers the step size to 0 along half a period over all steps (Loshchilov and Hutter 2017)',
    ),
  beta1: z.number().min(0).lt(1).default(0.9).describe("Decay of Adam's first moment"),
  ...trainingFields,
});

export type M2Config = z.output<typeof M2Config>;
