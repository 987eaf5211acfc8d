/**
 * The options of learning loss as they stand in a config file.
 */
import { z } from 'zod';

export const LearningLossConfig = z.strictObject({
  units: z.int().min(1).default(128).describe('Units of the hidden layer. Default: Yoo and Kweon 2019'),
  steps: z.int().min(1).default(1000).describe('Updates a round. Default: 1000, ours'),
  batch: z
    .int()
    .min(1)
    .default(64)
    .describe('Pairs an update. Default: half a batch of 128, Yoo and Kweon 2019'),
  learningRate: z.number().positive().default(1e-3).describe('Adam step size. Default: 1e-3, ours'),
});

/** The options with every default written out. */
export type LearningLossConfig = z.output<typeof LearningLossConfig>;
