import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { cacheDirectory } from '../../src/cache-directory.ts';
import { DatasetConfig, type DatasetConfigInput } from '../../src/datasets/config.ts';
import { DatasetError } from '../../src/datasets/dataset-error.ts';
import { digitsDataset } from '../../src/datasets/digits.ts';
import { dataDirectories, listDatasets, loadDataset } from '../../src/datasets/registry.ts';
import { cifarRecords, idxFolder, temporaryFolder, writeFiles } from './files.ts';

function load(input: DatasetConfigInput, ...dataDirs: string[]) {
  return loadDataset(DatasetConfig.parse(input), { dataDirs });
}

function below(folder: string, files: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content]));
}

/** A data folder with a small set of each kind. */
async function dataFolder(): Promise<string> {
  const folder = await temporaryFolder();
  await writeFiles(folder, {
    ...below('mnist', idxFolder(30, 20)),
    ...below('fashion-mnist', idxFolder(20, 10)),
    'cifar-10-batches-bin/data_batch_2.bin.gz': gzipSync(cifarRecords([[3], [4], [5]])),
    'cifar-10-batches-bin/test_batch.bin': cifarRecords([[9], [8]]),
    'cifar-100-binary/train.bin': cifarRecords([[19, 99]]),
    'cifar-100-binary/test.bin': cifarRecords([[0, 1]]),
  });
  return folder;
}

describe('loading by name', () => {
  test('finds each set in its folder', async () => {
    const folder = await dataFolder();
    const mnist = await load({ name: 'mnist' }, folder);
    expect([mnist.name, mnist.train.n, mnist.test.n]).toEqual(['mnist', 30, 20]);
    const fashion = await load({ name: 'fashion-mnist' }, folder);
    expect([fashion.train.n, fashion.classNames[9]]).toEqual([20, 'Ankle boot']);
    const cifar = await load({ name: 'cifar-10' }, folder);
    expect([cifar.train.n, cifar.shape]).toEqual([3, [32, 32, 3]]);
    expect(cifar.notes?.[0]).toContain('train split of 3 images instead of 50000');
    expect((await load({ name: 'cifar-100' }, folder)).train.labels[0]).toBe(99);
    expect((await load({ name: 'cifar-100', coarse: true }, folder)).train.labels[0]).toBe(19);
  });

  test('draws digits with the options given', async () => {
    const options = { trainSize: 30, testSize: 10, seed: 5, difficulty: 0.5 };
    const { notes: _, ...drawn } = await load({ name: 'digits', ...options });
    expect(drawn).toEqual(digitsDataset(options));
  });

  test('takes the first folder that holds all of a set', async () => {
    const [first, second] = [await temporaryFolder(), await dataFolder()];
    const { 't10k-labels-idx1-ubyte': _, ...incomplete } = idxFolder(99, 99);
    await writeFiles(first, { ...below('mnist', incomplete), ...below('fashion-mnist', idxFolder(7, 7)) });
    expect((await load({ name: 'mnist' }, first, second)).train.n).toBe(30);
    expect((await load({ name: 'fashion-mnist' }, first, second)).train.n).toBe(7);
  });

  test('says where it looked, what was incomplete, and how to fetch', async () => {
    const [first, second] = [await temporaryFolder(), await temporaryFolder()];
    const { 't10k-labels-idx1-ubyte': _, ...incomplete } = idxFolder(2, 2);
    await writeFiles(second, below('mnist', incomplete));
    const missing = load({ name: 'mnist' }, first, second);
    await expect(missing).rejects.toBeInstanceOf(DatasetError);
    await expect(missing).rejects.toThrow(
      `mnist: expected its files in a folder mnist of ${first} or ${second}, found none; ` +
        `incomplete: ${join(second, 'mnist')} (without t10k-labels-idx1-ubyte); ` +
        'fetch it with: genal data fetch mnist',
    );
    await expect(load({ name: 'cifar-10' }, first)).rejects.toThrow(
      `cifar-10: expected its files in a folder cifar-10-batches-bin of ${first}, found none; ` +
        'fetch it with: genal data fetch cifar-10',
    );
  });

  test('refuses MNIST of another size', async () => {
    const folder = await temporaryFolder();
    const files = idxFolder(2, 2);
    for (const name of ['train-images-idx3-ubyte', 't10k-images-idx3-ubyte']) {
      files[name]!.writeUInt32BE(14, 8);
      files[name]!.writeUInt32BE(56, 12);
    }
    await writeFiles(folder, below('mnist', files));
    await expect(load({ name: 'mnist' }, folder)).rejects.toThrow(
      'expected images of 28 x 28 pixels, got 14 x 56',
    );
  });
});

