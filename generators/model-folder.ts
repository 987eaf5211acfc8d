/**
 * The folder of a trained generator: `model.json`, what it is and came from, and `weights.safetensors`, its
 * variables. `model.json` is written last, so a folder that has it is complete. One that was trained elsewhere need
 * not say on what.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../src/atomic-write.ts';
import { decodeSafetensors, encodeSafetensors, type FloatTensor } from '../src/safetensors.ts';
import { Description, FORMAT_VERSION, Origin } from './origin.ts';

const MODEL = 'model.json';
const WEIGHTS = 'weights.safetensors';

/** The files of such a folder, in the order in which they are written. */
export const MODEL_FILES: readonly string[] = [WEIGHTS, MODEL];

/** Saves a finished model. */
export async function writeModelFolder(
  dir: string,
  origin: Origin,
  weights: ReadonlyMap<string, FloatTensor>,
): Promise<void> {
  await writeFileAtomic(path.join(dir, WEIGHTS), encodeSafetensors(weights, { kind: origin.config.kind }));
  await writeFileAtomic(path.join(dir, MODEL), `${JSON.stringify(origin, null, 2)}\n`);
}

/**
 * What the model of the zoo in the folder is, and what it came from if that is known; undefined if there is none.
 *
 * @throws RangeError if `model.json` is neither one of this version nor a TensorFlow.js layers model's
 */
export async function readOrigin(dir: string): Promise<Description | undefined> {
  const read = await readModelJson(dir);
  if (read === undefined || isLayersModel(read.json)) return undefined;
  return parseAs(Description, read.json, read.file);
}

/**
 * What the training that left the folder's model was of, or undefined if there is no model.
 *
 * @throws RangeError if there is a model that no training of ours left
 */
export async function readTraining(dir: string): Promise<Origin | undefined> {
  if ((await readModelJson(dir)) === undefined) return undefined;
  const origin = Origin.safeParse(await readOrigin(dir));
  if (!origin.success) {
    throw new RangeError(
      `trainGenerator.dir: expected ${dir} to be free or to hold this training, got a model that was trained elsewhere`,
    );
  }
  return origin.data;
}

/**
 * The value of the folder's `model.json`, whatever wrote it, or undefined if there is none.
 *
 * @throws RangeError if it is not JSON
 */
export async function readModelJson(
  dir: string,
): Promise<{ readonly file: string; readonly json: unknown } | undefined> {
  const file = path.join(dir, MODEL);
  const text = await readIfThere(file);
  return text && { file, json: parseJson(text.toString('utf8'), file) };
}

/** Whether a `model.json` is a TensorFlow.js layers model's, by its own fields. */
export function isLayersModel(json: unknown): boolean {
  const { data } = z.object({ format: z.unknown(), modelTopology: z.unknown() }).safeParse(json);
  // The first converters named no format.
  return data?.format === 'layers-model' || (data?.format === undefined && data?.modelTopology !== undefined);
}

/**
 * The variables of the finished model in the folder.
 *
 * @throws RangeError if the file is missing or broken
 */
export async function readWeights(dir: string): Promise<ReadonlyMap<string, FloatTensor>> {
  const file = path.join(dir, WEIGHTS);
  const bytes = await readIfThere(file);
  if (bytes === undefined) throw new RangeError(`${file}: expected the model's weights, got no such file`);
  return decodeSafetensors(bytes, file).tensors;
}

/**
 * The origin that a file's text holds.
 *
 * @param file what to call the text in errors
 */
export function parseOrigin(text: string, file: string): Origin {
  return parseAs(Origin, parseJson(text, file), file);
}

/** The value of a JSON text; RangeError naming the file if it is none. */
export function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RangeError(`${file}: expected JSON, got something else`);
  }
}

function parseAs<Schema extends z.ZodType>(schema: Schema, parsed: unknown, file: string): z.output<Schema> {
  const version = z.object({ format: z.unknown() }).safeParse(parsed).data?.format;
  if (version !== FORMAT_VERSION) {
    throw new RangeError(
      `${file}: expected format version ${FORMAT_VERSION}, got ${JSON.stringify(version) ?? 'none'}`,
    );
  }
  const origin = schema.safeParse(parsed);
  if (!origin.success) {
    const faults = origin.error.issues.map(({ path: keys, message }) => `${keys.join('.')}: ${message}`);
    throw new RangeError(`${file}: expected a generator's description; ${faults.join('; ')}`);
  }
  return origin.data;
}

/** The bytes of a file, or undefined if it does not exist. */
export async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
