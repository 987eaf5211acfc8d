/**
 * What VAAL can be told, with its defaults and their sources: Sinha et al. 2019, "Variational Adversarial Active
 * Learning", as its authors' code has them (sinhasam/vaal@67263f3), unless said otherwise.
 */
import { z } from 'zod';
import { ConvConfig } from '../generators/conv-config.ts';
import { MlpConfig } from '../generators/mlp-config.ts';

/**
 * What the authors' code does and the paper does not say. Each is a switch of its own; with all of them on, the training
 * of both networks and the scoring are the code's.
 */
export const VaalFaithful = z
  .strictObject({
    pixelMeans: z
      .boolean()
      .default(false)
      .describe(
        'Reconstruction is the mean over all pixels and images, divergence the sum over images and dimensions, so that ' +
          'the divergence weighs batch x pixels times as much (solver.py:212-216)',
      ),
    separateNorms: z
      .boolean()
      .default(false)
      .describe(
        'Labelled and unlabelled images pass the batch norms apart, each normalised by its own (solver.py:83-86)',
      ),
    batchNormScoring: z
      .boolean()
      .default(false)
      .describe(
        'The pool is scored in training mode: a score depends on the random batch that its image fell into (sampler.py)',
      ),
    flips: z
      .boolean()
      .default(false)
      .describe(
        'Images are mirrored left to right with probability 1/2, in training and in scoring too (custom_datasets.py)',
      ),
    torchWeights: z
      .boolean()
      .default(false)
      .describe(
        "Doubling convolutions, the encoder's last layer and the image layer start as PyTorch's defaults, where He's were " +
          'meant (model.py, kaiming_init); of convolutions alone',
      ),
  })
  .describe('Peculiarities of the reference code, each off by default');

export type VaalFaithful = z.output<typeof VaalFaithful>;

/** Both networks' sizes, and how they are trained in every round. */
export const VaalConfig = z.strictObject({
  latentSize: z
    .int()
    .min(1)
    .default(32)
    .describe('Length of the latent vectors. Default: 32, of the code for CIFAR'),
  network: z
    .discriminatedUnion('kind', [MlpConfig, ConvConfig])
    .prefault({ kind: 'conv' })
    .describe('Layers of encoder and decoder. Default: four convolutions of 128 to 1024 maps'),
  discriminator: z
    .array(z.int().min(1))
    .min(1)
    .default([512, 512])
    .describe("Units of the discriminator's hidden layers. Default: 512 and 512"),
  beta: z.number().min(0).default(1).describe('Weight of the divergence from the prior. Default: 1'),
  adversary: z
    .number()
    .min(0)
    .default(1)
    .describe("Weight of the term by which the encoder deceives the discriminator. Default: the code's 1"),
  vaeSteps: z.int().min(1).default(2).describe('Updates of the autoencoder a step. Default: 2'),
  discriminatorSteps: z
    .int()
    .min(1)
    .default(1)
    .describe('Updates of the discriminator a step, after those of the autoencoder. Default: 1'),
  steps: z
    .int()
    .min(1)
    .default(39_062)
    .describe(
      'Training steps a round, whatever the number of labels. Default: 100 epochs of 50 000 images in batches of 128',
    ),
  batch: z
    .int()
    .min(1)
    .default(128)
    .describe('Labelled, and as many unlabelled, images an update. Default: 128'),
  learningRate: z
    .number()
    .positive()
    .default(5e-4)
    .describe("The autoencoder's Adam step size. Default: 5e-4"),
  discriminatorLearningRate: z
    .number()
    .positive()
    .default(5e-4)
    .describe("The discriminator's Adam step size. Default: 5e-4"),
  heldOut: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.1)
    .describe(
      'Share of labelled and of unlabelled images (of these at most 1000) that neither network is trained on, for the ' +
        'figures of a round. They are scored with the others. Default: 0.1, ours; the code holds none out',
    ),
  tolerance: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.05)
    .describe(
      'Distance of the AUC from 1/2 within which the discriminator counts as unable to tell the pools apart: recorded, not ' +
        'acted upon. Default: 0.05, ours',
    ),
  faithful: VaalFaithful.prefault({}),
});

/** VAAL's options with every default written out. */
export type VaalConfig = z.output<typeof VaalConfig>;
