/**
 * The training of the task model, the same for every strategy, whichever kind it is of.
 */
import { type TrainOptions, trainClassifier } from '../../classifiers/train.ts';
import type { Split } from '../../datasets/dataset.ts';
import type { TaskModelConfig } from './config.ts';
import type { TaskModel } from './task-model.ts';
import { trainM2, type UnlabelledImages } from './train-m2.ts';

/**
 * Trains a task model from scratch; a pure function of its arguments. Only M2 looks at the unlabelled images.
 *
 * @returns a model the caller disposes
 * @throws what {@link trainClassifier} or {@link trainM2} throws
 */
export async function trainTaskModel(
  config: TaskModelConfig,
  labelled: Split,
  unlabelled: UnlabelledImages,
  options: TrainOptions,
): Promise<TaskModel> {
  if (config.kind === 'm2') return trainM2(config, labelled, unlabelled, options);
  return trainClassifier(config, labelled, options);
}
