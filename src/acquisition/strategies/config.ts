/**
 * The options of every strategy, as they stand in a config file.
 */
import { z } from 'zod';
import { GaalConfig } from '../../queries/config.ts';

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]*$/, 'expected lower-case letters, digits, dots and hyphens')
  .optional()
  .describe('Label in tables and folders; the kind if left out');

const generator = z.string().optional().describe('Entry of "generators" to draw on; the only one if left out');

export const StrategyConfig = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('random'), name }),
  z.strictObject({ kind: z.literal('uncertainty'), name }),
  GaalConfig.extend({ kind: z.literal('gaal'), name, generator }),
]);

export type StrategyConfig = z.output<typeof StrategyConfig>;
