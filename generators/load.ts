/**
 * A generator from its folder, whoever trained it: a model of the zoo, or one of TensorFlow.js layers.
 */
import type { Generator } from './generator.ts';
import { openLayersModel } from './layers-model.ts';
import { readLayersFolder } from './layers-model-files.ts';
import { openSaved } from './model.ts';
import { isLayersModel, MODEL_FILES, readModelJson, readOrigin, readWeights } from './model-folder.ts';
import { readCheckpoint } from './training-folder.ts';
import { modelOf } from './zoo.ts';

/**
 * The generator in a folder that {@link trainGenerator} wrote, or that holds the weights of a model of the zoo trained
 * elsewhere, or a layers model of TensorFlow.js. `docs/own-generators.md` says what the latter two consist of. The
 * caller disposes it.
 *
 * @throws RangeError if there is none, it is not finished, or its files do not fit each other
 */
export async function loadGenerator(dir: string): Promise<Generator> {
  const read = await readModelJson(dir);
  if (read && isLayersModel(read.json)) return openLayersModel(await readLayersFolder(dir));
  const origin = await readOrigin(dir);
  if (origin === undefined) {
    const checkpoint = await readCheckpoint(dir);
    const got = checkpoint
      ? `one whose training stands at step ${checkpoint.step} of ${checkpoint.origin.config.steps}`
      : 'none';
    throw new RangeError(`loadGenerator.dir: expected a trained generator in ${dir}, got ${got}`);
  }
  const weights = await readWeights(dir);
  try {
    return openSaved(modelOf(origin.config), origin.config, origin.shape, weights);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RangeError(`loadGenerator.dir: expected weights of the model in ${dir}: ${reason}`, {
      cause: error,
    });
  }
}

/**
 * Paths, below the folder, of the files that {@link loadGenerator} reads; `model.json` is the last.
 *
 * @throws RangeError if the folder holds a layers model with a file missing
 */
export async function generatorFiles(dir: string): Promise<readonly string[]> {
  const read = await readModelJson(dir);
  return read && isLayersModel(read.json) ? (await readLayersFolder(dir)).files : MODEL_FILES;
}
