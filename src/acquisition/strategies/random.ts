/**
 * The baseline of all baselines: rows drawn uniformly, without replacement, from the unlabelled pool.
 */
import type { Strategy } from '../strategy.ts';

/** A strategy that draws `batch` candidates; RangeError if there are fewer. */
export function createRandom(): Strategy {
  return {
    select: async ({ pool, batch, stream }) => ({
      kind: 'pool',
      rows: stream.choose(pool.candidates, batch),
      diagnostics: {},
    }),
  };
}