describe('classes and limits', () => {
  test('choose classes first, then keep the first rows', async () => {
    const dataset = await load(
      { name: 'mnist', classes: [7, 5], trainLimit: 5, testLimit: 2 },
      await dataFolder(),
    );
    expect(dataset.classNames).toEqual(['7', '5']);
    expect([...dataset.train.labels]).toEqual([1, 0, 1, 0, 1]); // 5 7 15 17 25
    expect(dataset.train.n).toBe(5);
    expect(dataset.train.images.length).toBe(5 * 784);
    expect(dataset.train.images[784]).toBe(7);
    expect([...dataset.test.labels]).toEqual([1, 0]);
  });

  test('a limit above the size keeps everything', async () => {
    expect((await load({ name: 'mnist', trainLimit: 1000 }, await dataFolder())).train.n).toBe(30);
  });

  test('classes that do not exist or have no images are refused', async () => {
    const folder = await dataFolder();
    await expect(load({ name: 'mnist', classes: [5, 10] }, folder)).rejects.toThrow(
      'selectClasses.classes: expected classes in [0, 10) of mnist, got 10',
    );
    await expect(load({ name: 'cifar-10', classes: [0, 1] }, folder)).rejects.toThrow(
      'cifar-10: expected train images of classes [0,1], got none',
    );
  });
});

describe('the config', () => {
  test('writes every default out', () => {
    expect(DatasetConfig.parse({ name: 'digits' })).toEqual({
      name: 'digits',
      trainSize: 10_000,
      testSize: 2_000,
      difficulty: 1,
      seed: 1,
    });
    expect(DatasetConfig.parse({ name: 'folder', path: 'p' })).toEqual({
      name: 'folder',
      path: 'p',
      height: 32,
      width: 32,
      channels: 3,
      testFraction: 0.2,
      seed: 1,
    });
    expect(DatasetConfig.parse({ name: 'mnist' })).toEqual({ name: 'mnist' });
  });

  test('is itself again when parsed twice', () => {
    for (const input of [
      { name: 'digits' },
      { name: 'cifar-100', classes: [3, 4] },
      { name: 'folder', path: 'p' },
    ]) {
      const once = DatasetConfig.parse(input);
      expect(DatasetConfig.parse(once)).toEqual(once);
    }
  });

  test.each([
    [{ name: 'imagenet' }],
    [{ name: 'mnist', trainSize: 5 }],
    [{ name: 'mnist', classes: [5] }],
    [{ name: 'mnist', trainLimit: 0 }],
    [{ name: 'digits', seed: 0 }],
    [{ name: 'digits', difficulty: 3 }],
    [{ name: 'folder' }],
    [{ name: 'folder', path: 'p', channels: 2 }],
    [{ name: 'folder', path: 'p', testFraction: 1 }],
  ])('refuses %j', (input) => {
    expect(DatasetConfig.safeParse(input).success).toBe(false);
  });

  test('describes every field', () => {
    const schema = z.toJSONSchema(DatasetConfig, { io: 'input' }) as {
      oneOf: { properties: Record<string, { description?: string }> }[];
    };
    expect(schema.oneOf.length).toBe(6);
    for (const { properties } of schema.oneOf) {
      for (const [field, { description }] of Object.entries(properties))
        expect(description, field).toBeTruthy();
    }
  });
});

