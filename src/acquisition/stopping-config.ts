/**
 * Stopping rules as they stand in a config file, with where their defaults are from.
 */
import { z } from 'zod';

const act = z
  .boolean()
  .default(false)
  .describe('Whether the rule ends the cell; without it what it says is only recorded');

export const StoppingRule = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('kappa').describe('The predictions of consecutive models agree'),
    threshold: z
      .number()
      .min(-1)
      .max(1)
      .default(0.99)
      .describe(
        "Mean of Cohen's kappa above which to stop. Default: 0.99, of Bloodgood and Vijay-Shanker 2009",
      ),
    window: z
      .int()
      .min(1)
      .default(3)
      .describe('Rounds that the mean is over. Default: 3, of Bloodgood and Vijay-Shanker 2009'),
    size: z
      .int()
      .min(1)
      .default(2000)
      .describe(
        'Unlabelled images predicted, drawn once, all if there are fewer. Default: 2000, of Bloodgood and Vijay-Shanker 2009',
      ),
    act,
  }),
  z.strictObject({
    kind: z.literal('uncertainty').describe('The model is sure of the candidates'),
    of: z
      .enum(['largest', 'mean'])
      .default('largest')
      .describe('Which entropy of the candidates counts: the largest or their mean. Default: largest'),
    threshold: z
      .number()
      .positive()
      .describe('Entropy in nats below which to stop, at most the logarithm of the number of classes'),
    act,
  }),
  z.strictObject({
    kind: z.literal('cannot-tell-apart').describe('The discriminator takes the pool for labelled'),
    tolerance: z
      .number()
      .min(0)
      .max(0.5)
      .default(0.05)
      .describe(
        'Distance from 1/2 of the area under its ROC curve on held-out images, at or below which to stop. Default: 0.05, ours',
      ),
    window: z.int().min(1).default(1).describe('Rounds that the area is averaged over. Default: 1, ours'),
    act,
  }),
  z.strictObject({
    kind: z.literal('budget').describe('Enough was paid'),
    cost: z
      .number()
      .positive()
      .describe(
        'What was paid, the initial set included, from which on to stop after the round; in labels where no costs are configured',
      ),
    act,
  }),
]);

export type StoppingRule = z.output<typeof StoppingRule>;
