/**
 * Which M2 the strategies on its latents ask.
 */
import { z } from 'zod';
import { M2TaskConfig } from '../src/acquisition/task-model/config.ts';

/** The option that all of them have. */
export const RoundM2Config = z.strictObject({
  m2: M2TaskConfig.omit({ kind: true })
    .optional()
    .describe(
      "An M2 of the strategy's own, trained anew in every round. If left out, the task model is asked, which must then be M2",
    ),
});

/** Options with every default written out. */
export type RoundM2Config = z.output<typeof RoundM2Config>;
