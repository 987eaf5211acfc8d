/**
 * How networks are trained: what all of them share, and what the deeper ones add.
 */
import { z } from 'zod';

/** Random changes of training images. */
export const AugmentConfig = z
  .strictObject({
    flip: z
      .boolean()
      .default(false)
      .describe(
        'Mirror left to right with probability 1/2. Default: no, since it makes other digits of digits',
      ),
    shift: z
      .int()
      .min(0)
      .default(4)
      .describe(
        'Move by up to so many pixels along each side, black coming in. Default: 4, as random crops of padded images in He et ' +
          'al. 2016, section 4.2',
      ),
  })
  .optional()
  .describe(
    'Changes of every training image, each time it is seen, the same for all strategies; never of images that are scored. If ' +
      'left out, none',
  );

/** Training steps, with what the default is from. */
export const updates = (byDefault: number, what: string) => z.int().min(1).default(byDefault).describe(what);

const SgdConfig = (learningRate: number, nesterov: boolean, source: string) =>
  z.strictObject({
    kind: z.literal('sgd').describe('Stochastic gradient descent with momentum'),
    learningRate: z.number().positive().default(learningRate).describe(`Step size. Default: ${source}`),
    momentum: z.number().min(0).max(0.999).default(0.9).describe(`Decay of the velocity. Default: ${source}`),
    nesterov: z.boolean().default(nesterov).describe(`Nesterov's momentum. Default: ${source}`),
  });

const AdamConfig = z.strictObject({
  kind: z.literal('adam').describe('Adam'),
  learningRate: z
    .number()
    .positive()
    .default(1e-3)
    .describe('Step size. Default: Kingma and Ba 2015, section 2'),
});

const ScheduleConfig = (source: string) =>
  z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('constant') }),
      z.strictObject({
        kind: z.literal('steps'),
        at: z
          .array(z.number().gt(0).lt(1))
          .min(1)
          .describe('Shares of the training after which the step size is multiplied, each once'),
        factor: z.number().positive().default(0.1).describe('Default: 0.1'),
      }),
      z.strictObject({
        kind: z.literal('cosine'),
        period: z
          .number()
          .min(1)
          .default(1)
          .describe(
            'Trainings after which the step size would be 0: rate (1 + cos(pi update / (period updates))) / 2',
          ),
      }),
    ])
    .describe(`How the step size changes in the course of the training. Default: ${source}`);

/** What a network's authors trained it with. */
export interface TrainingDefaults {
  /** Whose numbers these are. */
  readonly source: string;
  readonly batch: number;
  readonly learningRate: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  readonly schedule: z.input<ReturnType<typeof ScheduleConfig>>;
}

/** Options of the training of a deeper network. */
export function deepTraining({
  source,
  batch,
  learningRate,
  nesterov,
  weightDecay,
  schedule,
}: TrainingDefaults) {
  return {
    batch: z
      .int()
      .min(1)
      .default(batch)
      .describe(
        'Images a training step; drawn without replacement within a pass, the next pass filling the rest. ' +
          `Default: ${source}`,
      ),
    optimiser: z
      .discriminatedUnion('kind', [SgdConfig(learningRate, nesterov, source), AdamConfig])
      .prefault({ kind: 'sgd' })
      .describe('What moves the weights'),
    schedule: ScheduleConfig(source).prefault(schedule),
    weightDecay: z
      .number()
      .nonnegative()
      .default(weightDecay)
      .describe(
        'L2 penalty per kernel: weightDecay / 2 x the sum of squares is added to the mean loss; biases and batch norms are ' +
          `free. Default: ${source}`,
      ),
    augment: AugmentConfig,
  };
}

/** How the step size changes. */
export type ScheduleConfig = z.output<ReturnType<typeof ScheduleConfig>>;
/** Random changes of training images. */
export type AugmentConfig = NonNullable<z.output<typeof AugmentConfig>>;
/** What moves the weights. */
export type OptimiserConfig = z.output<ReturnType<typeof SgdConfig>> | z.output<typeof AdamConfig>;
