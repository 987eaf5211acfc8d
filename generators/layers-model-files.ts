/**
 * The files of a model that TensorFlow.js saved as layers: `model.json`, its topology and the list of its weights, and
 * the shards that hold them; beside them `genal.json`, what genal needs to know and the model does not say.
 *
 * Source: the TensorFlow.js layers format, `ModelJSON` and `WeightsManifestConfig` of tfjs-core's `io/types.ts`.
 * Differs: read with plain file IO, and no path may lead out of the folder.
 */
import path from 'node:path';
import type * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { parseJson, readIfThere } from './model-folder.ts';

const MODEL = 'model.json';
const OPTIONS = 'genal.json';

const modelFile = z.string().min(1).optional();

/** What a user says about a layers model, in `genal.json`; all of it may be left out. */
export const LayersOptions = z.strictObject({
  range: z
    .tuple([z.literal([-1, 0]), z.literal(1)])
    .default([-1, 1])
    .describe('Of the pixels that the generator makes and the other models take'),
  discriminator: modelFile.describe('Its model.json, from images to one score, the higher the more real'),
  classifier: modelFile.describe('Its model.json, from images to the logits of classes'),
  encoder: modelFile.describe('Its model.json, from images to latents'),
});

export type LayersOptions = z.output<typeof LayersOptions>;

/** Other models than the generator itself. */
export const SIDE_MODELS = ['discriminator', 'classifier', 'encoder'] as const;

/** One saved model. */
export interface LayersFiles {
  /** Path of its `model.json`. */
  readonly file: string;
  /** What `tf.loadLayersModel` takes. */
  readonly artifacts: tf.io.ModelArtifacts;
  /** Paths of its shards. */
  readonly shards: readonly string[];
}

/** All that a folder holds of a generator. */
export interface LayersFolder {
  readonly options: LayersOptions;
  readonly generator: LayersFiles;
  readonly sides: Readonly<Partial<Record<(typeof SIDE_MODELS)[number], LayersFiles>>>;
  /** Paths of all files read, below the folder; `model.json` is the last. */
  readonly files: readonly string[];
}

/** The checked part of `model.json`; topologies are TensorFlow.js's own matter. */
const ModelJson = z.object({
  format: z.literal('layers-model').optional(),
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: z.array(
    z.object({
      paths: z.array(z.string()),
      weights: z.array(
        z.looseObject({
          name: z.string(),
          shape: z.array(z.int().min(0)),
          dtype: z.enum(['float32', 'int32', 'bool']),
          quantization: z.looseObject({ dtype: z.enum(['uint8', 'uint16', 'float16']) }).optional(),
        }),
      ),
    }),
  ),
});

const BYTES = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 } as const;

/**
 * Reads everything in a folder whose `model.json` is a layers model's.
 *
 * @throws RangeError if a file is missing, not as it should be, or outside the folder
 */
export async function readLayersFolder(dir: string): Promise<LayersFolder> {
  const optionsFile = path.join(dir, OPTIONS);
  const text = await readIfThere(optionsFile);
  const parsed = LayersOptions.safeParse(text ? parseJson(text.toString('utf8'), optionsFile) : {});
  if (!parsed.success) throw new RangeError(`${optionsFile}: ${faultsOf(parsed.error)}`);
  const options = parsed.data;
  const sides: Partial<Record<(typeof SIDE_MODELS)[number], LayersFiles>> = {};
  for (const side of SIDE_MODELS) {
    const file = options[side];
    if (file !== undefined) sides[side] = await readLayersFiles(pathBelow(dir, file, optionsFile));
  }
  const generator = await readLayersFiles(path.join(dir, MODEL));
  const read = [...Object.values(sides), generator].flatMap(({ file, shards }) => [...shards, file]);
  const files = [...(text ? [optionsFile] : []), ...read].map((file) => path.relative(dir, file));
  return { options, generator, sides, files: [...new Set(files)] };
}

async function readLayersFiles(file: string): Promise<LayersFiles> {
  const text = await readIfThere(file);
  if (text === undefined) throw new RangeError(`${file}: expected a layers model, got no such file`);
  const parsed = ModelJson.safeParse(parseJson(text.toString('utf8'), file));
  if (!parsed.success) {
    throw new RangeError(`${file}: expected a layers model of TensorFlow.js; ${faultsOf(parsed.error)}`);
  }
  const { modelTopology, weightsManifest } = parsed.data;
  const shards: string[] = [];
  const pieces: Buffer[] = [];
  for (const { paths, weights } of weightsManifest) {
    const group: Buffer[] = [];
    for (const shard of paths) {
      const place = pathBelow(path.dirname(file), shard, file);
      const bytes = await readIfThere(place);
      if (bytes === undefined)
        throw new RangeError(`${place}: expected weights of ${file}, got no such file`);
      shards.push(place);
      group.push(bytes);
    }
    const expected = weights.reduce((sum, weight) => sum + bytesOf(weight), 0);
    const got = group.reduce((sum, bytes) => sum + bytes.length, 0);
    if (got !== expected) {
      throw new RangeError(`${file}: expected ${expected} bytes in ${paths.join(', ')}, got ${got}`);
    }
    pieces.push(...group);
  }
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights) as tf.io.WeightsManifestEntry[];
  // A buffer of its own: a small one of Node's is a window into a pool.
  const weightData = Uint8Array.from(Buffer.concat(pieces)).buffer;
  return { file, artifacts: { modelTopology, weightSpecs, weightData }, shards };
}

function bytesOf({
  shape,
  dtype,
  quantization,
}: z.output<typeof ModelJson>['weightsManifest'][number]['weights'][number]): number {
  return shape.reduce((size, length) => size * length, BYTES[quantization?.dtype ?? dtype]);
}

/** `relative` from `dir` on, which must not lead out of it; `file` is where it is written. */
function pathBelow(dir: string, relative: string, file: string): string {
  const place = path.join(dir, relative);
  const way = path.relative(dir, place);
  if (path.isAbsolute(relative) || way === '..' || way.startsWith(`..${path.sep}`)) {
    throw new RangeError(`${file}: expected paths within its folder, got ${JSON.stringify(relative)}`);
  }
  return place;
}

function faultsOf({ issues }: z.ZodError): string {
  return issues.map(({ path: keys, message }) => `${keys.join('.') || 'all of it'}: ${message}`).join('; ');
}
