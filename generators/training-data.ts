/**
 * What a training may be given, and which of it each step sees.
 */
import * as tf from '@tensorflow/tfjs';
import { gatherImages, imageSize, imageTensor } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import type { GeneratorConfig } from './config.ts';
import { epochOrder } from './epoch-order.ts';
import type { TrainingData } from './origin.ts';
import type { StepBatch } from './trainable.ts';
import { checkTrainable, takesLabels } from './zoo.ts';

/**
 * @throws RangeError if the model cannot be trained on the data: too few images, labels missing, out of range or not
 *   wanted, images of a shape that it cannot make
 */
export function checkTrainingData(config: GeneratorConfig, { images, shape, labelled }: TrainingData): void {
  const size = imageSize(shape);
  if (images.length % size !== 0) {
    throw new RangeError(
      `trainGenerator.data.images: expected whole images of ${size} bytes, got ${images.length} bytes`,
    );
  }
  const { kind } = config;
  if (takesLabels(kind) && labelled === undefined) {
    throw new RangeError(
      `trainGenerator.data.labelled: expected images with labels, since ${kind} learns from them, got none`,
    );
  }
  if (!takesLabels(kind) && labelled !== undefined) {
    throw new RangeError(
      `trainGenerator.data.labelled: expected none, since ${kind} learns from no labels, got ${labelled.labels.length} images`,
    );
  }
  if (labelled && labelled.images.length !== labelled.labels.length * size) {
    throw new RangeError(
      `trainGenerator.data.labelled: expected ${labelled.labels.length} images of ${size} bytes, one a label, got ` +
        `${labelled.images.length} bytes`,
    );
  }
  checkTrainable(config, shape, {
    images: images.length / size,
    labelled: labelled?.labels.length ?? 0,
  });
  if (config.kind !== 'm2' || labelled === undefined) return;
  const wrong = labelled.labels.find((label) => label >= config.classes);
  if (wrong !== undefined) {
    throw new RangeError(
      `trainGenerator.data.labelled.labels: expected labels in [0, ${config.classes}), got ${wrong}`,
    );
  }
}

/** The batches of any step; all epochs of images, and of labelled images, have orders of their own. */
export class StepBatches {
  readonly #data: TrainingData;
  readonly #batchesPerStep: number;
  readonly #rows: (batch: number) => readonly number[];
  readonly #labelledRows: (batch: number) => readonly number[];

  /** @param stream orders come from streams below it */
  constructor(config: GeneratorConfig, data: TrainingData, batchesPerStep: number, stream: Stream) {
    this.#data = data;
    this.#batchesPerStep = batchesPerStep;
    this.#rows = epochOrder(data.images.length / imageSize(data.shape), config.batch, stream);
    const labelled = data.labelled?.labels.length ?? 0;
    const batch = config.kind === 'm2' ? config.labelledBatch : 0;
    this.#labelledRows = epochOrder(labelled, batch, stream.of('labelled'));
  }

  /** What step `step`, counted from 1, sees; the caller disposes all tensors. Quickest when steps come in order. */
  at(step: number): StepBatch {
    const { images, shape, labelled } = this.#data;
    const first = (step - 1) * this.#batchesPerStep + 1;
    const rows = Array.from({ length: this.#batchesPerStep }, (_, i) => this.#rows(first + i)).flat();
    const batch = imageTensor(gatherImages(images, shape, rows), shape);
    if (labelled === undefined) return { images: batch };
    const known = this.#labelledRows(step);
    return {
      images: batch,
      labelled: {
        images: imageTensor(gatherImages(labelled.images, shape, known), shape),
        labels: tf.tensor1d(
          known.map((row) => labelled.labels[row] as number),
          'int32',
        ),
      },
    };
  }
}
