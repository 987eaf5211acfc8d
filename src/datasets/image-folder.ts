/**
 * Images in folders, one folder a class, of any size and the usual formats.
 *
 * Either `<path>/train/<class>/*` and `<path>/test/<class>/*`, or `<path>/<class>/*`, of which a part of each
 * class is held out for the test. Classes are in the order of their names' code points ("10" before "2").
 * Rows are in a random order that depends on the seed and the file names alone, so the first rows of a split
 * hold all classes.
 */
import { readdir, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, extname, join, resolve } from 'node:path';
import sharp from 'sharp';

import { rootStream, type Stream } from '../random.ts';
import { checkInteger } from '../shapes.ts';
import { type Dataset, type ImageShape, imageSize, type Split } from './dataset.ts';
import { datasetError, errorCode } from './dataset-error.ts';

const READABLE = new Set(['.png', '.jpg', '.jpeg', '.webp', '.gif', '.tif', '.tiff', '.avif']);

export interface ImageFolderOptions {
  /** Pixels. */
  readonly height: number;
  readonly width: number;
  /** 1 for grey, 3 for RGB. */
  readonly channels: 1 | 3;
  /** Part of each class held out for the test, in (0, 1), at least one image; unused if there is a test/ folder. */
  readonly testFraction?: number;
  /** Root seed of the split and of the order of the rows. */
  readonly seed?: number;
}

/** One image and its class. */
interface LabelledFile {
  readonly path: string;
  readonly label: number;
}

/** The classes below a folder and their image files, both sorted. */
interface ClassFolders {
  readonly names: readonly string[];
  readonly files: readonly (readonly string[])[];
  /** Files of other kinds, left out. */
  readonly ignored: readonly string[];
}

/**
 * Reads a folder of images as a data set.
 *
 * Each image is turned as its EXIF says, scaled to cover `height` x `width` with its proportions kept, and
 * cropped around the centre. Transparent parts become white. Of an animation the first frame is read. Hidden
 * files are skipped; files of other kinds are left out and counted in the data set's `notes`.
 *
 * DatasetError if there are fewer than two classes, a class has no images (or one, where it is to be split),
 * train/ and test/ disagree about the classes, or an image cannot be read.
 */
export async function readImageFolder(
  path: string,
  { height, width, channels, testFraction = 0.2, seed = 1 }: ImageFolderOptions,
): Promise<Dataset> {
  checkInteger('readImageFolder.height', height, 1);
  checkInteger('readImageFolder.width', width, 1);
  if (!(testFraction > 0 && testFraction < 1)) {
    throw new RangeError(`readImageFolder.testFraction: expected a number in (0, 1), got ${testFraction}`);
  }
  const stream = rootStream(seed).of('folder');
  const shape: ImageShape = [height, width, channels];
  const { classNames, train, test, ignored } = await planSplits(path, testFraction, stream);
  return {
    name: basename(resolve(path)),
    shape,
    classNames,
    train: await decodeAll(stream.of('order', 'train').shuffle(train), shape),
    test: await decodeAll(stream.of('order', 'test').shuffle(test), shape),
    ...(ignored.length > 0 && { notes: [describeIgnored(ignored)] }),
  };
}

/** Which file is in which split, in a fixed order. */
async function planSplits(path: string, testFraction: number, stream: Stream) {
  const inside = await subfolders(path);
  if (inside.includes('train') && inside.includes('test')) {
    const train = await readClassFolders(join(path, 'train'));
    const test = await readClassFolders(join(path, 'test'));
    if (train.names.join('/') !== test.names.join('/')) {
      throw datasetError(
        join(path, 'test'),
        `the classes of train/ (${train.names.join(', ')})`,
        test.names.join(', '),
      );
    }
    return {
      classNames: train.names,
      train: labelFiles(train.files),
      test: labelFiles(test.files),
      ignored: [...train.ignored, ...test.ignored],
    };
  }
  const { names, files, ignored } = await readClassFolders(path);
  const shuffled = files.map((ofClass, label) => stream.of('split', names[label] as string).shuffle(ofClass));
  const held = shuffled.map((ofClass, label) => {
    if (ofClass.length < 2) {
      throw datasetError(
        join(path, names[label] as string),
        'two images or more, to train and to test on',
        '1',
      );
    }
    return Math.max(1, Math.min(ofClass.length - 1, Math.round(testFraction * ofClass.length)));
  });
  return {
    classNames: names,
    train: labelFiles(shuffled.map((ofClass, label) => ofClass.slice(held[label]))),
    test: labelFiles(shuffled.map((ofClass, label) => ofClass.slice(0, held[label]))),
    ignored,
  };
}

async function readClassFolders(path: string): Promise<ClassFolders> {
  const names = await subfolders(path);
  if (names.length < 2 || names.length > 256) {
    throw datasetError(path, '2 to 256 folders, one for each class', `${names.length}`);
  }
  const ignored: string[] = [];
  const files: string[][] = [];
  for (const name of names) {
    const entries = await visibleEntries(join(path, name));
    const images = entries.filter((entry) => READABLE.has(extname(entry).toLowerCase()));
    ignored.push(...entries.filter((entry) => !images.includes(entry)));
    if (images.length === 0) {
      throw datasetError(
        join(path, name),
        `images (${[...READABLE].join(' ')})`,
        `${entries.length} other files`,
      );
    }
    files.push(images.map((entry) => join(path, name, entry)));
  }
  return { names, files, ignored };
}

async function subfolders(path: string): Promise<string[]> {
  const entries = await visibleEntries(path);
  // Not by directory entry: a link to a folder counts as one.
  const folders = await Promise.all(
    entries.map(async (entry) => (await stat(join(path, entry))).isDirectory()),
  );
  return entries.filter((_, row) => folders[row]);
}

/** Names in a folder without the hidden ones, by code point: the same order on every system. */
async function visibleEntries(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path);
    return entries.filter((entry) => !entry.startsWith('.')).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  } catch (error) {
    throw datasetError(path, 'a readable folder', errorCode(error) ?? String(error), error);
  }
}

function labelFiles(files: readonly (readonly string[])[]): LabelledFile[] {
  return files.flatMap((ofClass, label) => ofClass.map((path) => ({ path, label })));
}

/** Decodes all files, several at a time; the row of a file does not depend on which is done first. */
async function decodeAll(files: readonly LabelledFile[], shape: ImageShape): Promise<Split> {
  const size = imageSize(shape);
  const images = new Uint8Array(files.length * size);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < files.length) {
      const row = next++;
      images.set(await decode((files[row] as LabelledFile).path, shape), row * size);
    }
  };
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, work));
  return { images, labels: Uint8Array.from(files, ({ label }) => label), n: files.length };
}

async function decode(path: string, [height, width, channels]: ImageShape): Promise<Uint8Array> {
  try {
    const { data, info } = await sharp(path)
      .autoOrient()
      .flatten({ background: '#ffffff' })
      .resize(width, height, { fit: 'cover' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== channels) throw new Error(`${info.channels} channels`);
    return data;
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw datasetError(path, 'a readable image', `an error of the decoder: ${reason}`, error);
  }
}

function describeIgnored(ignored: readonly string[]): string {
  const kinds = [...new Set(ignored.map((name) => extname(name).toLowerCase() || 'no ending'))].sort();
  return `${ignored.length} entries that are no images of a known kind were left out (${kinds.join(', ')})`;
}
