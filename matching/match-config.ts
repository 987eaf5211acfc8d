/**
 * The options of matching as they stand in a config file.
 */
import { z } from 'zod';

/** How synthesised queries are replaced by pool images. */
export const MatchConfig = z.strictObject({
  rule: z
    .enum(['nearest', 'entropy'])
    .default('nearest')
    .describe(
      "Which neighbour of a query: the nearest, or the one the task model's classes have the largest entropy of",
    ),
  neighbours: z
    .int()
    .min(1)
    .default(10)
    .describe('Neighbours of a query that are looked at. Default: 10, our choice; the nearest needs one'),
  collisions: z
    .enum(['greedy', 'optimal'])
    .default('greedy')
    .describe(
      'Queries that want the same image: first come, first served, or the assignment of least total distance (for the ' +
        'entropy rule, of largest total entropy)',
    ),
});

export type MatchConfig = z.output<typeof MatchConfig>;
