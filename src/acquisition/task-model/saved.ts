/**
 * A task model saved in a folder: see `model-files.ts` of the classifiers.
 */
import { z } from 'zod';
import { modelFields, readModelFiles, writeModelFiles } from '../../classifiers/model-files.ts';
import { loadClassifier, saveClassifier } from '../../classifiers/saved.ts';
import { M2TaskConfig } from './config.ts';
import { openM2 } from './open-m2.ts';
import { asM2, type M2TaskModel, type TaskModel } from './task-model.ts';

const FORMAT = 'genal m2 task model 1';

const ModelFile = z.strictObject({ format: z.literal(FORMAT), config: M2TaskConfig, ...modelFields });

/** Writes a task model to a folder, made if it does not exist. Nothing is disposed. */
export async function saveTaskModel(dir: string, model: TaskModel): Promise<void> {
  const m2 = asM2(model);
  if (m2 !== undefined) await writeModelFiles(dir, FORMAT, m2);
  else await saveClassifier(dir, model as Exclude<TaskModel, M2TaskModel>);
}

/**
 * Reads what {@link saveTaskModel} wrote; the scores are the same to the last bit.
 *
 * @param kind of the task model
 * @returns a model the caller disposes
 * @throws the file system's error if a file is missing; RangeError if one is damaged or they do not belong together
 */
export async function loadTaskModel(dir: string, kind: TaskModel['config']['kind']): Promise<TaskModel> {
  if (kind !== 'm2') return loadClassifier(dir);
  const { described, tensors, weightsFile } = await readModelFiles(dir, ModelFile);
  try {
    return openM2(described.config, described, described.training, tensors);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`${weightsFile}: ${error.message}`, { cause: error });
  }
}
