/**
 * Fitted principal components as a folder: `weights.safetensors`, and `model.json` with what they are and how they
 * were fitted. `model.json` is written last and names the weights by their hash, so a folder is whole or refused.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../../src/atomic-write.ts';
import { decodeSafetensors, type FloatTensor } from '../../src/safetensors.ts';
import { PcaConfig } from './config.ts';
import { type PcaFeatures, pcaFeatures } from './pca.ts';

const ModelFile = z.strictObject({
  format: z.literal('genal pca 1'),
  config: PcaConfig,
  shape: z.tuple([z.int().min(1), z.int().min(1), z.int().min(1)]),
  fit: z.strictObject({
    n: z.int().min(2),
    eigenvalues: z.array(z.number().positive()).min(1),
    totalVariance: z.number().positive(),
    shortfall: z.string().nullable(),
  }),
  weightsSha256: z.string().regex(/^[0-9a-f]{64}$/),
});
type ModelFile = z.output<typeof ModelFile>;

/** Writes the map to a folder, made if it does not exist. Nothing is disposed. */
export async function savePca(dir: string, pca: PcaFeatures): Promise<void> {
  const model: ModelFile = {
    format: 'genal pca 1',
    config: pca.config,
    shape: [...pca.shape],
    fit: { ...pca.fit, eigenvalues: [...pca.fit.eigenvalues] },
    weightsSha256: pca.version,
  };
  await mkdir(dir, { recursive: true });
  await writeFileAtomic(path.join(dir, 'weights.safetensors'), pca.weights());
  await writeFileAtomic(path.join(dir, 'model.json'), `${JSON.stringify(model, null, 2)}\n`);
}

/**
 * Reads what {@link savePca} wrote: the same version, and features that are the same to the last bit.
 *
 * @returns a map the caller disposes
 * @throws the file system's error if a file is missing; RangeError if one is damaged or they do not belong together
 */
export async function loadPca(dir: string): Promise<PcaFeatures> {
  const modelFile = path.join(dir, 'model.json');
  const weightsFile = path.join(dir, 'weights.safetensors');
  const { config, shape, fit, weightsSha256 } = parseModel(await readFile(modelFile, 'utf8'), modelFile);
  const bytes = await readFile(weightsFile);
  if (createHash('sha256').update(bytes).digest('hex') !== weightsSha256) {
    throw new RangeError(`${weightsFile}: expected the weights ${modelFile} was written with, got others`);
  }
  const { tensors } = decodeSafetensors(bytes, weightsFile);
  const size = fit.eigenvalues.length;
  return pcaFeatures(
    config,
    shape,
    {
      mean: valuesOf(tensors, 'mean', shape, weightsFile),
      components: valuesOf(tensors, 'components', [size, ...shape], weightsFile),
      scale: valuesOf(tensors, 'scale', [size], weightsFile),
    },
    fit,
  );
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
    throw new RangeError(`${file}: expected saved components, got\n${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

function valuesOf(
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
