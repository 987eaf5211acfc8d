/**
 * CIFAR-10 and CIFAR-100 in their binary version, gzip or not.
 *
 * A record is one label byte (CIFAR-10) or two (CIFAR-100: coarse, fine), then 1,024 red, 1,024 green and
 * 1,024 blue bytes, each plane row-major. Source: Krizhevsky 2009, "Learning Multiple Layers of Features from
 * Tiny Images", and the data set's page, "Binary version".
 */
import { CIFAR_10_CLASSES, CIFAR_100_COARSE_CLASSES, CIFAR_100_FINE_CLASSES } from './cifar-classes.ts';
import type { Dataset, ImageShape, Split } from './dataset.ts';
import { datasetError } from './dataset-error.ts';
import { checkLabels } from './labels.ts';
import { findVariant, readBytes } from './read-bytes.ts';

export const CIFAR_SHAPE: ImageShape = [32, 32, 3];

const PIXELS = 32 * 32;
const CIFAR_10_TRAIN_BATCHES = [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`);

/** Where the label stands in a record. */
interface RecordLayout {
  /** Label bytes before the pixels. */
  readonly labelBytes: number;
  /** The one that is read. */
  readonly labelOffset: number;
  readonly classes: number;
}

/**
 * CIFAR-10 from a folder with `test_batch.bin` and at least one of `data_batch_1.bin` to `data_batch_5.bin`.
 *
 * The train split holds the batches that are there, in order; where some are not, `notes` of the data set
 * says how many images that leaves.
 */
export async function readCifar10(folder: string): Promise<Dataset> {
  const layout: RecordLayout = { labelBytes: 1, labelOffset: 0, classes: CIFAR_10_CLASSES.length };
  const found = await Promise.all(CIFAR_10_TRAIN_BATCHES.map((name) => findVariant(folder, [name])));
  const present = found.filter((path) => path !== null);
  if (present.length === 0) {
    throw datasetError(folder, 'at least one of data_batch_1.bin to data_batch_5.bin, or .bin.gz', 'none');
  }
  const train = await readCifarFiles(present, layout);
  const test = await readCifarFiles([await requireFile(folder, 'test_batch.bin')], layout);
  const missing = CIFAR_10_TRAIN_BATCHES.filter((_, batch) => found[batch] === null);
  return {
    name: 'cifar-10',
    shape: CIFAR_SHAPE,
    classNames: CIFAR_10_CLASSES,
    train,
    test,
    ...(missing.length > 0 && {
      notes: [`train split of ${train.n} images instead of 50000, without ${missing.join(', ')}`],
    }),
  };
}

/** CIFAR-100 from a folder with `train.bin` and `test.bin`: 100 fine classes, or with `coarse` the 20 coarse. */
export async function readCifar100(
  folder: string,
  { coarse = false }: { readonly coarse?: boolean } = {},
): Promise<Dataset> {
  const classNames = coarse ? CIFAR_100_COARSE_CLASSES : CIFAR_100_FINE_CLASSES;
  const layout: RecordLayout = { labelBytes: 2, labelOffset: coarse ? 0 : 1, classes: classNames.length };
  const [train, test] = await Promise.all(
    ['train.bin', 'test.bin'].map(async (name) => readCifarFiles([await requireFile(folder, name)], layout)),
  );
  return {
    name: 'cifar-100',
    shape: CIFAR_SHAPE,
    classNames,
    train: train as Split,
    test: test as Split,
  };
}

/** Records of several files as one split, images as `[n, 32, 32, 3]`. */
async function readCifarFiles(paths: readonly string[], layout: RecordLayout): Promise<Split> {
  const record = layout.labelBytes + 3 * PIXELS;
  const files = await Promise.all(
    paths.map(async (path) => checkRecords(path, await readBytes(path), record)),
  );
  const n = files.reduce((sum, bytes) => sum + bytes.length / record, 0);
  const split = { images: new Uint8Array(n * 3 * PIXELS), labels: new Uint8Array(n), n };
  let row = 0;
  for (const [file, bytes] of files.entries()) {
    const first = row;
    for (let start = 0; start < bytes.length; start += record, row++) {
      split.labels[row] = bytes[start + layout.labelOffset] as number;
      const planes = bytes.subarray(start + layout.labelBytes, start + record);
      interleavePlanes(planes, split.images.subarray(row * 3 * PIXELS, (row + 1) * 3 * PIXELS));
    }
    checkLabels(paths[file] as string, split.labels.subarray(first, row), layout.classes);
  }
  return split;
}

/** Three planes one after the other to pixels of three channels. */
function interleavePlanes(planes: Uint8Array, pixels: Uint8Array): void {
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    pixels[3 * pixel] = planes[pixel] as number;
    pixels[3 * pixel + 1] = planes[PIXELS + pixel] as number;
    pixels[3 * pixel + 2] = planes[2 * PIXELS + pixel] as number;
  }
}

function checkRecords(path: string, bytes: Uint8Array, record: number): Uint8Array {
  if (bytes.length % record !== 0) {
    throw datasetError(path, `a whole number of records of ${record} bytes`, `${bytes.length} bytes`);
  }
  return bytes;
}

async function requireFile(folder: string, name: string): Promise<string> {
  const path = await findVariant(folder, [name]);
  if (path === null) throw datasetError(folder, `a file ${name} or ${name}.gz`, 'none');
  return path;
}
