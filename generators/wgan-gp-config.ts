/**
 * What a WGAN-GP can be told, with its defaults and their sources.
 */
import { z } from 'zod';
import { trainingFields } from './training-fields.ts';

/**
 * A Wasserstein GAN with gradient penalty; defaults of Gulrajani et al. 2017, "Improved Training of Wasserstein
 * GANs", Algorithm 1, and of its reference code's MNIST network, unless said otherwise.
 */
export const WganGpConfig = z.strictObject({
  kind: z.literal('wgan-gp').describe('Wasserstein GAN with gradient penalty (Gulrajani et al. 2017)'),
  latentSize: z.int().min(1).default(128).describe('Length of the latent vectors, drawn from N(0, I)'),
  width: z
    .int()
    .min(1)
    .default(64)
    .describe(
      "Feature maps of both networks' finest level; the coarser ones have two and four times as many",
    ),
  generatorNorm: z
    .enum(['none', 'batch'])
    .default('none')
    .describe(
      'Normalisation in the generator: the reference has none for 28x28 digits and batch norm for CIFAR-10',
    ),
  criticNorm: z
    .enum(['none', 'layer'])
    .default('none')
    .describe(
      'Normalisation in the critic after its first level; never by batch, since the penalty is meant for ' +
        'each image alone',
    ),
  criticSteps: z.int().min(1).default(5).describe('Critic updates before each generator update'),
  lambda: z.number().min(0).default(10).describe('Weight of the gradient penalty'),
  steps: z
    .int()
    .min(1)
    .default(3000)
    .describe(
      'Training steps, each `criticSteps` critic updates and one generator update; the reference makes 200000',
    ),
  batch: z
    .int()
    .min(2)
    .default(50)
    .describe(
      'Real images of each critic update, and as many generated ones; the reference has 64 for CIFAR-10',
    ),
  learningRate: z.number().positive().default(1e-4).describe('Adam step size of both networks'),
  beta1: z.number().min(0).lt(1).default(0.5).describe("Decay of Adam's first moment"),
  beta2: z.number().min(0).lt(1).default(0.9).describe("Decay of Adam's second moment"),
  ...trainingFields,
});

export type WganGpConfig = z.output<typeof WganGpConfig>;
