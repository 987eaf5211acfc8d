/**
 * The options of all strategies of Monte Carlo dropout as they stand in a config file.
 */
import { z } from 'zod';

export const MonteCarloConfig = z.strictObject({
  passes: z
    .int()
    .min(2)
    .default(20)
    .describe(
      'Networks drawn by dropout. Default: 20, as in baal; Gal et al. 2017 draw 100 for a subset of 2,000 candidates, and ' +
        'here the whole pool is scored',
    ),
});

/** The options with every default written out. */
export type MonteCarloConfig = z.output<typeof MonteCarloConfig>;
