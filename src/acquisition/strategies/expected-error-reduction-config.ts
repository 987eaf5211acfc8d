/**
 * The options of expected error reduction as they stand in a config file.
 */
import { z } from 'zod';

export const ExpectedErrorReductionConfig = z.strictObject({
  loss: z
    .enum(['log', 'zero-one'])
    .default('log')
    .describe(
      'The error that is expected: the entropy of the prediction (Roy and McCallum 2001, equation 2), or 1 minus its largest ' +
        'probability (equation 3). Default: the former',
    ),
  subset: z
    .int()
    .min(1)
    .default(100)
    .describe(
      'Candidates drawn to be scored, at least the batch; each costs a training for every class. Default: 100, ours',
    ),
  evaluated: z
    .int()
    .min(1)
    .default(300)
    .describe('Candidates drawn on which the error is expected. Default: 300, ours'),
  penalty: z
    .number()
    .positive()
    .default(1)
    .describe("Weight of half the squared weights of the last layer. Default: 1, scikit-learn's C of 1"),
  components: z
    .int()
    .min(1)
    .default(32)
    .describe('Leading directions of the features that the last layer is fitted to. Default: 32, ours'),
});

/** The options with every default written out. */
export type ExpectedErrorReductionConfig = z.output<typeof ExpectedErrorReductionConfig>;
