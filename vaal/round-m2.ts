/**
 * The M2 of a round, and what it says of images.
 */
import * as tf from '@tensorflow/tfjs';
import type { Round } from '../src/acquisition/strategy.ts';
import { asM2, type M2TaskModel } from '../src/acquisition/task-model/task-model.ts';
import { trainM2 } from '../src/acquisition/task-model/train-m2.ts';
import { predictedClasses, probabilities } from '../src/classifiers/predict.ts';
import { type ImageRows, splitRows, unlabelledRows } from './image-rows.ts';
import type { RoundM2Config } from './round-m2-config.ts';
import { inBlocks } from './round-model.ts';

/** What M2 says of images, `n` rows of each, row-major. */
export interface M2Table {
  readonly n: number;
  readonly latentSize: number;
  readonly classes: number;
  /** `[n, latentSize]`: means of `q(z|x, y)` at the likeliest class. */
  readonly latents: Float32Array;
  /** `[n, classes]`: `q(y|x)`. */
  readonly probs: Float32Array;
  /** `[n]`: likeliest classes. */
  readonly predicted: Uint8Array;
}

/** What M2 says of a round's images. */
export interface RoundTables {
  /** In the order of the pool's candidates. */
  readonly pool: M2Table;
  readonly labelled: M2Table;
}

/**
 * Calls back with the round's M2: the task model, or one that is trained on the round's images with streams below `m2` and
 * freed afterwards.
 *
 * @throws Error if no options of an own M2 are given and the task model is none
 */
export async function withRoundM2<Result>(
  round: Round,
  { m2: own }: RoundM2Config,
  action: (model: M2TaskModel) => Promise<Result>,
): Promise<Result> {
  if (own === undefined) {
    const shared = asM2(round.classifier);
    if (shared === undefined) {
      throw new Error(
        `withRoundM2.round.classifier: expected m2, or "m2" options, got ${round.classifier.config.kind}`,
      );
    }
    return action(shared);
  }
  const { pool, labelled, stream } = round;
  const trained = await trainM2({ kind: 'm2', ...own }, labelled, pool, {
    shape: pool.shape,
    classes: pool.classes,
    weights: stream.of('m2', 'weights'),
    order: stream.of('m2', 'order'),
  });
  try {
    return await action(trained);
  } finally {
    trained.dispose();
  }
}

/**
 * Tables of a round's candidates and labelled images, in inference mode. Memory: 4 bytes a number of the tables, and one
 * block of 128 images.
 *
 * @throws Error if a number is not finite
 */
export async function roundTables(model: M2TaskModel, { pool, labelled }: Round): Promise<RoundTables> {
  return {
    pool: await tableOf(model, unlabelledRows(pool)),
    labelled: await tableOf(model, splitRows(labelled, pool.shape)),
  };
}

async function tableOf(model: M2TaskModel, images: ImageRows): Promise<M2Table> {
  const { m2, shape, classes } = model;
  const { latentSize } = m2;
  const n = images.count;
  const latents = new Float32Array(n * latentSize);
  const logits = new Float32Array(n * classes);
  const columns = latentSize + classes;
  const inOne = (block: tf.Tensor4D) =>
    tf.tidy(() => {
      const scores = m2.classify(block);
      const likeliest = tf.cast(tf.argMax(scores, 1), 'int32') as tf.Tensor1D;
      return tf.concat2d([m2.encode(block, likeliest), scores], 1);
    });
  const rows = Array.from({ length: n }, (_, row) => row);
  await inBlocks(images, rows, shape, undefined, inOne, (values, first) => {
    const broken = values.findIndex((value) => !Number.isFinite(value));
    if (broken >= 0) {
      const image = first + Math.floor(broken / columns);
      throw new Error(
        `roundTables.model: expected finite codes and scores, got ${values[broken]} for image ${image}`,
      );
    }
    for (let i = 0; i < values.length / columns; i++) {
      const row = values.subarray(i * columns, (i + 1) * columns);
      latents.set(row.subarray(0, latentSize), (first + i) * latentSize);
      logits.set(row.subarray(latentSize), (first + i) * classes);
    }
  });
  const predicted = predictedClasses(logits, classes);
  return { n, latentSize, classes, latents, probs: probabilities(logits, classes), predicted };
}
