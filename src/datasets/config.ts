/**
 * Which data set, and how much of it: the part of every config that `loadDataset` reads.
 */
import { z } from 'zod';

const seed = z.int().min(1).max(2_147_483_647).default(1);

const part = {
  classes: z
    .array(z.int().min(0))
    .min(2)
    .optional()
    .describe('Classes to keep, relabelled 0, 1, ... in the order given; all if left out'),
  trainLimit: z
    .int()
    .min(1)
    .optional()
    .describe('At most this many training images: the first ones, after classes are chosen, without a draw'),
  testLimit: z
    .int()
    .min(1)
    .optional()
    .describe('At most this many test images: the first ones, after classes are chosen, without a draw'),
};

/** A data set by name; `name` decides which other fields there are. */
export const DatasetConfig = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('mnist').describe('Handwritten digits, 28 x 28 grey, 60,000 and 10,000 images'),
    ...part,
  }),
  z.strictObject({
    name: z.literal('fashion-mnist').describe('Clothes, 28 x 28 grey, 60,000 and 10,000 images'),
    ...part,
  }),
  z.strictObject({
    name: z.literal('cifar-10').describe('Animals and vehicles, 32 x 32 RGB, 50,000 and 10,000 images'),
    ...part,
  }),
  z.strictObject({
    name: z.literal('cifar-100').describe('A hundred kinds of things, 32 x 32 RGB, 50,000 and 10,000 images'),
    coarse: z.boolean().default(false).describe('The 20 coarse classes instead of the 100 fine ones'),
    ...part,
  }),
  z.strictObject({
    name: z.literal('digits').describe('Digits drawn on the spot, 28 x 28 grey; needs no files'),
    trainSize: z
      .int()
      .min(1)
      .max(200_000)
      .default(10_000)
      .describe('Training images drawn, before classes are chosen'),
    testSize: z
      .int()
      .min(1)
      .max(200_000)
      .default(2_000)
      .describe('Test images drawn, before classes are chosen'),
    difficulty: z
      .number()
      .min(0)
      .max(2)
      .default(1)
      .describe('How much the digits vary: 0 is print, 1 the default, 2 hard to read'),
    seed: seed.describe('Root seed of the drawings'),
    ...part,
  }),
  z.strictObject({
    name: z.literal('folder').describe('Images in folders, one a class; train/ and test/ above them or not'),
    path: z.string().min(1).describe('The folder'),
    height: z
      .int()
      .min(1)
      .max(1024)
      .default(32)
      .describe('Pixels; every image is resized and cropped to this'),
    width: z
      .int()
      .min(1)
      .max(1024)
      .default(32)
      .describe('Pixels; every image is resized and cropped to this'),
    channels: z
      .union([z.literal(1), z.literal(3)])
      .default(3)
      .describe('1 for grey, 3 for RGB'),
    testFraction: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.2)
      .describe('Part of each class held out for the test, where there is no test/ folder'),
    seed: seed.describe('Root seed of the split and of the order of the rows'),
    ...part,
  }),
]);

/** A parsed {@link DatasetConfig}, defaults written out. */
export type DatasetConfig = z.output<typeof DatasetConfig>;

/** What {@link DatasetConfig} parses: fields with a default may be left out. */
export type DatasetConfigInput = z.input<typeof DatasetConfig>;
