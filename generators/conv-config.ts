/**
 * Convolutional networks, as the options of a model.
 */
import { z } from 'zod';

/**
 * Feature maps of a convolutional encoder and decoder; the default is the network of Sinha et al. 2019, "Variational
 * Adversarial Active Learning" (reference code: sinhasam/vaal@67263f3 model.py), which is pythae's too.
 */
export const convChannels = z
  .array(z.int().min(1))
  .min(1)
  .default([128, 256, 512, 1024])
  .describe(
    'Feature maps of each level, from the image on. The encoder halves once a level; the decoder has the levels in ' +
      'reverse and doubles once less',
  );

/** Strided convolutions with batch norm and ReLU. */
export const ConvConfig = z.strictObject({
  kind: z.literal('conv').describe('Strided convolutions with batch norm and ReLU'),
  channels: convChannels,
});

export type ConvConfig = z.output<typeof ConvConfig>;
