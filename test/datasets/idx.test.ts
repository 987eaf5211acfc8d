import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DatasetError } from '../../src/datasets/dataset-error.ts';
import { readIdxFolder, readIdxImages, readIdxLabels, readIdxSplit } from '../../src/datasets/idx.ts';
import { idx, idxFolder, temporaryFolder, writeFiles } from './files.ts';

const digits = { name: 'mnist', classNames: '0123456789'.split('') };

/** Writes one file and gives its path. */
async function file(content: Uint8Array | string, name = 'f'): Promise<string> {
  const folder = await temporaryFolder();
  await writeFiles(folder, { [name]: content });
  return join(folder, name);
}

async function errorOf(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown as Error,
  );
  expect(error).toBeInstanceOf(DatasetError);
  return error;
}

describe('IDX files', () => {
  test('hold images row by row', async () => {
    const images = await readIdxImages(await file(idx([2, 1, 3], [1, 2, 3, 4, 5, 255])));
    expect(images).toEqual({ images: Uint8Array.of(1, 2, 3, 4, 5, 255), n: 2, height: 1, width: 3 });
  });

  test('read the same plain and packed, whatever the name says', async () => {
    const content = idx([3], [7, 8, 9]);
    const expected = Uint8Array.of(7, 8, 9);
    expect(await readIdxLabels(await file(content, 'a'))).toEqual(expected);
    expect(await readIdxLabels(await file(gzipSync(content), 'a.gz'))).toEqual(expected);
    expect(await readIdxLabels(await file(gzipSync(content), 'a'))).toEqual(expected);
    expect(await readIdxLabels(await file(content, 'a.gz'))).toEqual(expected);
  });
});

describe('folders of four IDX files', () => {
  test('become a data set', async () => {
    const folder = await temporaryFolder();
    await writeFiles(folder, idxFolder(12, 10));
    const dataset = await readIdxFolder(folder, { ...digits, size: [28, 28] });
    expect(dataset.shape).toEqual([28, 28, 1]);
    expect([dataset.train.n, dataset.test.n]).toEqual([12, 10]);
    expect([...dataset.train.labels]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    expect(dataset.train.images[3 * 784 + 5]).toBe(8);
    expect(dataset.train.images.length).toBe(12 * 784);
    expect(dataset.classNames[7]).toBe('7');
  });

  test('may use the names with a dot, and gzip for some', async () => {
    const folder = await temporaryFolder();
    const files = Object.entries(idxFolder(12, 10)).map(([name, content], i) =>
      i % 2 === 0
        ? [name.replace('-idx', '.idx'), content]
        : [`${name.replace('-idx', '.idx')}.gz`, gzipSync(content)],
    );
    await writeFiles(folder, Object.fromEntries(files));
    expect((await readIdxFolder(folder, digits)).train.n).toBe(12);
  });

  test('must be complete', async () => {
    const folder = await temporaryFolder();
    const { 't10k-labels-idx1-ubyte': _, ...files } = idxFolder(12, 10);
    await writeFiles(folder, files);
    expect((await errorOf(readIdxFolder(folder, digits))).message).toBe(
      `${folder}: expected a file t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz, got none`,
    );
  });

  test('must have images of the size asked for, train and test alike', async () => {
    const folder = await temporaryFolder();
    const files = { ...idxFolder(2, 2), 't10k-images-idx3-ubyte': idx([2, 14, 56], new Uint8Array(2 * 784)) };
    await writeFiles(folder, files);
    expect((await errorOf(readIdxFolder(folder, digits))).message).toBe(
      `${join(folder, 't10k-images-idx3-ubyte')}: expected images of 28 x 28 pixels, got 14 x 56`,
    );
    const wide = await errorOf(readIdxFolder(folder, { ...digits, size: [32, 32] }));
    expect(wide.message).toContain('train-images-idx3-ubyte: expected images of 32 x 32 pixels, got 28 x 28');
  });
});

describe('damage is named', () => {
  const packed = gzipSync(idx([100], new Uint8Array(100)));
  const flipped = Buffer.from(packed);
  flipped[flipped.length - 6]! ^= 1; // inside the checksum of the trailer

  test.each([
    ['an empty file', new Uint8Array(0), 'expected data, got an empty file'],
    ['an empty gzip file', gzipSync(''), 'expected data, got an empty gzip file'],
    ['a header cut short', Uint8Array.of(0, 0, 8), 'expected an IDX header of 8 bytes, got 3'],
    ['a page of text', '<!DOCTYPE html>', 'expected the IDX magic number 0x00000801, got 0x3c21444f'],
    ['images for labels', idx([1, 1, 1], [1]), 'expected the IDX magic number 0x00000801, got 0x00000803'],
    ['no items', idx([0], []), 'expected at least one item, got sizes 0'],
    ['too few values', idx([5], [1, 2]), 'expected 13 bytes for sizes 5, got 10'],
    ['too many values', idx([1], [1, 2]), 'expected 9 bytes for sizes 1, got 10'],
    ['gzip cut short', packed.subarray(0, packed.length - 9), 'expected valid gzip, got a file cut short'],
    ['gzip with a flipped bit', flipped, 'expected valid gzip, got corrupt data (incorrect data check)'],
  ])('%s', async (_, content, expected) => {
    const path = await file(content);
    expect((await errorOf(readIdxLabels(path))).message).toBe(`${path}: ${expected}`);
  });

  test('a file that is not there', async () => {
    const error = await errorOf(readIdxLabels('/nowhere/at/all'));
    expect(error.message).toBe('/nowhere/at/all: expected a readable file, got ENOENT');
    expect((error.cause as NodeJS.ErrnoException).code).toBe('ENOENT');
  });

  test('sizes far beyond the file', async () => {
    const header = idx([0xffffffff, 0xffffffff, 0xffffffff], []);
    expect((await errorOf(readIdxImages(await file(header)))).message).toContain(
      'for sizes 4294967295 x 4294967295 x 4294967295, got 16',
    );
  });

  test('another number of labels than of images', async () => {
    const folder = await temporaryFolder();
    await writeFiles(folder, { images: idx([2, 1, 1], [1, 2]), labels: idx([3], [0, 1, 2]) });
    const [images, labels] = [join(folder, 'images'), join(folder, 'labels')];
    expect((await errorOf(readIdxSplit(images, labels, 10))).message).toBe(
      `${labels}: expected 2 labels, one for each image of images, got 3`,
    );
  });

  test('a label that is no class, with its record', async () => {
    const folder = await temporaryFolder();
    await writeFiles(folder, { images: idx([3, 1, 1], [1, 2, 3]), labels: idx([3], [0, 9, 10]) });
    const [images, labels] = [join(folder, 'images'), join(folder, 'labels')];
    expect((await errorOf(readIdxSplit(images, labels, 10))).message).toBe(
      `${labels}: expected labels below 10, got 10 at record 2`,
    );
  });
});
