/**
 * What a variational autoencoder can be told, with its defaults and their sources.
 */
import { z } from 'zod';
import { ConvConfig } from './conv-config.ts';
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

/** The distribution of pixels that a decoder speaks of. */
export const VaeLikelihood = z
  .enum([...BernoulliLikelihood.options, 'gaussian'])
  .describe(
    `Pixels are 0 or 1, of probability the brightness: ${BernoulliLikelihood.description}. gaussian is of values in ` +
      '[-1, 1], as of colours, and its bound one of their density',
  );

export type VaeLikelihood = z.output<typeof VaeLikelihood>;

/**
 * A variational autoencoder of dense layers or of convolutions; sizes and step size of Kingma et al. 2014, "Semi-supervised Learning
 * with Deep Generative Models", section 4, unless said otherwise.
 */
export const VaeConfig = z.strictObject({
  kind: z.literal('vae').describe('Variational autoencoder (Kingma and Welling 2014)'),
  latentSize: z.int().min(1).default(50).describe('Length of the latent vectors, with prior N(0, I)'),
  network: z
    .discriminatedUnion('kind', [MlpConfig, ConvConfig])
    .prefault({ kind: 'mlp' })
    .describe('Layers of encoder and decoder'),
  beta: z
    .number()
    .min(0)
    .default(1)
    .describe('Weight of the divergence from the prior; 1 is the evidence bound (Higgins et al. 2017)'),
  likelihood: VaeLikelihood.default('binarised'),
  deviation: z
    .number()
    .positive()
    .default(Math.SQRT1_2)
    .describe(
      'Standard deviation of a pixel in [-1, 1] about its mean, of the gaussian likelihood alone. At the root of 1/2 the ' +
        'reconstruction is the sum of squared errors, as Sinha et al. 2019 mean it, and a constant',
    ),
  steps: z.int().min(1).default(30_000).describe('Training steps, each one update of both networks'),
  batch: z.int().min(1).default(200).describe('Images a step'),
  learningRate: z.number().positive().default(3e-4).describe('Adam step size'),
  beta1: z.number().min(0).lt(1).default(0.9).describe("Decay of Adam's first moment"),
  ...trainingFields,
});

export type VaeConfig = z.output<typeof VaeConfig>;
