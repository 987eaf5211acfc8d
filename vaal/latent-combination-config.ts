/**
 * What the combination of latent criteria can be told.
 */
import { z } from 'zod';
import { RoundM2Config } from './round-m2-config.ts';

const weight = (what: string) =>
  z.number().min(0).default(1).describe(`Weight of ${what}. Default: 1, all alike`);

export const LatentCombinationConfig = RoundM2Config.extend({
  informativeness: weight("the entropy of M2's classifier"),
  representativeness: weight('the density of the pool around the latent'),
  diversity: weight('the distance to the nearest labelled latent'),
  references: z
    .int()
    .min(2)
    .default(1000)
    .describe('Pool images, drawn anew in every round, that the density is taken over. Default: our choice'),
});

/** Options with every default written out. */
export type LatentCombinationConfig = z.output<typeof LatentCombinationConfig>;
