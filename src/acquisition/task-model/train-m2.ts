/**
 * Training M2 from scratch on the labelled images and on the images, never the labels, of the rest of the pool.
 */
import * as tf from '@tensorflow/tfjs';
import { m2Model } from '../../../generators/m2.ts';
import type { StepBatch } from '../../../generators/trainable.ts';
import type { TrainOptions } from '../../classifiers/train.ts';
import { checkLabelled } from '../../classifiers/train.ts';
import { miniBatches } from '../../classifiers/train-network.ts';
import { batchOf, imageTensor, type Split } from '../../datasets/dataset.ts';
import { checkInteger, type PoolIndex } from '../../shapes.ts';
import { type M2TaskConfig, stepsOn } from './config.ts';
import { openM2, ownOptions } from './open-m2.ts';
import type { M2TaskModel } from './task-model.ts';

/** Progress is told about this many times a training. */
const REPORTS = 50;
/** Steps between two turns of the event loop, for timers and signals. */
const STEPS_A_TURN = 8;

/** The images of the pool that have no label; a pool's labels are not in it. */
export interface UnlabelledImages {
  /** Their rows. */
  readonly candidates: readonly PoolIndex[];
  /** Bytes `[rows, height, width, channels]` of some of them. */
  bytes(rows: readonly PoolIndex[]): Uint8Array;
}

/**
 * Trains M2 for the steps that {@link stepsOn} says. A pure function of its arguments, as `trainClassifier` is. Every row is drawn equally
 * often to within one, labelled and unlabelled ones in orders of their own, and either may be fewer than a batch.
 *
 * Streams: first weights below `weights`; orders and the noise of each step below `order`.
 *
 * @returns a model the caller disposes; its `objective` is M2's weighted loss of the last step, in nats
 * @throws RangeError if there are no labelled or no unlabelled images, if images, labels and classes disagree, or the
 *   networks cannot make images of this shape; the signal's reason if it is aborted; Error if the loss stops being finite
 */
export async function trainM2(
  config: M2TaskConfig,
  labelled: Split,
  unlabelled: UnlabelledImages,
  { shape, classes, weights, order, onProgress, signal }: TrainOptions,
): Promise<M2TaskModel> {
  checkLabelled('trainM2', labelled, { shape, classes });
  const { candidates } = unlabelled;
  checkInteger('trainM2.unlabelled.candidates.length', candidates.length, 1);
  signal?.throwIfAborted();
  const steps = stepsOn(config, labelled.n);
  const counts = { images: candidates.length, labelled: labelled.n };
  const training = m2Model.train(ownOptions({ ...config, steps }, classes), shape, counts, weights);
  const knownRows = miniBatches(labelled.n, config.labelledBatch, order.of('labelled'));
  const otherRows = miniBatches(candidates.length, config.batch, order.of('unlabelled'));
  const nextBatch = (): StepBatch => {
    const rows = knownRows.next().value;
    const others = otherRows.next().value.map((row) => candidates[row] as PoolIndex);
    return {
      images: imageTensor(unlabelled.bytes(others), shape),
      labelled: {
        images: batchOf(labelled, shape, rows),
        labels: tf.tensor1d(
          Int32Array.from(rows, (row) => labelled.labels[row] as number),
          'int32',
        ),
      },
    };
  };
  const reportEvery = Math.max(1, Math.floor(steps / REPORTS));
  let objective = Number.NaN;
  try {
    for (let step = 1; step <= steps; step++) {
      signal?.throwIfAborted();
      const batch = nextBatch();
      const losses = training.step(batch, order.of('step', step));
      tf.dispose(batch as unknown as tf.TensorContainer);
      const reads = step % reportEvery === 0 || step === steps;
      if (reads) objective = (await (losses.loss as tf.Scalar).data())[0] as number;
      tf.dispose({ ...losses });
      if (!reads) {
        if (step % STEPS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
        continue;
      }
      if (!Number.isFinite(objective)) {
        throw new Error(
          `trainM2.config.learningRate: expected one that keeps the loss finite, got ${config.learningRate} with a ` +
            `loss of ${objective} after ${step} steps`,
        );
      }
      onProgress?.({ update: step, updates: steps, objective });
    }
    const report = { labels: labelled.n, updates: steps, objective, dualityGap: null };
    return openM2(config, { shape, classes }, report, await training.weights());
  } finally {
    training.dispose();
  }
}
