/**
 * The options of the core-set strategy as they stand in a config file.
 */
import { z } from 'zod';

export const CoreSetConfig = z.strictObject({
  robust: z
    .strictObject({
      outliers: z
        .number()
        .min(0)
        .max(0.5)
        .default(1e-4)
        .describe(
          'Share of the candidates that may stay farther than the radius. Default: Sener and Savarese 2018, section 5',
        ),
      subset: z
        .int()
        .min(0)
        .default(1000)
        .describe(
          'Candidates drawn as possible centres, beside those that the greedy solution takes. Default: 1000, ours; time and ' +
            'memory are linear in it',
        ),
    })
    .optional()
    .describe(
      'Lower the radius of the greedy solution by a search, with some outliers left out. Default: the greedy solution alone',
    ),
});

/** The options with every default written out. */
export type CoreSetConfig = z.output<typeof CoreSetConfig>;
