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

/**
 * The generative semi-supervised model; sizes and step size of Kingma et al. 2014, "Semi-supervised Learning with
 * Deep Generative Models", section 4, unless said otherwise.
 */
export const M2Config = z.strictObject({
  kind: z.literal('m2').describe('Semi-supervised variational autoencoder M2 (Kingma et al. 2014)'),
  classes: z.int().min(2).default(10).describe('Classes of the labels'),
  latentSize: z.int().min(1).default(50).describe('Length of the latent vectors, with prior N(0, I)'),
  network: z
    .discriminatedUnion('kind', [MlpConfig])
    .prefault({ kind: 'mlp' })
    .describe('Layers of classifier, encoder and decoder'),
  weighting: M2Weighting.default('official').describe(
    'official is the objective of the paper; {alpha} weighs batch means',
  ),
  likelihood: BernoulliLikelihood.default('binarised'),
  steps: z.int().min(1).default(30_000).describe('Training steps, each one update of all three networks'),
  labelledBatch: z.int().min(1).default(100).describe('Labelled images a step'),
  batch: z.int().min(1).default(100).describe('Unlabelled images a step, each tried with every class'),
  learningRate: z.number().positive().default(3e-4).describe('Adam step size'),
  beta1: z.number().min(0).lt(1).default(0.9).describe("Decay of Adam's first moment"),
  ...trainingFields,
});

export type M2Config = z.output<typeof M2Config>;
