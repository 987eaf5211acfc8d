/**
 * A pre-trained body in a folder: `weights.safetensors`, and `model.json` with how it was made, written last.
 */
import { z } from 'zod';
import { ClassifierConfig } from '../../classifiers/config.ts';
import { modelFields, readModelFiles, writeFiles } from '../../classifiers/model-files.ts';
import type { FloatTensor } from '../../safetensors.ts';
import { DeepClusterConfig } from './config.ts';
import type { PretrainedBody } from './deep-cluster.ts';

const FORMAT = 'genal pre-trained body 1';

const BodyFile = z.strictObject({
  format: z.literal(FORMAT),
  classifier: ClassifierConfig,
  pretraining: DeepClusterConfig,
  shape: modelFields.shape,
  images: z.int().min(1),
  epochs: z.array(
    z.strictObject({
      clusters: z.int().min(1),
      agreement: z.number().min(0).max(1).nullable(),
      loss: z.number(),
    }),
  ),
  weightsSha256: modelFields.weightsSha256,
});

/** What a body was made of. */
export interface BodyOrigin {
  readonly classifier: ClassifierConfig;
  readonly pretraining: DeepClusterConfig;
  readonly shape: readonly [height: number, width: number, channels: number];
  /** Images it was made from. */
  readonly images: number;
}

/** Writes a body to a folder, made if it does not exist; the same bytes for the same body. */
export async function saveBody(
  dir: string,
  { weights, epochs }: Pick<PretrainedBody, 'weights' | 'epochs'>,
  origin: BodyOrigin,
): Promise<void> {
  await writeFiles(dir, { format: FORMAT, ...origin, shape: [...origin.shape], epochs }, weights);
}

/**
 * The weights that {@link saveBody} wrote.
 *
 * @throws the file system's error if a file is missing; RangeError if one is damaged or they do not belong together
 */
export async function loadBody(dir: string): Promise<ReadonlyMap<string, FloatTensor>> {
  return (await readModelFiles(dir, BodyFile)).tensors;
}
