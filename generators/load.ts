/**
 * A trained generator from its folder.
 */
import type { Generator } from './generator.ts';
import { openSaved } from './model.ts';
import { readOrigin, readWeights } from './model-folder.ts';
import { readCheckpoint } from './training-folder.ts';
import { modelOf } from './zoo.ts';

/**
 * The trained generator in a folder that {@link trainGenerator} wrote. The caller disposes it.
 *
 * @throws RangeError if there is none, it is not finished, or its files do not fit each other
 */
export async function loadGenerator(dir: string): Promise<Generator> {
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
