/**
 * The options of active class selection as they stand in a config file.
 */
import { z } from 'zod';

export const ActiveClassSelectionConfig = z.strictObject({
  rule: z
    .enum(['inverse', 'accuracy-improvement', 'redistricting'])
    .default('redistricting')
    .describe(
      'What a class gets its share of the batch by: 1 over its accuracy; by how much its accuracy grew with the last batch; the ' +
        'share of its labelled images whose class the last batch changed. Default: the last, of Lomasky et al. 2007',
    ),
  folds: z
    .int()
    .min(2)
    .default(5)
    .describe(
      'Parts of the cross-validation on the labelled images, each a training of the task model. Default: 5, ours',
    ),
});

/** The options with every default written out. */
export type ActiveClassSelectionConfig = z.output<typeof ActiveClassSelectionConfig>;
