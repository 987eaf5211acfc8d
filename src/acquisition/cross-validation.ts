/**
 * What the task model says of labelled images that it was not trained on.
 */
import { predictedClasses, scoreImages } from '../classifiers/predict.ts';
import { trainClassifier } from '../classifiers/train.ts';
import { gatherImages, type Split } from '../datasets/dataset.ts';
import type { Stream } from '../random.ts';
import type { TaskModel } from './task-model/task-model.ts';

/**
 * The class that each labelled image is given by a task model trained on those of the other folds, `[n]`. Cost: a training a fold
 * that has images, by the one routine.
 *
 * @param foldOf `[n]`: the fold of each image; they are at least two
 * @throws Error if the task model is not one that learns from labels alone
 */
export async function crossValidated(
  { config, classes, shape }: TaskModel,
  labelled: Split,
  foldOf: readonly number[],
  stream: Stream,
): Promise<Uint8Array> {
  if (config.kind === 'm2') {
    throw new Error('crossValidated.model: expected one that learns from labels alone, got m2');
  }
  const predicted = new Uint8Array(labelled.n);
  for (const fold of [...new Set(foldOf)].sort((a, b) => a - b)) {
    const rows = [...predicted.keys()];
    const kept = rows.filter((row) => foldOf[row] !== fold);
    const left = rows.filter((row) => foldOf[row] === fold);
    const own = stream.of('fold', fold);
    const model = await trainClassifier(config, splitOf(labelled, kept), {
      shape,
      classes,
      weights: own.of('weights'),
      order: own.of('order'),
    });
    try {
      const scores = await scoreImages(model, gatherImages(labelled.images, shape, left));
      predictedClasses(scores, classes).forEach((label, at) => {
        predicted[left[at] as number] = label;
      });
    } finally {
      model.dispose();
    }
  }
  return predicted;

  function splitOf({ images, labels }: Split, rows: readonly number[]): Split {
    return {
      images: gatherImages(images, shape, rows),
      labels: Uint8Array.from(rows, (row) => labels[row] as number),
      n: rows.length,
    };
  }
}
