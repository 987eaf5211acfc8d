/**
 * A classifier that learnt from labels alone, saved in a folder: see `model-files.ts`.
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { ImageShape } from '../datasets/dataset.ts';
import { rootStream } from '../random.ts';
import type { FloatTensor } from '../safetensors.ts';
import type { TrainedClassifier } from './classifier.ts';
import { ClassifierConfig } from './config.ts';
import { linearSvm } from './linear-svm.ts';
import { modelFields, readModelFiles, writeModelFiles } from './model-files.ts';
import { buildNetwork, trained } from './train-network.ts';

const FORMAT = 'genal classifier 1';

const ModelFile = z.strictObject({ format: z.literal(FORMAT), config: ClassifierConfig, ...modelFields });

/** Writes a classifier to a folder, made if it does not exist. Nothing is disposed. */
export async function saveClassifier(dir: string, classifier: TrainedClassifier): Promise<void> {
  await writeModelFiles(dir, FORMAT, classifier);
}

/**
 * Reads what {@link saveClassifier} wrote; the scores are the same to the last bit.
 *
 * @returns a classifier the caller disposes
 * @throws the file system's error if a file is missing; RangeError if one is damaged or they do not belong together
 */
export async function loadClassifier(dir: string): Promise<TrainedClassifier> {
  const { described, tensors, weightsFile } = await readModelFiles(dir, ModelFile);
  const { config, shape, classes, training } = described;
  if (config.kind === 'linear-svm') {
    const size = shape[0] * shape[1] * shape[2];
    const weights = weightOf(tensors, 'svm/kernel', [size, classes], weightsFile);
    return linearSvm(config, training, shape, weights, weightOf(tensors, 'svm/bias', [classes], weightsFile));
  }
  // Any stream will do: every initial weight is overwritten.
  const network = buildNetwork(config, shape satisfies ImageShape, classes, rootStream(1));
  try {
    for (const [name, variable] of Object.entries(network.variables)) {
      const values = weightOf(tensors, name, variable.shape, weightsFile);
      tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
    }
  } catch (error) {
    network.dispose();
    throw error;
  }
  return trained(config, network, training);
}

function weightOf(
  tensors: ReadonlyMap<string, FloatTensor>,
  name: string,
  shape: readonly number[],
  file: string,
): Float32Array {
  const tensor = tensors.get(name);
  if (tensor === undefined || tensor.shape.join() !== shape.join()) {
    const got = tensor === undefined ? 'none' : `[${tensor.shape.join(', ')}]`;
    throw new RangeError(`${file}: expected ${name} of shape [${shape.join(', ')}], got ${got}`);
  }
  return tensor.values;
}
