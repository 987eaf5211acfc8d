/**
 * The options of discriminative active learning as they stand in a config file.
 */
import { z } from 'zod';

export const DiscriminativeConfig = z.strictObject({
  subBatches: z
    .int()
    .min(1)
    .default(10)
    .describe(
      'Parts of a batch; the classifier is trained anew for each, with those before it as labelled. Default: Gissin and ' +
        'Shalev-Shwartz 2019',
    ),
  hidden: z
    .array(z.int().min(1))
    .default([256, 256, 256])
    .describe('Units of its hidden layers. Default: Gissin and Shalev-Shwartz 2019 on MNIST'),
  steps: z
    .int()
    .min(1)
    .default(500)
    .describe('Updates a part. Default: 500, ours; they stop at 98 % of the training images told apart'),
  batch: z.int().min(1).default(64).describe('Images of each pool an update. Default: 64, ours'),
  learningRate: z
    .number()
    .positive()
    .default(1e-3)
    .describe('Adam step size. Default: 1e-3, ours; theirs is 1e-4'),
});

/** The options with every default written out. */
export type DiscriminativeConfig = z.output<typeof DiscriminativeConfig>;
