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

/** Any feature map, told apart by `kind`. */
export const FeatureConfig = z.discriminatedUnion('kind', [PcaConfig]);

export type FeatureConfig = z.output<typeof FeatureConfig>;
