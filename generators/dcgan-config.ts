/**
 * What a DCGAN can be told, with its defaults and their sources.
 */
import { z } from 'zod';
import { trainingFields } from './training-fields.ts';

/** A deep convolutional GAN; defaults of Radford et al. 2016 and pytorch/examples unless said otherwise. */
export const DcganConfig = z.strictObject({
  kind: z.literal('dcgan').describe('Deep convolutional GAN (Radford et al. 2016)'),
  latentSize: z.int().min(1).default(100).describe('Length of the latent vectors, drawn from N(0, I)'),
  channels: z
    .array(z.int().min(1))
    .min(1)
    .default([128, 64])
    .describe(
      'Feature maps of each level, from the coarsest to the finest; every level halves height and width, so ' +
        'both must divide by 2 to the power of their number',
    ),
  steps: z
    .int()
    .min(1)
    .default(3000)
    .describe('Training steps, each one discriminator and one generator update'),
  batch: z.int().min(2).default(64).describe('Real images a step, and as many generated ones'),
  learningRate: z.number().positive().default(2e-4).describe('Adam step size of both networks'),
  beta1: z.number().min(0).lt(1).default(0.5).describe("Decay of Adam's first moment"),
  labelSmoothing: z
    .number()
    .min(0)
    .lt(0.5)
    .default(0)
    .describe('Distance of the targets from 1 and 0; 0.1 is what PyTorch-GAAL uses on CIFAR-10'),
  ...trainingFields,
});

export type DcganConfig = z.output<typeof DcganConfig>;
