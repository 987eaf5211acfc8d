import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readCifar10, readCifar100 } from '../../src/datasets/cifar.ts';
import {
  CIFAR_10_CLASSES,
  CIFAR_100_COARSE_CLASSES,
  CIFAR_100_FINE_CLASSES,
} from '../../src/datasets/cifar-classes.ts';
import { DatasetError } from '../../src/datasets/dataset-error.ts';
import { cifarRecords, temporaryFolder, writeFiles } from './files.ts';

async function folderOf(files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const folder = await temporaryFolder();
  await writeFiles(folder, files);
  return folder;
}

const test10 = cifarRecords([[9], [8]]);

describe('CIFAR-10', () => {
  test('turns planes into pixels', async () => {
    const folder = await folderOf({ 'data_batch_1.bin': cifarRecords([[3], [4]]), 'test_batch.bin': test10 });
    const { train, shape } = await readCifar10(folder);
    expect(shape).toEqual([32, 32, 3]);
    expect([...train.images.subarray(0, 6)]).toEqual([0, 100, 200, 1, 100, 200]);
    const second = train.images.subarray(3072);
    expect(second.length).toBe(3072);
    // Row 2, column 5 of the second image: red is 1 + (2 * 32 + 5).
    expect([...second.subarray(3 * (2 * 32 + 5), 3 * (2 * 32 + 5) + 3)]).toEqual([70, 101, 201]);
  });

  test('joins the batches that are there, in order, and says which are not', async () => {
    const folder = await folderOf({
      'data_batch_4.bin.gz': gzipSync(cifarRecords([[6]])),
      'data_batch_1.bin': cifarRecords([[3], [4]]),
      'test_batch.bin': test10,
    });
    const dataset = await readCifar10(folder);
    expect([...dataset.train.labels]).toEqual([3, 4, 6]);
    expect(dataset.train.n).toBe(3);
    expect([...dataset.test.labels]).toEqual([9, 8]);
    expect(dataset.notes).toEqual([
      'train split of 3 images instead of 50000, without data_batch_2.bin, data_batch_3.bin, data_batch_5.bin',
    ]);
  });

  test('has nothing to say when all five are there', async () => {
    const batches = [1, 2, 3, 4, 5].map((batch) => [`data_batch_${batch}.bin`, cifarRecords([[batch]])]);
    const dataset = await readCifar10(
      await folderOf({ ...Object.fromEntries(batches), 'test_batch.bin': test10 }),
    );
    expect([...dataset.train.labels]).toEqual([1, 2, 3, 4, 5]);
    expect(dataset.notes).toBeUndefined();
  });

  test('wants a training batch and the test batch', async () => {
    const untrained = await folderOf({ 'test_batch.bin': test10 });
    await expect(readCifar10(untrained)).rejects.toThrow(
      `${untrained}: expected at least one of data_batch_1.bin to data_batch_5.bin, or .bin.gz, got none`,
    );
    const untested = await folderOf({ 'data_batch_2.bin': test10 });
    await expect(readCifar10(untested)).rejects.toThrow(
      `${untested}: expected a file test_batch.bin or test_batch.bin.gz, got none`,
    );
  });

  test('names a file that ends inside a record', async () => {
    const cut = cifarRecords([[1], [2]]).subarray(0, 5000);
    const folder = await folderOf({ 'data_batch_1.bin': cut, 'test_batch.bin': test10 });
    const wrong = readCifar10(folder);
    await expect(wrong).rejects.toThrow(
      `${join(folder, 'data_batch_1.bin')}: expected a whole number of records of 3073 bytes, got 5000 bytes`,
    );
    await expect(wrong).rejects.toBeInstanceOf(DatasetError);
  });

  test('names the file and the record of a label that is no class', async () => {
    const folder = await folderOf({
      'data_batch_1.bin': cifarRecords([[1], [2]]),
      'data_batch_3.bin': cifarRecords([[0], [10]]),
      'test_batch.bin': test10,
    });
    await expect(readCifar10(folder)).rejects.toThrow(
      `${join(folder, 'data_batch_3.bin')}: expected labels below 10, got 10 at record 1`,
    );
  });
});

describe('CIFAR-100', () => {
  const files = {
    'train.bin': cifarRecords([
      [19, 11],
      [0, 99],
    ]),
    'test.bin.gz': gzipSync(cifarRecords([[4, 0]])),
  };

  test('has fine labels', async () => {
    const dataset = await readCifar100(await folderOf(files));
    expect([...dataset.train.labels]).toEqual([11, 99]);
    expect(dataset.classNames.length).toBe(100);
    expect([...dataset.train.images.subarray(0, 3)]).toEqual([0, 100, 200]);
  });

  test('has coarse labels when asked', async () => {
    const dataset = await readCifar100(await folderOf(files), { coarse: true });
    expect([...dataset.train.labels]).toEqual([19, 0]);
    expect(dataset.classNames.length).toBe(20);
  });

  test('refuses a fine label that is no class', async () => {
    const folder = await folderOf({ ...files, 'train.bin': cifarRecords([[3, 100]]) });
    await expect(readCifar100(folder)).rejects.toThrow('expected labels below 100, got 100 at record 0');
  });
});

test('class names are different, sorted as the authors sorted them, and as many as there are classes', () => {
  for (const [names, count] of [
    [CIFAR_10_CLASSES, 10],
    [CIFAR_100_FINE_CLASSES, 100],
    [CIFAR_100_COARSE_CLASSES, 20],
  ] as const) {
    expect(new Set(names).size).toBe(count);
    expect(names).toEqual([...names].sort());
  }
  expect(CIFAR_100_FINE_CLASSES[47]).toBe('maple_tree');
  expect(CIFAR_100_COARSE_CLASSES[14]).toBe('people');
});
