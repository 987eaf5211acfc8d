/**
 * The options of TypiClust as they stand in a config file.
 */
import { z } from 'zod';

export const TypiclustConfig = z.strictObject({
  maxClusters: z
    .int()
    .min(1)
    .default(500)
    .describe(
      'Clusters at most; otherwise as many as there will be labels. Default: Hacohen et al. 2022, appendix F',
    ),
  minClusterSize: z
    .int()
    .min(1)
    .default(6)
    .describe(
      'Clusters of fewer images are passed over. Default: 6, since the reference code drops those of 5 and fewer',
    ),
  neighbours: z
    .int()
    .min(1)
    .default(20)
    .describe(
      'Nearest images that typicality is the mean distance to, at most half of the cluster. Default: Hacohen et al. 2022, ' +
        'section 2.2',
    ),
});

/** The options with every default written out. */
export type TypiclustConfig = z.output<typeof TypiclustConfig>;
