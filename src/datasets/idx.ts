/**
 * IDX files, the format of MNIST and Fashion-MNIST, gzip or not.
 *
 * Layout: a big-endian word 0x000008RR (08 = unsigned bytes, RR = rank), one big-endian word for each size,
 * then the values, row-major. Images have rank 3 (count, height, width), labels rank 1.
 * Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", file format section.
 */
import { basename } from 'node:path';

import type { Dataset, Split } from './dataset.ts';
import { DatasetError, datasetError } from './dataset-error.ts';
import { checkLabels } from './labels.ts';
import { findVariant, readBytes } from './read-bytes.ts';

/** The four files of an IDX data set: the standard name first, then the common variant with a dot. */
export const IDX_FILES = {
  trainImages: ['train-images-idx3-ubyte', 'train-images.idx3-ubyte'],
  trainLabels: ['train-labels-idx1-ubyte', 'train-labels.idx1-ubyte'],
  testImages: ['t10k-images-idx3-ubyte', 't10k-images.idx3-ubyte'],
  testLabels: ['t10k-labels-idx1-ubyte', 't10k-labels.idx1-ubyte'],
} as const;

/** Images of an IDX file, one channel. */
export interface IdxImages {
  /** `[n, height, width, 1]`, 0 to 255. */
  readonly images: Uint8Array;
  readonly n: number;
  readonly height: number;
  readonly width: number;
}

/** What an {@link readIdxFolder} reads and checks. */
export interface IdxFolderOptions {
  /** Name of the data set. */
  readonly name: string;
  readonly classNames: readonly string[];
  /** Height and width the images must have; any, if left out. */
  readonly size?: readonly [height: number, width: number];
}

/**
 * The data set of a folder that holds the four files of {@link IDX_FILES}, each plain or `.gz`.
 *
 * DatasetError if one is missing, damaged, empty, of another size than the options say or than its pair.
 */
export async function readIdxFolder(folder: string, options: IdxFolderOptions): Promise<Dataset> {
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all([
    requireIdxFile(folder, IDX_FILES.trainImages),
    requireIdxFile(folder, IDX_FILES.trainLabels),
    requireIdxFile(folder, IDX_FILES.testImages),
    requireIdxFile(folder, IDX_FILES.testLabels),
  ]);
  const classes = options.classNames.length;
  const [train, test] = await Promise.all([
    readIdxSplit(trainImages, trainLabels, classes),
    readIdxSplit(testImages, testLabels, classes),
  ]);
  const [height, width] = options.size ?? [train.height, train.width];
  checkSize(trainImages, train, height, width);
  checkSize(testImages, test, height, width);
  return {
    name: options.name,
    shape: [height, width, 1],
    classNames: options.classNames,
    train: { images: train.images, labels: train.labels, n: train.n },
    test: { images: test.images, labels: test.labels, n: test.n },
  };
}

/**
 * Images and their labels from a pair of files.
 *
 * @param classes labels must be below this
 */
export async function readIdxSplit(
  imagesPath: string,
  labelsPath: string,
  classes: number,
): Promise<Split & { readonly height: number; readonly width: number }> {
  const [images, labels] = await Promise.all([readIdxImages(imagesPath), readIdxLabels(labelsPath)]);
  if (images.n !== labels.length) {
    throw new DatasetError(
      `${labelsPath}: expected ${images.n} labels, one for each image of ${basename(imagesPath)}, got ${labels.length}`,
    );
  }
  checkLabels(labelsPath, labels, classes);
  return { images: images.images, labels, n: images.n, height: images.height, width: images.width };
}

/** The images of an IDX file of rank 3. */
export async function readIdxImages(path: string): Promise<IdxImages> {
  const { sizes, values } = parseIdx(path, await readBytes(path), 3);
  const [n, height, width] = sizes as [number, number, number];
  return { images: values, n, height, width };
}

/** The labels `[n]` of an IDX file of rank 1. */
export async function readIdxLabels(path: string): Promise<Uint8Array> {
  return parseIdx(path, await readBytes(path), 1).values;
}

/** The sizes an IDX header states. DatasetError unless it is the header of unsigned bytes of this rank. */
export function parseIdxHeader(path: string, bytes: Uint8Array, rank: number): number[] {
  const header = 4 + 4 * rank;
  if (bytes.length < header) throw datasetError(path, `an IDX header of ${header} bytes`, `${bytes.length}`);
  const words = new DataView(bytes.buffer, bytes.byteOffset, header);
  const magic = words.getUint32(0);
  if (magic !== 0x800 + rank) {
    throw datasetError(path, `the IDX magic number ${hex(0x800 + rank)}`, hex(magic));
  }
  return Array.from({ length: rank }, (_, axis) => words.getUint32(4 + 4 * axis));
}

async function requireIdxFile(folder: string, names: readonly [string, string]): Promise<string> {
  const path = await findVariant(folder, names);
  if (path === null) throw datasetError(folder, `a file ${names[0]} or ${names[0]}.gz`, 'none');
  return path;
}

function checkSize(
  path: string,
  images: { readonly height: number; readonly width: number },
  height: number,
  width: number,
): void {
  if (images.height !== height || images.width !== width) {
    throw datasetError(path, `images of ${height} x ${width} pixels`, `${images.height} x ${images.width}`);
  }
}

function parseIdx(path: string, bytes: Uint8Array, rank: number): { sizes: number[]; values: Uint8Array } {
  const sizes = parseIdxHeader(path, bytes, rank);
  if (sizes.some((size) => size === 0)) {
    throw datasetError(path, 'at least one item', `sizes ${sizes.join(' x ')}`);
  }
  const header = 4 + 4 * rank;
  const expected = header + sizes.reduce((product, size) => product * size, 1);
  if (bytes.length !== expected) {
    throw datasetError(path, `${expected} bytes for sizes ${sizes.join(' x ')}`, `${bytes.length}`);
  }
  return { sizes, values: bytes.subarray(header) };
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, '0')}`;
}
