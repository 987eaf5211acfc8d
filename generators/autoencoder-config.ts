/**
 * What an autoencoder can be told, with its defaults and their sources.
 */
import { z } from 'zod';
import { convChannels } from './conv-config.ts';
import { trainingFields } from './training-fields.ts';

/**
 * A convolutional autoencoder; networks, batch and step size of the VAE of Sinha et al. 2019, "Variational Adversarial
 * Active Learning" (reference code: sinhasam/vaal@67263f3), unless said otherwise.
 */
export const AutoencoderConfig = z.strictObject({
  kind: z.literal('autoencoder').describe('Convolutional autoencoder, for codes to match images by'),
  latentSize: z
    .int()
    .min(1)
    .default(50)
    .describe(
      'Length of the codes; by default as many numbers as there are principal components to match by, since that of ' +
        'ASAL (Mayer and Timofte 2020) is not known to us',
    ),
  channels: convChannels,
  steps: z
    .int()
    .min(1)
    .default(20_000)
    .describe('Training steps, each one update of both networks; half of what Sinha et al. train each time'),
  batch: z.int().min(1).default(128).describe('Images a step'),
  learningRate: z.number().positive().default(5e-4).describe('Adam step size'),
  beta1: z.number().min(0).lt(1).default(0.9).describe("Decay of Adam's first moment"),
  ...trainingFields,
});

export type AutoencoderConfig = z.output<typeof AutoencoderConfig>;
