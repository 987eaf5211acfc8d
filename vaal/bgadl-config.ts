/**
 * What BGADL can be told, with its defaults and their sources: Tran et al. 2019, "Bayesian generative active deep learning", as
 * its authors' code has them (toantm/BGADL demo_mnist.py), unless said otherwise.
 */
import { z } from 'zod';
import { MonteCarloConfig } from '../src/acquisition/monte-carlo-config.ts';

const channels = z.array(z.int().min(1)).min(1).max(5);

/** Networks that make copies of images, and their training in every round. */
export const BgadlConfig = MonteCarloConfig.extend({
  subset: z
    .int()
    .min(1)
    .default(2000)
    .describe('Candidates drawn and scored a round, at least the batch. Default: 2000'),
  latentSize: z.int().min(1).default(100).describe('Length of the codes. Default: 100'),
  channels: channels
    .default([32, 64, 128])
    .describe(
      'Feature maps of each halving of the encoder, and of the decoder backwards. Default: ours; the code squeezes each image ' +
        'through one number',
    ),
  discriminator: channels
    .default([64, 128])
    .describe(
      'Feature maps of each halving of the discriminator; the sides of the images must divide by 2 as often. Default: 64 and 128',
    ),
  divergence: z
    .number()
    .min(0)
    .default(1)
    .describe("Weight of the divergence from the prior in the encoder's loss. Default: 1"),
  reconstruction: z
    .number()
    .min(0)
    .default(0.75)
    .describe("Weight of the reconstruction in the decoder's loss. Default: 0.75"),
  steps: z
    .int()
    .min(1)
    .default(500)
    .describe(
      'Training steps a round, whatever the number of labels. Default: 50 passes over 1,000 images in batches of 100; the code ' +
        'makes 50 passes over what there is',
    ),
  batch: z.int().min(1).default(100).describe('Labelled images a step. Default: 100'),
  learningRate: z
    .number()
    .positive()
    .default(2e-4)
    .describe(
      "Adam step size of all networks. Default: DCGAN's (Radford et al. 2016); the code has Adadelta",
    ),
  beta1: z
    .number()
    .min(0)
    .max(0.999)
    .default(0.5)
    .describe("Adam's decay of the mean gradient. Default: DCGAN's (Radford et al. 2016)"),
  codes: z
    .enum(['sampled', 'means'])
    .default('sampled')
    .describe(
      'Whether a copy is decoded from a draw of its posterior, or from the mean. Default: a draw, as in training',
    ),
});

/** BGADL's options with every default written out. */
export type BgadlConfig = z.output<typeof BgadlConfig>;
