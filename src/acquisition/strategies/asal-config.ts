/**
 * The options of ASAL as they stand in a config file.
 */
import { z } from 'zod';
import { FeatureConfig } from '../../../matching/features/config.ts';
import { IndexConfig } from '../../../matching/indexes/config.ts';
import { MatchConfig } from '../../../matching/match-config.ts';
import { GaalConfig } from '../../queries/config.ts';
import { OBJECTIVES } from '../../queries/objectives.ts';

export const AsalConfig = GaalConfig.extend({
  objective: z
    .enum(['auto', ...OBJECTIVES])
    .default('auto')
    .describe(
      'What a latent search minimises. auto: the distance to the boundary for two classes, minus the entropy of the ' +
        'softmax for more (Mayer and Timofte 2020)',
    ),
  restarts: z
    .int()
    .min(1)
    .default(1)
    .describe('Starts a query, of which the best is kept. Default: 1, as in Mayer and Timofte 2020'),
  features: FeatureConfig.prefault({ kind: 'pca' }).describe(
    'What synthesised and pool images are compared by',
  ),
  featuresOf: z
    .string()
    .optional()
    .describe(
      'Name of the model, under "generators", whose codes or discriminator give the features. Default: for ' +
        'discriminator the generator that is searched, for autoencoder the only autoencoder or VAE there is',
    ),
  index: IndexConfig.prefault({ kind: 'exact' }).describe('How the nearest pool images are found'),
  match: MatchConfig.prefault({}).describe('Which of the nearest pool images is bought'),
});

/** ASAL's options with every default written out. */
export type AsalConfig = z.output<typeof AsalConfig>;
