/**
 * The options of CEAL as they stand in a config file, with where their defaults are from.
 */
import { z } from 'zod';

export const CealConfig = z.strictObject({
  measure: z
    .enum(['entropy', 'margin', 'least-confidence'])
    .default('entropy')
    .describe('What makes an image uncertain enough to buy. Default: entropy, the first of three'),
  threshold: z
    .number()
    .nonnegative()
    .default(0.05)
    .describe(
      'Entropy in nats below which the model labels an image itself, in the first round. Default: 0.05, of the port CEAL_keras',
    ),
  decay: z
    .number()
    .nonnegative()
    .default(0.0033)
    .describe(
      'What the threshold loses in each later round, down to 0. Default: 0.0033, of the port CEAL_keras',
    ),
});

/** The options with every default written out. */
export type CealConfig = z.output<typeof CealConfig>;
