/**
 * Data sets by name: where to look for them, loading one, and listing what is there.
 */
import { resolve } from 'node:path';
import { cacheDirectory, type Surroundings } from '../cache-directory.ts';
import type { DatasetConfig } from './config.ts';
import { type Dataset, type ImageShape, imageSize, type Split, selectClasses } from './dataset.ts';
import { DatasetError } from './dataset-error.ts';
import { DIGITS_CLASSES, DIGITS_SHAPE, digitsDataset } from './digits.ts';
import { type FileDatasetName, LAYOUTS, type Layout, locate } from './layouts.ts';

/** One line of `genal data list`. */
export interface DatasetListing {
  readonly name: 'digits' | FileDatasetName;
  /** Drawn on the spot, so it needs no files. */
  readonly builtIn: boolean;
  /** Folder that holds all files needed; null if there is none, or if it is built in. */
  readonly folder: string | null;
  /** Full paths of the files found there. */
  readonly files: readonly string[];
  /** By the files' headers or sizes, unread; for a built-in set its default size; null if not found. */
  readonly trainImages: number | null;
  readonly testImages: number | null;
  readonly classes: number;
  readonly shape: ImageShape;
  /** What is wrong with it, one sentence; null if nothing is, or if it is not there at all. */
  readonly problem: string | null;
}

/**
 * The data set a config names, with its classes chosen and its limits applied, in this order.
 *
 * A limit keeps the first rows as they come: no draw, so two experiments with the same limit share their
 * images.
 *
 * @param dataDirs folders to look in, first match wins; see {@link dataDirectories}
 * @throws DatasetError if it is not found (with where it was looked for) or its files are damaged
 * @throws RangeError if a class does not exist
 */
export async function loadDataset(
  spec: DatasetConfig,
  { dataDirs }: { readonly dataDirs: readonly string[] },
): Promise<Dataset> {
  const whole = await loadWhole(spec, dataDirs);
  const dataset = spec.classes === undefined ? whole : selectClasses(whole, spec.classes);
  for (const name of ['train', 'test'] as const) {
    if (dataset[name].n === 0) {
      throw new DatasetError(
        `${dataset.name}: expected ${name} images of classes [${spec.classes}], got none`,
      );
    }
  }
  return {
    ...dataset,
    train: takeFirst(dataset.train, dataset.shape, spec.trainLimit),
    test: takeFirst(dataset.test, dataset.shape, spec.testLimit),
  };
}

/** What there is of every named data set in the given folders. Files are not read through, so not checked. */
export async function listDatasets({
  dataDirs,
}: {
  readonly dataDirs: readonly string[];
}): Promise<DatasetListing[]> {
  const digits: DatasetListing = {
    name: 'digits',
    builtIn: true,
    folder: null,
    files: [],
    trainImages: 10_000,
    testImages: 2_000,
    classes: DIGITS_CLASSES.length,
    shape: DIGITS_SHAPE,
    problem: null,
  };
  return [digits, ...(await Promise.all(Object.values(LAYOUTS).map((layout) => listOne(layout, dataDirs))))];
}

/** Folders that may hold data sets, in order: the flag's, `$GENAL_DATA`, `./data`, the user's cache. */
export function dataDirectories(options: { readonly flag?: string } & Surroundings = {}): string[] {
  const { flag, env = process.env } = options;
  const named = [flag, env.GENAL_DATA].filter((dir) => dir !== undefined && dir !== '') as string[];
  return [...new Set([...named.map((dir) => resolve(dir)), resolve('data'), cacheDirectory(options)])];
}

async function loadWhole(spec: DatasetConfig, dataDirs: readonly string[]): Promise<Dataset> {
  switch (spec.name) {
    case 'digits':
      return digitsDataset(spec);
    case 'folder': {
      // Loaded late: its image decoder is native code that no other data set needs.
      const { readImageFolder } = await import('./image-folder.ts');
      return readImageFolder(spec.path, spec);
    }
    default: {
      const layout = LAYOUTS[spec.name];
      const { folder, incomplete } = await locate(layout, dataDirs);
      if (folder === null) throw notFound(layout, dataDirs, incomplete);
      return layout.read(folder, spec.name === 'cifar-100' ? { coarse: spec.coarse } : {});
    }
  }
}

async function listOne(layout: Layout, dataDirs: readonly string[]): Promise<DatasetListing> {
  const { folder, trainFiles, testFiles, incomplete } = await locate(layout, dataDirs);
  const common = {
    name: layout.name,
    builtIn: false,
    folder,
    files: [...trainFiles, ...testFiles],
    trainImages: null,
    testImages: null,
    classes: layout.classNames.length,
    shape: layout.shape,
  };
  if (folder === null) {
    return { ...common, problem: incomplete.length === 0 ? null : `incomplete: ${incomplete.join('; ')}` };
  }
  try {
    const [trainImages, testImages] = await Promise.all([
      countAll(layout, trainFiles),
      countAll(layout, testFiles),
    ]);
    return { ...common, trainImages, testImages, problem: null };
  } catch (error) {
    if (!(error instanceof DatasetError)) throw error;
    return { ...common, problem: error.message };
  }
}

async function countAll(layout: Layout, files: readonly string[]): Promise<number> {
  const counts = await Promise.all(files.map(layout.countImages));
  return counts.reduce((sum, count) => sum + count, 0);
}

function notFound(layout: Layout, dataDirs: readonly string[], incomplete: readonly string[]): DatasetError {
  const partly = incomplete.length === 0 ? '' : `; incomplete: ${incomplete.join('; ')}`;
  return new DatasetError(
    `${layout.name}: expected its files in a folder ${layout.folder} of ${dataDirs.join(' or ')}, ` +
      `found none${partly}; fetch it with: genal data fetch ${layout.name}`,
  );
}

function takeFirst(split: Split, shape: ImageShape, limit: number | undefined): Split {
  if (limit === undefined || limit >= split.n) return split;
  return {
    images: split.images.subarray(0, limit * imageSize(shape)),
    labels: split.labels.subarray(0, limit),
    n: limit,
  };
}
