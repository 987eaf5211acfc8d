/**
 * The baseline of all baselines: rows drawn uniformly, without replacement, from the unlabelled pool.
 */
import type { Strategy } from '../strategy.ts';

export function createRandom(): Strategy {
  return {
    select: async ({ pool, batch, stream }) => ({
      kind: 'pool',
      rows: stream.choose(pool.candidates, batch),
      diagnostics: {},
    }),
  };
}
