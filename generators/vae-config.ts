/**
 * What a variational autoencoder can be told, with its defaults and their sources.
 */
import { z } from 'zod';
import { MlpConfig } from './mlp-config.ts';
import { trainingFields } from './training-fields.ts';

/** How pixels in [0, 1] become the targets of a Bernoulli likelihood. */
export const BernoulliLikelihood = z
  .enum(['binarised', 'real'])
  .describe(
    'binarised draws every pixel anew each step, 1 with its brightness as probability, so the bound is one of a ' +
      'density; real takes the brightness itself, and its bound compares with no other',
  );

export type BernoulliLikelihood = z.output<typeof BernoulliLikelihood>;

/**
 * A variational autoencoder of dense layers; sizes and step size of Kingma et al. 2014, "Semi-supervised Learning
 * with Deep Generative Models", section 4, unless said otherwise.
 */
export const VaeConfig = z.strictObject({
  kind: z.literal('vae').describe('Variational autoencoder (Kingma and Welling 2014)'),
  latentSize: z.int().min(1).default(50).describe('Length of the latent vectors, with prior N(0, I)'),
  network: z
    .discriminatedUnion('kind', [MlpConfig])
    .prefault({ kind: 'mlp' })
    .describe('Layers of encoder and decoder'),
  beta: z
    .number()
    .min(0)
    .default(1)
    .describe('Weight of the divergence from the prior; 1 is the evidence bound (Higgins et al. 2017)'),
  likelihood: BernoulliLikelihood.default('binarised'),
  steps: z.int().min(1).default(30_000).describe('Training steps, each one update of both networks'),
  batch: z.int().min(1).default(200).describe('Images a step'),
  learningRate: z.number().positive().default(3e-4).describe('Adam step size'),
  beta1: z.number().min(0).lt(1).default(0.9).describe("Decay of Adam's first moment"),
  ...trainingFields,
});

export type VaeConfig = z.output<typeof VaeConfig>;
