/**
 * The options of GAAL as they stand in a config file.
 */
import { z } from 'zod';
import { SEARCH_DEFAULTS } from './latent-search.ts';
import { OBJECTIVES } from './objectives.ts';
import { PRIORS } from './prior.ts';

export const GaalConfig = z.strictObject({
  generator: z
    .string()
    .optional()
    .describe('Name of the generator to search, under "generators". Default: the only one there is'),
  objective: z
    .enum(OBJECTIVES)
    .default(SEARCH_DEFAULTS.objective)
    .describe(
      'boundary: the lead of the best class over the second, |w . x + b| of a linear SVM; entropy: minus the ' +
        'entropy of the softmax, in nats. Default: boundary (Zhu and Bento 2017)',
    ),
  steps: z
    .int()
    .min(1)
    .default(SEARCH_DEFAULTS.steps)
    .describe(
      'Gradient steps a start. Default: 100; more are lost in rounding to bytes (see latent-search.ts)',
    ),
  restarts: z
    .int()
    .min(1)
    .default(SEARCH_DEFAULTS.restarts)
    .describe('Starts a query, of which the best is kept. Default: 4; a linear SVM gets there from 1'),
  learningRate: z
    .number()
    .positive()
    .default(SEARCH_DEFAULTS.learningRate)
    .describe('Adam step size, in latent units. Default: 0.05, by measurement (see latent-search.ts)'),
  prior: z
    .enum(PRIORS)
    .default(SEARCH_DEFAULTS.prior)
    .describe(
      'Where latents may go. shell: norms within sqrt(latentSize) -+ priorWidth, where nearly all draws the ' +
        'generator was trained on lie; ball: up to the outer edge of the shell; none: anywhere, as in ' +
        'PyTorch-GAAL. Default: shell',
    ),
  priorWidth: z
    .number()
    .nonnegative()
    .default(SEARCH_DEFAULTS.priorWidth)
    .describe(
      "Half the shell's thickness, in latent units; 0 projects onto the sphere. Default: 2, or 2.8 standard " +
        'deviations of the norm of a draw from N(0, I)',
    ),
  diversityWeight: z
    .number()
    .nonnegative()
    .default(SEARCH_DEFAULTS.diversityWeight)
    .describe(
      'Weight of the closeness of the queries of a round, in [-2, 0] (see diversity.ts), against the mean of ' +
        'the squared boundary distance or of the negative entropy. Default: 0, off, as in Zhu and Bento 2017',
    ),
  tolerance: z
    .number()
    .positive()
    .default(0.05)
    .describe(
      'Diagnostics only: a query counts as reached when its objective has fallen to this share of the mean ' +
        'over random samples. Default: our choice',
    ),
});

/** GAAL's options with every default written out. */
export type GaalConfig = z.output<typeof GaalConfig>;
