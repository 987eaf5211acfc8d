/**
 * The options of buying from a stream as they stand in a config file, with where their defaults are from.
 */
import { z } from 'zod';

export const StreamConfig = z.strictObject({
  score: z
    .enum(['entropy', 'margin', 'least-confidence', 'random'])
    .default('least-confidence')
    .describe(
      'What the model must be uncertain by for an image to be bought. Default: least-confidence, of Zliobaite et al. 2014',
    ),
  manager: z
    .enum(['fixed', 'variable', 'split'])
    .default('variable')
    .describe(
      'How the threshold moves: not at all; down when an image is bought and up when not; or that, with some images left to chance',
    ),
  budget: z
    .number()
    .gt(0)
    .max(1)
    .default(0.1)
    .describe('Share of the arriving images that may be bought. Default: 0.1, of scikit-activeml'),
  window: z
    .int()
    .min(1)
    .default(100)
    .describe('Arrivals over which spending is estimated. Default: 100, of Zliobaite et al. 2014'),
  threshold: z
    .number()
    .positive()
    .optional()
    .describe(
      'Certainty below which an image is bought, at first. Default: 1; of the fixed manager l + budget (1 - l), l being the lowest certainty there is (scikit-activeml)',
    ),
  step: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.01)
    .describe('By what share the threshold moves. Default: 0.01, of Zliobaite et al. 2014'),
  randomShare: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.1)
    .describe('Of the split manager: share of the images left to chance. Default: 0.1, of scikit-activeml'),
});

/** The options with every default written out. */
export type StreamConfig = z.output<typeof StreamConfig>;
