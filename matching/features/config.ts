/**
 * The options of feature maps as they stand in a config file.
 */
import { z } from 'zod';

const keep = z.union([
  z.strictObject({
    components: z.int().min(1).describe('Components to keep; fewer than images, at most values an image'),
  }),
  z.strictObject({
    variance: z
      .number()
      .gt(0)
      .lt(1)
      .describe('Keep the fewest components with this share of the total variance'),
    atMost: z
      .int()
      .min(1)
      .default(512)
      .describe(
        'The most to keep for it. Default: 512; 0.95 of the variance takes 154 for the MNIST training set and ' +
          'some 220 for CIFAR-10',
      ),
  }),
]);

export const PcaConfig = z.strictObject({
  kind: z.literal('pca').describe('Principal components of the pool, pixels in [-1, 1]'),
  keep: keep
    .default({ components: 50 })
    .describe(
      'How many components: { components: count } or { variance: share, atMost: count }. Default: 50 components, ' +
        'our choice: 82 % of the variance of MNIST',
    ),
  whiten: z
    .boolean()
    .default(false)
    .describe(
      'Divide each score by sqrt(eigenvalue + epsilon), so that all count alike in a distance. Default: false: ' +
        'distances are then those of the images as far as the components reach, and noise in the last ones stays small',
    ),
  epsilon: z
    .number()
    .nonnegative()
    .default((2 / 255) ** 2 / 12)
    .describe(
      'Of whitening: added to an eigenvalue. Default: 5.1e-6, the variance of rounding a pixel in [-1, 1] to a byte, ' +
        'so that what is no more than rounding is not blown up',
    ),
  passes: z
    .int()
    .min(1)
    .default(3)
    .describe(
      'Refinements of the basis (see randomised-pca.ts). Default: 3: the first ten of 50 variances of MNIST are then ' +
        'right to 2e-6 and the last to 7 %',
    ),
  spare: z
    .int()
    .min(0)
    .default(10)
    .describe(
      'Directions refined beyond those kept. Default: 10, Halko, Martinsson and Tropp 2011, section 4.2',
    ),
  block: z
    .int()
    .min(1)
    .default(2500)
    .describe('Images a block while fitting; memory against speed. Default: 2500'),
});

/** PCA's options with every default written out. */
export type PcaConfig = z.output<typeof PcaConfig>;

/** Codes of an encoder. */
export const AutoencoderFeatureConfig = z.strictObject({
  kind: z
    .literal('autoencoder')
    .describe('Codes of a model that can encode, such as an autoencoder or a VAE'),
  normalise: z
    .boolean()
    .default(false)
    .describe(
      'Bring every code to length 1. Default: false: the decoder tells codes of different length apart, so the ' +
        'length says something about the image',
    ),
});

export type AutoencoderFeatureConfig = z.output<typeof AutoencoderFeatureConfig>;

const side = z.int().min(1).describe('Cells along each axis; a map that is smaller stays as it is');

/** Activations of a discriminator. */
export const DiscriminatorFeatureConfig = z.strictObject({
  kind: z.literal('discriminator').describe("A layer of a generator's discriminator"),
  layer: z
    .string()
    .nullable()
    .default(null)
    .describe('Its name. Default: null, the last convolution, which sees most of the image at once'),
  pooling: z
    .discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('flat').describe('All values of the maps, 4 bytes each a pool image'),
      }),
      z.strictObject({ kind: z.literal('average').describe('The mean of each cell of a grid'), side }),
      z.strictObject({ kind: z.literal('max').describe('The largest value in each cell of a grid'), side }),
    ])
    .default({ kind: 'max', side: 4 })
    .describe(
      'How maps become vectors. Default: the largest value in each of 4 x 4 cells, Radford et al. 2016, section 5.1',
    ),
  normalise: z
    .boolean()
    .default(true)
    .describe(
      'Bring every vector to length 1. Default: true: the length grows with contrast and with how real an image ' +
        'looks to the discriminator, which sets generated images apart from real ones whatever they show',
    ),
});

export type DiscriminatorFeatureConfig = z.output<typeof DiscriminatorFeatureConfig>;

/** Activations of the task model. */
export const TaskModelFeatureConfig = z.strictObject({
  kind: z
    .literal('task-model')
    .describe("Inputs of the task model's last layer; the index is built anew every round"),
  normalise: z
    .boolean()
    .default(false)
    .describe(
      'Bring every vector to length 1. Default: false, distances as Sener and Savarese 2018 measure them',
    ),
});

export type TaskModelFeatureConfig = z.output<typeof TaskModelFeatureConfig>;

/** Any feature map, told apart by `kind`. */
export const FeatureConfig = z.discriminatedUnion('kind', [
  PcaConfig,
  AutoencoderFeatureConfig,
  DiscriminatorFeatureConfig,
  TaskModelFeatureConfig,
]);

export type FeatureConfig = z.output<typeof FeatureConfig>;
