/**
 * The folder of a trained generator: `model.json`, what it is and came from, and `weights.safetensors`, its
 * variables. `model.json` is written last, so a folder that has it is complete.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../src/atomic-write.ts';
import { decodeSafetensors, encodeSafetensors, type FloatTensor } from '../src/safetensors.ts';
import { FORMAT_VERSION, Origin } from './origin.ts';

const MODEL = 'model.json';
const WEIGHTS = 'weights.safetensors';

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
 * What the finished model in the folder came from, or undefined if there is none.
 *
 * @throws RangeError if `model.json` is not one of this version
 */
export async function readOrigin(dir: string): Promise<Origin | undefined> {
  const file = path.join(dir, MODEL);
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  return parseOrigin(text.toString('utf8'), file);
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
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new RangeError(`${file}: expected JSON, got something else`);
  }
  const version = z.object({ format: z.unknown() }).safeParse(parsed).data?.format;
  if (version !== FORMAT_VERSION) {
    throw new RangeError(
      `${file}: expected format version ${FORMAT_VERSION}, got ${JSON.stringify(version) ?? 'none'}`,
    );
  }
  const origin = Origin.safeParse(parsed);
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
