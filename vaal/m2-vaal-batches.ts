/**
 * The batches of labelled and unlabelled images that M2 and its discriminator see.
 */
import * as tf from '@tensorflow/tfjs';
import { augmentImages } from '../generators/m2-augment.ts';
import type { M2Config } from '../generators/m2-config.ts';
import type { M2Batch } from '../generators/m2-step.ts';
import type { Stream } from '../src/random.ts';
import { endlessBatches, imagesOf } from './image-rows.ts';
import type { VaalImages } from './round-model.ts';

/** Calls back with the next batch, and frees it afterwards. */
export type WithBatch = (action: (batch: M2Batch) => Promise<void>) => Promise<void>;

/**
 * Batches without end, changed as `augment` says.
 *
 * @param stream `labelled`, `unlabelled` (orders) and `augment` (by number) below it are drawn from
 */
export function m2VaalBatches(
  config: Pick<M2Config, 'labelledBatch' | 'batch' | 'augment'>,
  { shape, labelled, unlabelled }: VaalImages,
  stream: Stream,
): WithBatch {
  const knownRows = endlessBatches(labelled.rows, config.labelledBatch, stream.of('labelled'));
  const otherRows = endlessBatches(unlabelled.rows, config.batch, stream.of('unlabelled'));
  let drawn = 0;
  const nextBatch = (): M2Batch => {
    const rows = knownRows(drawn);
    const draws = stream.of('augment', drawn);
    const augmented = (images: tf.Tensor4D, name: string) => {
      const changed = augmentImages(images, config.augment, draws.of(name));
      images.dispose();
      return changed;
    };
    const batch = {
      labelled: augmented(imagesOf(labelled.images, rows, shape), 'labelled'),
      labels: tf.tensor1d(
        rows.map((row) => labelled.labels[row] as number),
        'int32',
      ),
      unlabelled: augmented(imagesOf(unlabelled.images, otherRows(drawn), shape), 'unlabelled'),
    };
    drawn++;
    return batch;
  };
  return async (action) => {
    const batch = nextBatch();
    try {
      await action(batch);
    } finally {
      tf.dispose(batch as unknown as tf.TensorContainer);
    }
  };
}
