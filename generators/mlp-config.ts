/**
 * Networks of dense layers, as the options of a model.
 */
import { z } from 'zod';

/** Dense softplus layers; the decoder has them in reverse. */
export const MlpConfig = z.strictObject({
  kind: z.literal('mlp').describe('Dense softplus layers'),
  hidden: z
    .array(z.int().min(1))
    .min(1)
    .default([500])
    .describe('Units of each hidden layer, from the image on; the decoder has them in reverse'),
});

export type MlpConfig = z.output<typeof MlpConfig>;
