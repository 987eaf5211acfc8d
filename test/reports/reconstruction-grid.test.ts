import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ReconstructionPicture } from '../../src/experiments/round-pictures.ts';
import { reconstructionLayout, writeReconstructionGrid } from '../../src/reports/reconstruction-grid.ts';

const SHAPE = [4, 4, 1] as const;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'genal-reconstructions-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Images of one grey level each, counted up. */
const levels = (from: number, n: number) =>
  Uint8Array.from({ length: 16 * n }, (_, at) => from + Math.floor(at / 16));
const picture: ReconstructionPicture = {
  heading: 'vaal, seed 1, round 2',
  shape: SHAPE,
  labelled: { images: levels(10, 2), decoded: levels(40, 2), heldOut: true },
  unlabelled: { images: levels(70, 8), decoded: levels(100, 8), heldOut: true },
};

test('shows each image above its reconstruction, labelled ones first, in the size of the layout', async () => {
  const file = path.join(folder, 'made', 'grid.png');
  await writeReconstructionGrid(file, picture);
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  const layout = reconstructionLayout(8, SHAPE, 1);
  expect(info).toMatchObject({ width: layout.width, height: layout.height, channels: 3 });
  const at = (row: number, column: number) => {
    const { left, top } = layout.corner(row, column);
    return data[((top + 5) * info.width + left + 5) * 3];
  };
  expect([at(0, 0), at(0, 1), at(1, 0), at(1, 1)]).toEqual([10, 11, 40, 41]);
  expect([at(2, 0), at(2, 7), at(3, 0), at(3, 7)]).toEqual([70, 77, 100, 107]);
  expect(at(0, 2)).toBe(255);
});

test('is the same to the byte when drawn again', async () => {
  const [one, other] = ['one.png', 'other.png'].map((name) => path.join(folder, name));
  await writeReconstructionGrid(one!, picture);
  await writeReconstructionGrid(other!, picture);
  expect(readFileSync(one!).equals(readFileSync(other!))).toBe(true);
});

test('names the pool whose images and reconstructions are not as many', async () => {
  const unlabelled = { ...picture.unlabelled, decoded: levels(0, 3) };
  await expect(
    writeReconstructionGrid(path.join(folder, 'no.png'), { ...picture, unlabelled }),
  ).rejects.toThrow('writeReconstructionGrid.unlabelled: expected 8 reconstructions, one an image, got 3');
});
