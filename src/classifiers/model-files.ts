/**
 * A trained model as two files: `weights.safetensors`, and `model.json` with what it is and how it was trained. `model.json`
 * is written last and names the weights by their hash, so a folder is whole or refused.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../atomic-write.ts';
import { decodeSafetensors, encodeSafetensors, type FloatTensor } from '../safetensors.ts';
import type { TrainedModel } from './classifier.ts';

/** What `model.json` holds of every model, beside its format and its config. */
export const modelFields = {
  shape: z.tuple([z.int().min(1), z.int().min(1), z.int().min(1)]),
  classes: z.int().min(2).max(256),
  training: z.strictObject({
    labels: z.int().min(1),
    updates: z.int().min(1),
    objective: z.number(),
    dualityGap: z.number().nullable(),
  }),
  weightsSha256: z.string().regex(/^[0-9a-f]{64}$/),
};

/** Writes a model to a folder, made if it does not exist. Nothing is disposed. */
export async function writeModelFiles(dir: string, format: string, model: TrainedModel): Promise<void> {
  const tensors = new Map<string, FloatTensor>();
  for (const [name, tensor] of model.weights()) {
    tensors.set(name, { shape: tensor.shape, values: await tensor.data<'float32'>() });
  }
  const { config, shape, classes, training } = model;
  await writeFiles(dir, { format, config, shape: [...shape], classes, training }, tensors);
}

/**
 * Writes the two files: the tensors, then what is said of them.
 *
 * @param described of `model.json`, the hash of the weights aside
 */
export async function writeFiles(
  dir: string,
  described: object,
  tensors: ReadonlyMap<string, FloatTensor>,
): Promise<void> {
  const bytes = encodeSafetensors(tensors);
  const whole = { ...described, weightsSha256: sha256(bytes) };
  await mkdir(dir, { recursive: true });
  await writeFileAtomic(path.join(dir, 'weights.safetensors'), bytes);
  await writeFileAtomic(path.join(dir, 'model.json'), `${JSON.stringify(whole, null, 2)}\n`);
}

/** What {@link readModelFiles} finds. */
export interface ModelFiles<Described> {
  readonly described: Described;
  readonly tensors: ReadonlyMap<string, FloatTensor>;
  /** Path of the weights, for messages. */
  readonly weightsFile: string;
}

/**
 * Reads what {@link writeModelFiles} or {@link writeFiles} wrote.
 *
 * @param schema of `model.json`
 * @throws the file system's error if a file is missing; RangeError if one is damaged or they do not belong together
 */
export async function readModelFiles<Described extends { readonly weightsSha256: string }>(
  dir: string,
  schema: z.ZodType<Described>,
): Promise<ModelFiles<Described>> {
  const modelFile = path.join(dir, 'model.json');
  const weightsFile = path.join(dir, 'weights.safetensors');
  const described = parseModel(await readFile(modelFile, 'utf8'), modelFile, schema);
  const bytes = await readFile(weightsFile);
  if (sha256(bytes) !== described.weightsSha256) {
    throw new RangeError(`${weightsFile}: expected the weights ${modelFile} was written with, got others`);
  }
  return { described, tensors: decodeSafetensors(bytes, weightsFile).tensors, weightsFile };
}

function parseModel<Described>(text: string, file: string, schema: z.ZodType<Described>): Described {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new RangeError(`${file}: expected JSON, got something else`);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new RangeError(`${file}: expected a saved classifier, got\n${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
