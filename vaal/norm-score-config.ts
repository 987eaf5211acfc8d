/**
 * What norm scores can be told.
 */
import { z } from 'zod';
import { RoundM2Config } from './round-m2-config.ts';

export const NormScoreConfig = RoundM2Config.extend({
  form: z
    .enum(['kernel', 'last-layer'])
    .default('kernel')
    .describe(
      'Which functions interpolate: those of a kernel of features, or linear ones of features and a constant, which is the ' +
        "classifier's last layer fitted anew. Default: kernel, the form that the paper analyses",
    ),
  features: z
    .enum(['latents', 'last-layer'])
    .default('last-layer')
    .describe(
      "What the kernel is of: M2's latents, or the units of its classifier's last hidden layer. The last-layer form takes " +
        'the latter whatever stands here. Default: our choice, because latents hardly tell classes apart',
    ),
  norm: z
    .enum(['data', 'function'])
    .default('data')
    .describe('data: the root mean square of f^u - f over pool images; function: the norm of f^u itself'),
  kernel: z
    .enum(['laplace', 'gaussian'])
    .default('laplace')
    .describe('exp(-d / width), or exp(-d^2 / (2 width^2)), of the distance d. Default: as in the paper'),
  width: z
    .number()
    .positive()
    .optional()
    .describe(
      "The kernel's width. If left out, the median distance between the references, anew in every round",
    ),
  ridge: z
    .number()
    .positive()
    .default(1e-4)
    .describe(
      'Share of the mean k(x, x) that is added to the diagonal: 0 would interpolate exactly, which linear functions cannot ' +
        'where labels are more than features. Default: our choice',
    ),
  references: z
    .int()
    .min(2)
    .default(256)
    .describe(
      'Pool images, drawn anew in every round, that the data norm is taken over. Default: our choice',
    ),
  shortlist: z
    .int()
    .min(1)
    .default(10)
    .describe(
      'The batch is chosen one by one among this many times as many candidates, those of highest score at first. Default: our choice',
    ),
});

/** Options with every default written out. */
export type NormScoreConfig = z.output<typeof NormScoreConfig>;
