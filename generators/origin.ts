/**
 * What a saved training or model came from, and whether that is what is asked for now.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type ImageShape, imageSize } from '../src/datasets/dataset.ts';
import type { Stream } from '../src/random.ts';
import { GeneratorConfig } from './config.ts';

/** Version of `model.json` and of checkpoints; raised when either changes. */
export const FORMAT_VERSION = 1;

/** Everything a training's result depends on. */
export const Origin = z.strictObject({
  format: z.literal(FORMAT_VERSION).describe('Version of the folder format'),
  config: GeneratorConfig,
  shape: z.tuple([z.int().min(1), z.int().min(1), z.int().min(1)]).describe('[height, width, channels]'),
  images: z.strictObject({
    count: z.int().min(1).describe('Training images'),
    sha256: z.string().describe('Of their bytes'),
  }),
  labelled: z
    .strictObject({
      count: z.int().min(1).describe('Labelled images beside the others'),
      sha256: z.string().describe('Of their bytes, then of their labels'),
    })
    .optional(),
  stream: z.int().describe('First 32 bits of a stream below the one trained with: tells seeds apart'),
});

export type Origin = z.output<typeof Origin>;

/** What opening a model takes: its origin, of which a model that was trained elsewhere knows config and shape alone. */
export const Description = Origin.partial({ images: true, stream: true });

export type Description = z.output<typeof Description>;

/** What a generator is trained on. */
export interface TrainingData {
  readonly shape: ImageShape;
  /** `[n, height, width, channels]`; of a model that takes labels those without one. */
  readonly images: Uint8Array;
  /** Of a model that takes labels, and of no other: images and the class of each, in [0, classes). */
  readonly labelled?: { readonly images: Uint8Array; readonly labels: Uint8Array } | undefined;
}

/** The origin of a training of `config` on `data`. Draws nothing from `stream`. */
export function originOf(
  config: GeneratorConfig,
  { images, shape, labelled }: TrainingData,
  stream: Stream,
): Origin {
  return {
    format: FORMAT_VERSION,
    config,
    shape: [...shape],
    images: {
      count: images.length / imageSize(shape),
      sha256: createHash('sha256').update(images).digest('hex'),
    },
    ...(labelled && {
      labelled: {
        count: labelled.labels.length,
        sha256: createHash('sha256').update(labelled.images).update(labelled.labels).digest('hex'),
      },
    }),
    stream: stream.of('origin').bits(),
  };
}

/** What differs, one `key: saved X, asked Y` each, by the config's keys first. */
export function differences(saved: Origin, asked: Origin): string[] {
  const [before, after] = [flat(saved), flat(asked)];
  const keys = new Set([...Object.keys(after), ...Object.keys(before)]);
  return [...keys].flatMap((key) => {
    const [old, now] = [JSON.stringify(before[key]), JSON.stringify(after[key])];
    return old === now ? [] : [`${key}: saved ${old ?? 'none'}, asked ${now ?? 'none'}`];
  });
}

function flat({ config, shape, images, labelled, stream }: Origin): Record<string, unknown> {
  return {
    ...config,
    shape,
    'images.count': images.count,
    'images.sha256': images.sha256,
    'labelled.count': labelled?.count,
    'labelled.sha256': labelled?.sha256,
    stream,
  };
}
