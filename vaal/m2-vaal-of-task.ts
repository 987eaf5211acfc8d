/**
 * M2-VAAL on the task model: a discriminator alone, of the codes of an M2 that is trained already.
 */

import type { M2Batch } from '../generators/m2-step.ts';
import type { M2TaskModel } from '../src/acquisition/task-model/task-model.ts';
import { graphStep } from '../src/backend/graph-step.ts';
import type { Stream } from '../src/random.ts';
import { m2VaalBatches } from './m2-vaal-batches.ts';
import type { M2VaalConfig } from './m2-vaal-config.ts';
import { codeModel } from './m2-vaal-model.ts';
import {
  codeDiscriminatorUpdate,
  createCodeDiscriminator,
  disposeCodeDiscriminator,
} from './m2-vaal-step.ts';
import { checkImages, settleLosses, type VaalImages } from './round-model.ts';
import type { TellingModel } from './select-least-labelled.ts';

/**
 * Trains a discriminator for as many steps as the task model was, with batches of the same sizes and the same random changes,
 * on codes in inference mode. The task model stays as it is. It has learnt the labels of all images, so that the pools may look
 * more unlike each other than those of images that it does not know.
 *
 * @param stream `weights`, `labelled`, `unlabelled` and `augment` below it are drawn from
 * @returns a model the caller disposes; the task model stays
 * @throws RangeError if one of the two has no rows; Error naming the step if the loss stops being finite
 */
export async function trainTaskM2Vaal(
  options: M2VaalConfig,
  task: M2TaskModel,
  images: VaalImages,
  stream: Stream,
): Promise<TellingModel> {
  checkImages('trainTaskM2Vaal', images);
  const { updates: steps } = task.training;
  const sizes = { latentSize: task.m2.latentSize, classes: task.classes };
  const training = createCodeDiscriminator(task.parts, sizes, options, stream.of('weights'));
  const withBatch = m2VaalBatches(task.config, images, stream);
  const update = graphStep((batch: Pick<M2Batch, 'labelled' | 'unlabelled'>) => ({
    loss: codeDiscriminatorUpdate(training, batch, { by: 'running' }),
  }));
  try {
    for (let step = 1; step <= steps; step++) {
      for (let i = 0; i < options.discriminatorSteps; i++) {
        await withBatch(({ labelled, unlabelled }) =>
          settleLosses(update({ labelled, unlabelled }), { name: 'trainTaskM2Vaal', step, steps }),
        );
      }
    }
    return codeModel(sizes, training, images, () => disposeCodeDiscriminator(training));
  } catch (error) {
    disposeCodeDiscriminator(training);
    throw error;
  } finally {
    update.dispose();
  }
}
