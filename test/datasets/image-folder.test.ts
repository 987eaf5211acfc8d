import { mkdir, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { DatasetError } from '../../src/datasets/dataset-error.ts';
import { readImageFolder } from '../../src/datasets/image-folder.ts';
import { classCounts } from '../../src/datasets/labels.ts';
import { temporaryFolder, writeFiles } from './files.ts';

const rgb = { height: 4, width: 4, channels: 3 } as const;
const grey = { height: 4, width: 4, channels: 1 } as const;

type Colour = { r: number; g: number; b: number; alpha?: number };

/** A picture of one colour. */
function plain(
  colour: Colour,
  {
    width = 8,
    height = 8,
    format = 'png',
  }: { width?: number; height?: number; format?: 'png' | 'jpeg' | 'webp' | 'tiff' | 'gif' } = {},
): Promise<Buffer> {
  const channels = colour.alpha === undefined ? 3 : 4;
  return sharp({ create: { width, height, channels, background: colour } })
    [format]()
    .toBuffer();
}

/** A grey level that tells an image from all others. */
function level(value: number): Promise<Buffer> {
  return plain({ r: value, g: value, b: value });
}

/** Grey pixels `[height, width]` as a PNG. */
function pixels(rows: readonly (readonly number[])[]): Promise<Buffer> {
  const [height, width] = [rows.length, rows[0]!.length];
  return sharp(Uint8Array.from(rows.flat()), { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
}

/** `counts[k]` images in the folder of class k; image i of class k has the level 60 k + i. */
async function levels(folder: string, names: readonly string[], counts: readonly number[]): Promise<void> {
  for (const [k, name] of names.entries()) {
    for (let i = 0; i < counts[k]!; i++) {
      await writeFiles(folder, { [`${name}/${String(i).padStart(3, '0')}.png`]: await level(60 * k + i) });
    }
  }
}

/** The level of each image of a split of {@link levels}. */
function levelsOf(split: { images: Uint8Array; n: number }, size: number): number[] {
  return Array.from({ length: split.n }, (_, row) => split.images[row * size]!);
}

describe('one folder, split by chance', () => {
  test('holds out a part of each class and loses nothing', async () => {
    const folder = await temporaryFolder();
    await levels(folder, ['cat', 'dog', 'eel'], [10, 20, 2]);
    const dataset = await readImageFolder(folder, { ...grey, testFraction: 0.25, seed: 3 });
    expect(dataset.name).toBe(basename(folder));
    expect(dataset.classNames).toEqual(['cat', 'dog', 'eel']);
    expect(dataset.shape).toEqual([4, 4, 1]);
    expect(classCounts(dataset.test.labels, 3)).toEqual([3, 5, 1]);
    expect(classCounts(dataset.train.labels, 3)).toEqual([7, 15, 1]);
    for (const split of [dataset.train, dataset.test]) {
      for (const [row, value] of levelsOf(split, 16).entries()) {
        expect(Math.floor(value / 60)).toBe(split.labels[row]);
      }
    }
    const all = [...levelsOf(dataset.train, 16), ...levelsOf(dataset.test, 16)].sort((a, b) => a - b);
    const expected = [10, 20, 2].flatMap((count, k) => Array.from({ length: count }, (_, i) => 60 * k + i));
    expect(all).toEqual(expected);
  });

  test('is the same for the same seed and another for another', async () => {
    const folder = await temporaryFolder();
    await levels(folder, ['a', 'b'], [12, 12]);
    const read = (seed: number) => readImageFolder(folder, { ...grey, seed });
    expect(await read(1)).toEqual(await read(1));
    expect(levelsOf((await read(2)).test, 16).sort()).not.toEqual(levelsOf((await read(1)).test, 16).sort());
  });

  test('mixes the classes, so that the first rows hold several', async () => {
    const folder = await temporaryFolder();
    await levels(folder, ['a', 'b'], [20, 20]);
    const { train } = await readImageFolder(folder, grey);
    expect(new Set(train.labels.subarray(0, 10)).size).toBe(2);
  });

  test('always leaves an image to train and one to test on', async () => {
    const folder = await temporaryFolder();
    await levels(folder, ['a', 'b'], [3, 3]);
    for (const [testFraction, held] of [
      [0.01, 2],
      [0.99, 4],
    ] as const) {
      const { test: split } = await readImageFolder(folder, { ...grey, testFraction });
      expect(split.n).toBe(held);
    }
  });
});

describe('train/ and test/', () => {
  test('are taken as they are', async () => {
    const folder = await temporaryFolder();
    await levels(join(folder, 'train'), ['a', 'b'], [5, 4]);
    await levels(join(folder, 'test'), ['a', 'b'], [1, 2]);
    const dataset = await readImageFolder(folder, grey);
    expect(classCounts(dataset.train.labels, 2)).toEqual([5, 4]);
    expect(classCounts(dataset.test.labels, 2)).toEqual([1, 2]);
    expect(dataset.notes).toBeUndefined();
  });

  test('must have the same classes', async () => {
    const folder = await temporaryFolder();
    await levels(join(folder, 'train'), ['a', 'b'], [1, 1]);
    await levels(join(folder, 'test'), ['a', 'c'], [1, 1]);
    await expect(readImageFolder(folder, grey)).rejects.toThrow(
      `${join(folder, 'test')}: expected the classes of train/ (a, b), got a, c`,
    );
  });
});

describe('images', () => {
  /** The train image of class 0 when both splits hold just that. */
  async function decoded(image: Buffer, name: string, options: Parameters<typeof readImageFolder>[1]) {
    const folder = await temporaryFolder();
    const other = await level(0);
    await writeFiles(folder, {
      [`train/a/${name}`]: image,
      'train/b/1.png': other,
      'test/a/1.png': other,
      'test/b/1.png': other,
    });
    const { train } = await readImageFolder(folder, options);
    const size = options.height * options.width * options.channels;
    const row = train.labels.indexOf(0);
    return [...train.images.subarray(row * size, (row + 1) * size)];
  }

  test.each(['png', 'jpeg', 'webp', 'tiff', 'gif'] as const)('of the format %s are read', async (format) => {
    const image = await plain({ r: 200, g: 100, b: 50 }, { format });
    const values = await decoded(image, `x.${format.toUpperCase()}`, rgb);
    expect(values.length).toBe(48);
    for (const [i, value] of values.entries()) {
      expect(Math.abs(value - [200, 100, 50][i % 3]!)).toBeLessThanOrEqual(3);
    }
  });

  test('keep their pixels when they have the size already', async () => {
    const rows = [
      [1, 2, 3],
      [4, 250, 6],
    ];
    expect(await decoded(await pixels(rows), 'x.png', { height: 2, width: 3, channels: 1 })).toEqual(
      rows.flat(),
    );
  });

  test('are scaled with their proportions and cropped around the centre', async () => {
    // Three squares side by side; a square crop keeps the middle one.
    const wide = Array.from({ length: 8 }, () =>
      Array.from({ length: 24 }, (_, x) => [10, 150, 20][Math.floor(x / 8)]!),
    );
    const values = await decoded(await pixels(wide), 'x.png', { height: 8, width: 8, channels: 1 });
    expect(new Set(values)).toEqual(new Set([150]));
    const enlarged = await decoded(await level(77), 'x.png', { height: 32, width: 16, channels: 1 });
    expect(enlarged).toEqual(new Array(512).fill(77));
  });

  test('become grey by luminance, and RGB from grey by copying', async () => {
    const [red, green, blue] = await Promise.all(
      [
        { r: 255, g: 0, b: 0 },
        { r: 0, g: 255, b: 0 },
        { r: 0, g: 0, b: 255 },
      ].map(async (colour) => (await decoded(await plain(colour), 'x.png', grey))[0]!),
    );
    expect(green).toBeGreaterThan(red!);
    expect(red).toBeGreaterThan(blue!);
    expect(
      (await decoded(await pixels([[9, 90]]), 'x.png', { height: 1, width: 2, channels: 3 })).slice(0, 6),
    ).toEqual([9, 9, 9, 90, 90, 90]);
  });

  test('with transparent parts stand on white', async () => {
    expect((await decoded(await plain({ r: 0, g: 0, b: 0, alpha: 0 }), 'x.png', grey))[0]).toBe(255);
    expect((await decoded(await plain({ r: 10, g: 20, b: 30, alpha: 1 }), 'x.png', rgb)).slice(0, 3)).toEqual(
      [10, 20, 30],
    );
  });

  test('of 16 bits keep their brightness', async () => {
    const deep = await sharp(Uint16Array.from([0, 0x8080, 0xffff, 0x4040]), {
      raw: { width: 4, height: 1, channels: 1 },
    })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expect(await decoded(deep, 'x.png', { height: 1, width: 4, channels: 1 })).toEqual([0, 128, 255, 64]);
  });

  test('are turned as their camera says', async () => {
    const turned = await sharp(await pixels([[10, 200]]))
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    // Orientation 6: the first row is the right side, so left becomes top.
    expect(await decoded(turned, 'x.png', { height: 2, width: 1, channels: 1 })).toEqual([10, 200]);
  });

  test('that cannot be read are named', async () => {
    const folder = await temporaryFolder();
    await levels(folder, ['a', 'b'], [2, 2]);
    await writeFiles(folder, { 'a/broken.jpg': 'no picture' });
    const reading = readImageFolder(folder, grey);
    await expect(reading).rejects.toThrow(
      `${join(folder, 'a', 'broken.jpg')}: expected a readable image, got an error`,
    );
    await expect(reading).rejects.toBeInstanceOf(DatasetError);
    const whole = await sharp({
      create: {
        width: 64,
        height: 64,
        channels: 3,
        background: '#f00',
        noise: { type: 'gaussian', mean: 90, sigma: 30 },
      },
    })
      .png()
      .toBuffer();
    await writeFiles(folder, { 'a/broken.jpg': whole.subarray(0, whole.length / 2) });
    await expect(readImageFolder(folder, grey)).rejects.toThrow('broken.jpg: expected a readable image');
  });
});

describe('folders', () => {
  test('are classes by code point, hidden files are no images, and other files are counted', async () => {
    const folder = await temporaryFolder();
    await levels(folder, ['b', '10', '2', 'B'], [2, 2, 2, 2]);
    await writeFiles(folder, {
      'b/.DS_Store': 'x',
      '.git/config': 'x',
      'README.txt': 'x',
      '2/notes.txt': 'x',
      '10/old.bmp': 'x',
      '10/LICENSE': 'x',
    });
    const dataset = await readImageFolder(folder, grey);
    expect(dataset.classNames).toEqual(['10', '2', 'B', 'b']);
    expect(dataset.train.n + dataset.test.n).toBe(8);
    expect(dataset.notes).toEqual([
      '3 entries that are no images of a known kind were left out (.bmp, .txt, no ending)',
    ]);
  });

  test('may be links', async () => {
    const [folder, elsewhere] = [await temporaryFolder(), await temporaryFolder()];
    await levels(elsewhere, ['x', 'y'], [2, 2]);
    await symlink(join(elsewhere, 'x'), join(folder, 'x'), 'junction');
    await symlink(join(elsewhere, 'y'), join(folder, 'y'), 'junction');
    expect((await readImageFolder(folder, grey)).classNames).toEqual(['x', 'y']);
  });

  test('that are missing, too few or empty are named', async () => {
    await expect(readImageFolder('/nowhere/at/all', grey)).rejects.toThrow(
      '/nowhere/at/all: expected a readable folder, got ENOENT',
    );
    const folder = await temporaryFolder();
    await levels(folder, ['a'], [2]);
    await expect(readImageFolder(folder, grey)).rejects.toThrow(
      `${folder}: expected 2 to 256 folders, one for each class, got 1`,
    );
    await mkdir(join(folder, 'b'));
    await writeFiles(folder, { 'b/x.txt': 'x' });
    await expect(readImageFolder(folder, grey)).rejects.toThrow(
      `${join(folder, 'b')}: expected images (.png .jpg .jpeg .webp .gif .tif .tiff .avif), got 1 other files`,
    );
    await writeFiles(folder, { 'b/x.png': await level(1) });
    await expect(readImageFolder(folder, grey)).rejects.toThrow(
      `${join(folder, 'b')}: expected two images or more, to train and to test on, got 1`,
    );
  });

  test.each([
    [{ ...grey, height: 0 }, 'readImageFolder.height: expected an integer of at least 1, got 0'],
    [{ ...grey, testFraction: 1 }, 'readImageFolder.testFraction: expected a number in (0, 1), got 1'],
  ])('are not looked at when an option is wrong', async (options, message) => {
    await expect(readImageFolder('/nowhere', options)).rejects.toThrow(message);
  });
});
