/**
 * The options of diverse mini-batch active learning as they stand in a config file.
 */
import { z } from 'zod';

export const DbalConfig = z.strictObject({
  beta: z
    .number()
    .min(1)
    .default(10)
    .describe(
      'The beta x batch least certain candidates are clustered. Default: 10, the smaller of the two values of Zhdanov 2019',
    ),
});

/** The options with every default written out. */
export type DbalConfig = z.output<typeof DbalConfig>;
