/**
 * Checking what a user wrote against a schema.
 */
import { z } from 'zod';
import { ConfigError } from '../src/experiments/config-error.ts';

/** `raw` as the schema has it; ConfigError with every problem, after `source`, otherwise. */
export function parseConfig<Schema extends z.ZodType>(
  source: string,
  schema: Schema,
  raw: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new ConfigError(`${source}: ${z.prettifyError(parsed.error)}`);
}
