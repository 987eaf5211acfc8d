/**
 * The options of variance reduction as they stand in a config file.
 */
import { z } from 'zod';

export const VarianceReductionConfig = z.strictObject({
  subset: z
    .int()
    .min(1)
    .default(300)
    .describe(
      'Candidates drawn to be scored for each that is bought, at least the batch. Default: 300, ours',
    ),
  evaluated: z
    .int()
    .min(1)
    .default(300)
    .describe('Candidates drawn whose predictions are to be sure. Default: 300, ours'),
  penalty: z
    .number()
    .positive()
    .default(1)
    .describe(
      'Weight of half the squared weights of the last layer, the precision of their prior. Default: 1, ours',
    ),
  components: z
    .int()
    .min(1)
    .default(16)
    .describe(
      'Leading directions of the features that are kept: time grows with their third power. Default: 16, ours',
    ),
});

/** The options with every default written out. */
export type VarianceReductionConfig = z.output<typeof VarianceReductionConfig>;
