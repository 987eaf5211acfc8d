/**
 * What M2-VAAL can be told. The options of M2 are those of `m2-config.ts`, the discriminator's those of VAAL.
 */
import { z } from 'zod';
import { M2Config } from '../generators/m2-config.ts';
import { VaalConfig } from './vaal-config.ts';

/** M2's options that a round leaves open: the pool knows the classes, and nothing is saved on the way. */
const M2InRound = M2Config.omit({
  kind: true,
  classes: true,
  decay: true,
  ema: true,
  checkpointEvery: true,
  gridEvery: true,
});

/** M2 and a discriminator, and how they are trained in every round. */
export const M2VaalConfig = z.strictObject({
  m2: M2InRound.prefault({}).describe('The semi-supervised model. Its `steps` are those of a round'),
  model: z
    .enum(['own', 'task'])
    .default('own')
    .describe(
      'own: M2 is trained in every round for the discriminator alone, by the options under m2; task: the task model, which ' +
        'must then be M2, is asked as it is, with batches and steps of its options, which saves that training. It cannot be ' +
        'deceived: task asks for "adversary" 0 and "discriminate" after. Default: own',
    ),
  ...VaalConfig.pick({
    discriminator: true,
    discriminatorSteps: true,
    discriminatorLearningRate: true,
    heldOut: true,
    tolerance: true,
  }).shape,
  adversary: z
    .number()
    .min(0)
    .default(1)
    .describe(
      "Weight of the term by which encoder and classifier deceive the discriminator; 0 leaves M2 what it is alone. Default: VAAL's 1",
    ),
  discriminate: z
    .enum(['along', 'after'])
    .default('along')
    .describe(
      'along: the discriminator is trained in turns with M2, as in VAAL; after: M2 is trained first, by itself, and the ' +
        'discriminator then for as many steps on the codes of the finished model. Default: along',
    ),
});

/** M2-VAAL's options with every default written out. */
export type M2VaalConfig = z.output<typeof M2VaalConfig>;
