/**
 * Strategies that choose by what the round's M2 says of all images.
 */
import { Stopwatch } from '../src/acquisition/strategies/stopwatch.ts';
import type { Diagnostics, Round, Strategy } from '../src/acquisition/strategy.ts';
import type { M2TaskModel } from '../src/acquisition/task-model/task-model.ts';
import { candidateRow, toPoolIndex } from '../src/shapes.ts';
import { type RoundTables, roundTables, withRoundM2 } from './round-m2.ts';
import type { RoundM2Config } from './round-m2-config.ts';

/** What such a strategy takes, by position among the candidates, and what it tells. */
export interface Chosen {
  readonly rows: readonly number[];
  readonly diagnostics: Diagnostics;
}

/**
 * A strategy that asks the round's M2 about the pool and the labelled images and then chooses. Training an M2 of its own
 * counts as scoring.
 */
export function createFromM2(
  options: RoundM2Config,
  choose: (round: Round, tables: RoundTables, model: M2TaskModel) => Promise<Chosen>,
): Strategy {
  return {
    select: async (round) => {
      const { candidates } = round.pool;
      const watch = new Stopwatch();
      const { rows, diagnostics } = await watch.time('scoreMs', () =>
        withRoundM2(round, options, async (model) => choose(round, await roundTables(model, round), model)),
      );
      return {
        kind: 'pool',
        rows: rows.map((row) => toPoolIndex(candidates, candidateRow(row))),
        diagnostics,
        times: watch.times(),
      };
    },
  };
}

/** The mean of some values. */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
}
