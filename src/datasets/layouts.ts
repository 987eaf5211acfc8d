/**
 * The data sets that lie in files of their own format: where in a data folder, in which files, and their
 * reader.
 */
import { join } from 'node:path';

import { CIFAR_SHAPE, readCifar10, readCifar100 } from './cifar.ts';
import { CIFAR_10_CLASSES, CIFAR_100_FINE_CLASSES } from './cifar-classes.ts';
import type { Dataset, ImageShape } from './dataset.ts';
import { DIGITS_CLASSES, DIGITS_SHAPE } from './digits.ts';
import { IDX_FILES, parseIdxHeader, readIdxFolder } from './idx.ts';
import { exists, findVariant, peekBytes } from './read-bytes.ts';

/** Data sets with files of their own. */
export type FileDatasetName = 'mnist' | 'fashion-mnist' | 'cifar-10' | 'cifar-100';

/** Names one file may go by; `.gz` may follow each. */
type FileNames = readonly [string, ...string[]];

export interface Layout {
  readonly name: FileDatasetName;
  /** Folder below a data folder. */
  readonly folder: string;
  readonly shape: ImageShape;
  readonly classNames: readonly string[];
  /** Training files; at least one must be there, or all where `allTrain` says so. */
  readonly train: readonly FileNames[];
  readonly test: readonly FileNames[];
  readonly allTrain: boolean;
  /** Images in a file, told from its header or its size. */
  readonly countImages: (path: string) => Promise<number>;
  readonly read: (folder: string, options: { readonly coarse?: boolean }) => Promise<Dataset>;
}

/** Where a data set was found, or what was there instead. */
export interface Location {
  /** The data set's own folder; null if no data folder holds all it needs. */
  readonly folder: string | null;
  /** The files found in it. */
  readonly trainFiles: readonly string[];
  readonly testFiles: readonly string[];
  /** Folders that hold a part of the set, each with the files it lacks. */
  readonly incomplete: readonly string[];
}

export const FASHION_MNIST_CLASSES: readonly string[] = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

export const LAYOUTS: Readonly<Record<FileDatasetName, Layout>> = {
  mnist: idxLayout('mnist', DIGITS_CLASSES),
  'fashion-mnist': idxLayout('fashion-mnist', FASHION_MNIST_CLASSES),
  'cifar-10': {
    name: 'cifar-10',
    folder: 'cifar-10-batches-bin',
    shape: CIFAR_SHAPE,
    classNames: CIFAR_10_CLASSES,
    train: [1, 2, 3, 4, 5].map((batch) => [`data_batch_${batch}.bin`]),
    test: [['test_batch.bin']],
    allTrain: false,
    countImages: async (path) => Math.floor((await peekBytes(path, 0)).size / 3073),
    read: (folder) => readCifar10(folder),
  },
  'cifar-100': {
    name: 'cifar-100',
    folder: 'cifar-100-binary',
    shape: CIFAR_SHAPE,
    classNames: CIFAR_100_FINE_CLASSES,
    train: [['train.bin']],
    test: [['test.bin']],
    allTrain: true,
    countImages: async (path) => Math.floor((await peekBytes(path, 0)).size / 3074),
    read: (folder, options) => readCifar100(folder, options),
  },
};

/** The first of `dataDirs` that holds all files of a data set. */
export async function locate(layout: Layout, dataDirs: readonly string[]): Promise<Location> {
  const incomplete: string[] = [];
  for (const dir of dataDirs) {
    const folder = join(dir, layout.folder);
    if (!(await exists(folder))) continue;
    const train = await findAll(folder, layout.train);
    const test = await findAll(folder, layout.test);
    const trainSuffices = layout.allTrain ? train.missing.length === 0 : train.found.length > 0;
    if (trainSuffices && test.missing.length === 0) {
      return { folder, trainFiles: train.found, testFiles: test.found, incomplete };
    }
    const missing = [...(trainSuffices ? [] : train.missing), ...test.missing];
    incomplete.push(`${folder} (without ${missing.join(', ')})`);
  }
  return { folder: null, trainFiles: [], testFiles: [], incomplete };
}

async function findAll(folder: string, files: readonly FileNames[]) {
  const paths = await Promise.all(files.map((names) => findVariant(folder, names)));
  return {
    found: paths.filter((path) => path !== null),
    missing: files.filter((_, file) => paths[file] === null).map(([name]) => name),
  };
}

function idxLayout(name: 'mnist' | 'fashion-mnist', classNames: readonly string[]): Layout {
  return {
    name,
    folder: name,
    shape: DIGITS_SHAPE,
    classNames,
    train: [IDX_FILES.trainImages, IDX_FILES.trainLabels],
    test: [IDX_FILES.testImages, IDX_FILES.testLabels],
    allTrain: true,
    countImages: countIdxImages,
    read: (folder) => readIdxFolder(folder, { name, classNames, size: [28, 28] }),
  };
}

/** Images of an IDX file by its header; none for a file of labels. */
async function countIdxImages(path: string): Promise<number> {
  if (path.includes('idx1')) return 0;
  const { head } = await peekBytes(path, 16);
  return parseIdxHeader(path, head, 3)[0] as number;
}
