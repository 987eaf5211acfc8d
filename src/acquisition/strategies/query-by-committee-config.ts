/**
 * The options of query by committee as they stand in a config file.
 */
import { z } from 'zod';

export const QueryByCommitteeConfig = z.strictObject({
  members: z
    .int()
    .min(2)
    .default(3)
    .describe(
      'Models trained each round, beside the task model. Default: 3, as few as Settles and Craven 2008 use',
    ),
  disagreement: z
    .enum(['vote-entropy', 'kl-divergence'])
    .default('kl-divergence')
    .describe(
      'Entropy of the votes (Dagan and Engelson 1995), or mean divergence of the members from their mean (McCallum and Nigam ' +
        '1998). Default: the latter, which a few members do not tie',
    ),
  bagging: z
    .boolean()
    .default(false)
    .describe(
      'Train each member on as many images, drawn with replacement (Abe and Mamitsuka 1998). Without, members differ in initial ' +
        'weights and data order, which a linear SVM has no use for',
    ),
});

/** The options with every default written out. */
export type QueryByCommitteeConfig = z.output<typeof QueryByCommitteeConfig>;
