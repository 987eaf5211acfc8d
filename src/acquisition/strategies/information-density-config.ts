/**
 * The options of information density as they stand in a config file.
 */
import { z } from 'zod';

export const InformationDensityConfig = z.strictObject({
  beta: z
    .number()
    .nonnegative()
    .default(1)
    .describe(
      'Power of the density; 0 is entropy sampling. Default: 1, as in the experiments of Settles and Craven 2008',
    ),
});

/** The options with every default written out. */
export type InformationDensityConfig = z.output<typeof InformationDensityConfig>;
