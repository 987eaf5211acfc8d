/**
 * What least confidence weighted by latent distance can be told.
 */
import { z } from 'zod';
import { RoundM2Config } from './round-m2-config.ts';

export const M2WeightedConfidenceConfig = RoundM2Config.extend({
  normalise: z
    .enum(['class', 'pool'])
    .default('class')
    .describe(
      'What the mean distance is divided by: the largest among the candidates of the same likeliest class, or of all. ' +
        'Default: class, so that a class whose latents lie wide gets no more than others',
    ),
});

/** Options with every default written out. */
export type M2WeightedConfidenceConfig = z.output<typeof M2WeightedConfidenceConfig>;
