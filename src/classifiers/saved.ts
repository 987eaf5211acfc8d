/**
 * A trained classifier as a folder: `weights.safetensors`, and `model.json` with what it is and how it was
 * trained. `model.json` is written last and names the weights by their hash, so a folder is whole or refused.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { writeFileAtomic } from '../atomic-write.ts';
import type { ImageShape } from '../datasets/dataset.ts';
import { rootStream } from '../random.ts';
import { decodeSafetensors, encodeSafetensors, type FloatTensor } from '../safetensors.ts';
import type { TrainedClassifier } from './classifier.ts';
import { ClassifierConfig } from './config.ts';
import { linearSvm } from './linear-svm.ts';
import { buildNetwork, trained } from './train-network.ts';

const ModelFile = z.strictObject({
  format: z.literal('genal classifier 1'),
  config: ClassifierConfig,
  shape: z.tuple([z.int().min(1), z.int().min(1), z.int().min(1)]),
  classes: z.int().min(2).max(256),
  training: z.strictObject({
    labels: z.int().min(1),
    updates: z.int().min(1),
    objective: z.number(),
    dualityGap: z.number().nullable(),
  }),
  weightsSha256: z.string().regex(/^[0-9a-f]{64}$/),
});
type ModelFile = z.output<typeof ModelFile>;

/** Writes a classifier to a folder, made if it does not exist. Nothing is disposed. */
export async function saveClassifier(dir: string, classifier: TrainedClassifier): Promise<void> {
  const tensors = new Map<string, FloatTensor>();
  for (const [name, tensor] of classifier.weights()) {
    tensors.set(name, { shape: tensor.shape, values: await tensor.data<'float32'>() });
  }
  const bytes = encodeSafetensors(tensors);
  const model: ModelFile = {
    format: 'genal classifier 1',
    config: classifier.config,
    shape: [...classifier.shape],
    classes: classifier.classes,
    training: classifier.training,
    weightsSha256: sha256(bytes),
  };
  await mkdir(dir, { recursive: true });
  await writeFileAtomic(path.join(dir, 'weights.safetensors'), bytes);
  await writeFileAtomic(path.join(dir, 'model.json'), `${JSON.stringify(model, null, 2)}\n`);
}

/**
 * Reads what {@link saveClassifier} wrote; the scores are the same to the last bit.
 *
 * @returns a classifier the caller disposes
 * @throws the file system's error if a file is missing; RangeError if one is damaged or they do not belong together
 */
export async function loadClassifier(dir: string): Promise<TrainedClassifier> {
  const modelFile = path.join(dir, 'model.json');
  const weightsFile = path.join(dir, 'weights.safetensors');
  const { config, shape, classes, training, weightsSha256 } = parseModel(
    await readFile(modelFile, 'utf8'),
    modelFile,
  );
  const bytes = await readFile(weightsFile);
  if (sha256(bytes) !== weightsSha256) {
    throw new RangeError(`${weightsFile}: expected the weights ${modelFile} was written with, got others`);
  }
  const { tensors } = decodeSafetensors(bytes, weightsFile);
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

function parseModel(text: string, file: string): ModelFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new RangeError(`${file}: expected JSON, got something else`);
  }
  const parsed = ModelFile.safeParse(json);
  if (!parsed.success) {
    throw new RangeError(`${file}: expected a saved classifier, got\n${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
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

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
