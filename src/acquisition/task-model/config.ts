/**
 * The task models of an experiment: those that learn from labels alone, and M2, which learns from unlabelled images too.
 */
import { z } from 'zod';
import { M2Config } from '../../../generators/m2-config.ts';
import { ClassifierConfig } from '../../classifiers/config.ts';

/**
 * M2 as a task model: the options of `m2-config.ts`, but for the classes, which the pool knows, and what a training that
 * saves itself needs. Some defaults differ, because a model is trained in every round.
 */
export const M2TaskConfig = M2Config.omit({ classes: true, checkpointEvery: true, gridEvery: true }).extend({
  weighting: M2Config.shape.weighting
    .unwrap()
    .default({ alpha: 60 })
    .describe(
      'official is the objective of the paper; {alpha} weighs batch means. Default: alpha 60, useful after few steps',
    ),
  steps: z
    .int()
    .min(1)
    .default(1000)
    .describe('Training steps in every round, at least. Default: our choice'),
  epochs: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'Passes over the labelled images in every round, at least: where labels are many, more steps than `steps`. Default: 0, ' +
        'the same steps in every round',
    ),
  learningRate: z
    .number()
    .positive()
    .default(1e-3)
    .describe('Adam step size. Default: our choice, for few steps'),
});

/** Options of M2 with every default written out. */
export type M2TaskConfig = z.output<typeof M2TaskConfig>;

/** Steps of a training on so many labelled images. */
export function stepsOn(
  { steps, epochs, labelledBatch }: Pick<M2TaskConfig, 'steps' | 'epochs' | 'labelledBatch'>,
  labelled: number,
): number {
  return Math.max(steps, Math.ceil((epochs * labelled) / labelledBatch));
}

export const TaskModelConfig = z
  .discriminatedUnion('kind', [ClassifierConfig, M2TaskConfig])
  .describe('The task model and its training, shared by all strategies');

/** A task model's configuration with every default written out. */
export type TaskModelConfig = z.output<typeof TaskModelConfig>;
