/**
 * The one training routine of all strategies: same task model, same number of steps, same initial weights and
 * data order, and the last weights, never the best ones by some held-out set.
 */
import type { ImageShape, Split } from '../datasets/dataset.ts';
import { imageSize } from '../datasets/dataset.ts';
import type { Stream } from '../random.ts';
import type { FloatTensor } from '../safetensors.ts';
import { checkInteger } from '../shapes.ts';
import type { TrainedClassifier } from './classifier.ts';
import type { ClassifierConfig } from './config.ts';
import { trainLinearSvm } from './linear-svm.ts';
import { trainNetwork } from './train-network.ts';

export interface TrainOptions {
  readonly shape: ImageShape;
  readonly classes: number;
  /** Initial weights of a network; a linear SVM starts at 0 and has no use for it. */
  readonly weights: Stream;
  /**
   * Values that take the place of a network's drawn first weights, by the names of {@link TrainedClassifier.weights}; the rest
   * is drawn.
   */
  readonly start?: ReadonlyMap<string, FloatTensor>;
  /** Order in which labelled images are visited. */
  readonly order: Stream;
  /** Rows of a network's mini-batches, one after the other without end; {@link miniBatches} of all rows if left out. */
  readonly batches?: Iterator<readonly number[], never>;
  /** Called now and then. It changes nothing about the result. */
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Stops the training between two steps; nothing is left behind. */
  readonly signal?: AbortSignal;
}

export interface TrainProgress {
  /** Steps done: mini-batches of a network, hyperplanes of a linear SVM. */
  readonly update: number;
  /** Steps in all. */
  readonly updates: number;
  /** What is being minimised, as in {@link TrainedClassifier.training}, of the last step alone. */
  readonly objective: number;
}

/**
 * Trains a task model from scratch. A pure function: neither stream moves, and the same inputs give the same
 * classifier to the last bit on one machine and backend, whatever else the process holds.
 *
 * @param labelled may be smaller than a mini-batch, and may lack classes
 * @returns a classifier the caller disposes
 * @throws RangeError if there are no labels, or images, labels and classes disagree; the signal's reason if it
 *   is aborted; Error if the loss stops being finite
 */
export async function trainClassifier(
  config: ClassifierConfig,
  labelled: Split,
  options: TrainOptions,
): Promise<TrainedClassifier> {
  checkLabelled('trainClassifier', labelled, options);
  options.signal?.throwIfAborted();
  if (config.kind !== 'linear-svm') return trainNetwork(config, labelled, options);
  const { onProgress } = options;
  return trainLinearSvm(config, labelled, {
    ...options,
    ...(onProgress && {
      onHyperplane: (done, of, objective) => onProgress({ update: done, updates: of, objective }),
    }),
  });
}

/**
 * Throws unless a split can be learnt from.
 *
 * @param name function whose arguments these are
 * @throws RangeError if there are no labels, or images, labels and classes disagree
 */
export function checkLabelled(
  name: string,
  { images, labels, n }: Split,
  { shape, classes }: Pick<TrainOptions, 'shape' | 'classes'>,
): void {
  checkInteger(`${name}.classes`, classes, 2);
  checkInteger(`${name}.labelled.n`, n, 1);
  if (labels.length !== n) {
    throw new RangeError(`${name}.labelled.labels: expected ${n} labels, got ${labels.length}`);
  }
  if (images.length !== n * imageSize(shape)) {
    throw new RangeError(
      `${name}.labelled.images: expected ${n} images of [${shape.join(', ')}], got ${images.length} bytes`,
    );
  }
  const unknown = labels.find((label) => label >= classes);
  if (unknown !== undefined) {
    throw new RangeError(`${name}.labelled.labels: expected classes in [0, ${classes}), got ${unknown}`);
  }
}
