/**
 * Images of a saved generator as it was before its training: the mark that its figures are measured from.
 */
import { rootStream, type Stream } from '../src/random.ts';
import { readOrigin } from './model-folder.ts';
import { sampleImages } from './sample.ts';
import { modelOf } from './zoo.ts';

/**
 * Images of a fresh model of the same config, with first weights of a fixed seed.
 *
 * @param dir of a model of the zoo with a prior
 * @param stream of the latents
 * @returns bytes `[count, height, width, channels]`, or undefined if the folder holds no model of the zoo
 */
export async function untrainedImages(
  dir: string,
  count: number,
  stream: Stream,
): Promise<Uint8Array | undefined> {
  const origin = await readOrigin(dir);
  if (origin === undefined) return undefined;
  const { config, shape } = origin;
  // The numbers of images weigh losses, which nobody asks for here.
  const counts = { images: 1, labelled: 1 };
  const model = modelOf(config).train(config, shape, counts, rootStream(1).of('untrained'));
  try {
    return await sampleImages(model.sampler, count, stream);
  } finally {
    model.dispose();
  }
}
