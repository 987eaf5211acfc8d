/**
 * What TA-VAAL can be told: VAAL's options, and those of its ranker.
 */
import { z } from 'zod';
import { VaalConfig } from './vaal-config.ts';

/** VAAL's options and the ranker's. */
export const TaVaalConfig = VaalConfig.extend({
  ranker: z
    .strictObject({
      units: z
        .int()
        .min(1)
        .default(128)
        .describe("Units of its hidden layer. Default: the loss predictor's 128"),
      steps: z.int().min(1).default(1000).describe('Updates a round. Default: 1000, ours'),
      batch: z.int().min(1).default(64).describe('Pairs an update. Default: half a batch of 128'),
      learningRate: z.number().positive().default(1e-3).describe('Adam step size. Default: 1e-3, ours'),
    })
    .prefault({})
    .describe('The ranker of the task model: which of two images would cost it more'),
});

/** TA-VAAL's options with every default written out. */
export type TaVaalConfig = z.output<typeof TaVaalConfig>;
