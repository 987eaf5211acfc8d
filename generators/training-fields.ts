/**
 * The options that every model's training has, for the models' configs to spread in.
 */
import { z } from 'zod';

export const trainingFields = {
  ema: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('Decay of the average of the weights that images are drawn with; 0 is no average'),
  checkpointEvery: z.int().min(1).default(200).describe('Steps between checkpoints'),
  gridEvery: z.int().min(0).default(200).describe('Steps between grids of sample images; 0 is none'),
};