describe('listing', () => {
  test('says what is where, counted without reading the files through', async () => {
    const folder = await dataFolder();
    const list = await listDatasets({ dataDirs: [folder] });
    expect(
      list.map(({ name, trainImages, testImages, classes }) => [name, trainImages, testImages, classes]),
    ).toEqual([
      ['digits', 10_000, 2_000, 10],
      ['mnist', 30, 20, 10],
      ['fashion-mnist', 20, 10, 10],
      ['cifar-10', 3, 2, 10],
      ['cifar-100', 1, 1, 100],
    ]);
    expect(list.map(({ builtIn }) => builtIn)).toEqual([true, false, false, false, false]);
    expect(list[3]).toMatchObject({
      folder: join(folder, 'cifar-10-batches-bin'),
      files: [
        join(folder, 'cifar-10-batches-bin', 'data_batch_2.bin.gz'),
        join(folder, 'cifar-10-batches-bin', 'test_batch.bin'),
      ],
      shape: [32, 32, 3],
      problem: null,
    });
  });

  test('says the same of packed files', async () => {
    const folder = await temporaryFolder();
    const packed = Object.entries(idxFolder(300, 20)).map(([name, content]) => [
      `${name}.gz`,
      gzipSync(content),
    ]);
    await writeFiles(folder, below('mnist', Object.fromEntries(packed)));
    const mnist = (await listDatasets({ dataDirs: [folder] }))[1];
    expect([mnist?.trainImages, mnist?.testImages]).toEqual([300, 20]);
  });

  test('says what is not there, incomplete or no data at all', async () => {
    const folder = await temporaryFolder();
    const { 't10k-labels-idx1-ubyte': _, ...incomplete } = idxFolder(2, 2);
    await writeFiles(folder, {
      ...below('mnist', incomplete),
      ...below('fashion-mnist', {
        ...idxFolder(2, 2),
        'train-images-idx3-ubyte': Buffer.from('<html>no image</html>'),
      }),
    });
    const [, mnist, fashion, cifar] = await listDatasets({ dataDirs: [folder] });
    expect(mnist).toMatchObject({
      folder: null,
      trainImages: null,
      problem: `incomplete: ${join(folder, 'mnist')} (without t10k-labels-idx1-ubyte)`,
    });
    expect(fashion?.problem).toBe(
      `${join(folder, 'fashion-mnist', 'train-images-idx3-ubyte')}: expected the IDX magic number 0x00000803, got 0x3c68746d`,
    );
    expect(cifar).toMatchObject({ folder: null, files: [], problem: null });
  });
});

describe('where data is looked for', () => {
  test('the flag, the variable, ./data and the cache, in this order', () => {
    const env = { GENAL_DATA: '/from/env', XDG_CACHE_HOME: '/xdg' };
    expect(dataDirectories({ flag: 'here', env, platform: 'linux', home: '/home/me' })).toEqual([
      resolve('here'),
      resolve('/from/env'),
      resolve('data'),
      join('/xdg', 'genal'),
    ]);
  });

  test('nothing twice, and nothing empty', () => {
    expect(
      dataDirectories({ flag: 'data', env: { GENAL_DATA: '' }, platform: 'linux', home: '/home/me' }),
    ).toEqual([resolve('data'), join('/home/me', '.cache', 'genal')]);
  });

  test.each([
    ['linux', {}, ['/home/me', '.cache', 'genal']],
    ['linux', { XDG_CACHE_HOME: 'relative' }, ['/home/me', '.cache', 'genal']],
    ['darwin', {}, ['/home/me', 'Library', 'Caches', 'genal']],
    ['win32', { LOCALAPPDATA: '/local' }, ['/local', 'genal']],
    ['win32', {}, ['/home/me', 'AppData', 'Local', 'genal']],
  ] as const)('the cache on %s with %j', (platform, env, parts) => {
    expect(cacheDirectory({ platform, env, home: '/home/me' })).toBe(join(...parts));
  });
});
