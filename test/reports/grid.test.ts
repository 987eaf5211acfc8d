import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queryLayout, tileImages, writeGrid, writeQueryGrid } from '../../src/reports/grid.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'genal-grid-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The pixels of a file in its own number of channels. */
const decode = async (file: string) => {
  const { channels } = await sharp(file).metadata();
  const picture = channels === 1 ? sharp(file).toColourspace('b-w') : sharp(file);
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  return { data: new Uint8Array(data), width: info.width, height: info.height, channels: info.channels };
};

describe('a grid of images', () => {
  test('lays grey images out row by row with white between them', () => {
    // Three images of 1 x 2 in two columns.
    const grid = tileImages(Uint8Array.of(1, 2, 3, 4, 5, 6), [1, 2, 1], { columns: 2, gap: 1 });
    expect(grid).toMatchObject({ width: 5, height: 3, channels: 1 });
    // biome-ignore format: one line a row of pixels
    expect([...grid.data]).toEqual([
      1, 2, 255, 3, 4,
      255, 255, 255, 255, 255,
      5, 6, 255, 255, 255,
    ]);
  });

  test('magnifies each pixel into a square and keeps colours together', () => {
    const grid = tileImages(Uint8Array.of(10, 20, 30, 40, 50, 60), [1, 2, 3], { scale: 2, gap: 0 });
    const row = [10, 20, 30, 10, 20, 30, 40, 50, 60, 40, 50, 60];
    expect(grid).toMatchObject({ width: 4, height: 2, channels: 3 });
    expect([...grid.data]).toEqual([...row, ...row]);
  });

  test('is about square where no columns are given, and never wider than its images', () => {
    expect(tileImages(new Uint8Array(10), [1, 1, 1], { gap: 0 })).toMatchObject({ width: 4, height: 3 });
    expect(tileImages(new Uint8Array(2), [1, 1, 1], { gap: 0, columns: 9 })).toMatchObject({
      width: 2,
      height: 1,
    });
  });

  test.each([
    { name: 'grey', shape: [4, 3, 1] as const },
    { name: 'colour', shape: [4, 3, 3] as const },
  ])('the file holds the very bytes, $name', async ({ name, shape }) => {
    const file = path.join(folder, 'made', `${name}.png`);
    const bytes = Uint8Array.from({ length: 5 * 12 * shape[2] }, (_, i) => (i * 37) % 256);
    await writeGrid(file, bytes, shape, { columns: 3, gap: 2, scale: 3 });
    const expected = tileImages(bytes, shape, { columns: 3, gap: 2, scale: 3 });
    const { data, width, height, channels } = await decode(file);
    expect({ width, height, channels }).toEqual({ width: 31, height: 26, channels: shape[2] });
    expect(data).toEqual(expected.data);
    expect(readdirSync(path.dirname(file)).filter((entry) => entry.endsWith('.tmp'))).toEqual([]);
  });

  test('names the argument in its errors', () => {
    expect(() => tileImages(new Uint8Array(5), [2, 2, 1])).toThrow(
      'tileImages.bytes: expected bytes of whole images of 2 x 2 x 1, got 5',
    );
    expect(() => tileImages(new Uint8Array(0), [2, 2, 1])).toThrow('got 0');
    expect(() => tileImages(new Uint8Array(8), [2, 2, 2])).toThrow('expected 1 or 3 channels, got 2');
    expect(() => tileImages(new Uint8Array(4), [2, 2, 1], { scale: 0 })).toThrow('tileImages.scale');
  });
});

describe('a grid of queries', () => {
  const shape = [28, 28, 1] as const;
  const n = 7;
  const images = Uint8Array.from({ length: n * 784 }, (_, i) => (i * 31 + Math.floor(i / 784) * 7) % 256);
  const captions = Array.from({ length: n }, (_, i) => ({
    title: i === 2 ? 'abstained' : `class ${i}`,
    detail: `margin 0.0${i}, oracle 98.${i} %`,
    tone: i === 2 ? ('warning' as const) : ('plain' as const),
  }));
  const layout = queryLayout(n, shape, 1);
  let page: Awaited<ReturnType<typeof decode>>;
  const pixel = (x: number, y: number) => [
    ...page.data.subarray((y * page.width + x) * 3, (y * page.width + x) * 3 + 3),
  ];
  /** Pixels of a rectangle that are neither white nor grey. */
  const count = (
    left: number,
    top: number,
    width: number,
    height: number,
    wanted: (rgb: number[]) => boolean,
  ) => {
    let found = 0;
    for (let y = top; y < top + height; y++) {
      for (let x = left; x < left + width; x++) if (wanted(pixel(x, y))) found++;
    }
    return found;
  };

  beforeAll(async () => {
    const file = path.join(folder, 'queries.png');
    await writeQueryGrid(file, {
      images,
      shape,
      captions,
      heading: 'gaal, seed 1, round 3',
      note: 'A note.',
    });
    page = await decode(file);
  });

  test('has the size of its layout, five images a row', () => {
    expect(layout).toMatchObject({ scale: 5, columns: 5 });
    expect(page).toMatchObject({ width: layout.width, height: layout.height, channels: 3 });
    expect(layout.corner(5).left).toBe(layout.corner(0).left);
    expect(layout.corner(5).top).toBeGreaterThan(layout.corner(0).top + 140);
  });

  test('shows every pixel of every image, five times as large', () => {
    const wrong: string[] = [];
    for (let image = 0; image < n; image++) {
      const { left, top } = layout.corner(image);
      for (let y = 0; y < 140; y++) {
        for (let x = 0; x < 140; x++) {
          const value = images[image * 784 + Math.floor(y / 5) * 28 + Math.floor(x / 5)];
          if (pixel(left + x, top + y).some((drawn) => drawn !== value)) wrong.push(`${image}: ${x}, ${y}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test('writes a caption under every image and a heading over them', () => {
    const dark = (rgb: number[]) => rgb.every((value) => value < 130);
    for (let image = 0; image < n; image++) {
      const { left, top } = layout.corner(image);
      expect(count(left, top + 142, 140, 70, dark)).toBeGreaterThan(150);
    }
    expect(count(24, 10, 300, 40, dark)).toBeGreaterThan(300);
  });

  test('an abstention stands out in colour', () => {
    const orange = ([red, , blue]: number[]) => red! - blue! > 90;
    const under = (image: number) => {
      const { left, top } = layout.corner(image);
      return count(left, top + 142, 140, 30, orange);
    };
    expect(under(2)).toBeGreaterThan(50);
    expect(under(1)).toBe(0);
  });

  test('markup in a class name is drawn, not parsed', async () => {
    const file = path.join(folder, 'markup.png');
    await writeQueryGrid(file, {
      images: images.slice(0, 784),
      shape,
      heading: '<svg>&',
      captions: [{ title: '</svg><script>', detail: '"&"', tone: 'plain' }],
    });
    const { width } = await sharp(file).metadata();
    expect(width).toBe(queryLayout(1, shape).width);
  });

  test('a batch of one and a batch of images larger than a tile both fit', () => {
    expect(queryLayout(1, shape).columns).toBe(1);
    expect(queryLayout(2, [224, 224, 3]).scale).toBe(1);
    const large = queryLayout(2, [224, 224, 3]);
    expect(large.corner(1).left + 224).toBeLessThanOrEqual(large.width);
  });

  test('asks for one caption an image', async () => {
    const file = path.join(folder, 'never.png');
    await expect(
      writeQueryGrid(file, { images, shape, captions: captions.slice(1), heading: '' }),
    ).rejects.toThrow('writeQueryGrid.captions: expected 7, one an image, got 6');
  });
});
