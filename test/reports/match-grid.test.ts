import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CaptionedImage, MatchPicture } from '../../src/experiments/round-pictures.ts';
import { MOST_ROWS, matchLayout, writeMatchGrid } from '../../src/reports/match-grid.ts';

const SHAPE = [4, 4, 1] as const;
const SCALE = 28;
const NEIGHBOUR_SCALE = 21;

/** An image of one grey level of its own. */
const captioned = (level: number, title = `class ${level}`): CaptionedImage => ({
  image: new Uint8Array(16).fill(level),
  caption: { title, detail: 'entropy 0.1, distance 2.0', tone: 'plain' },
});
const queryOf = (row: number, neighbours: number, match: number): MatchPicture['queries'][number] => ({
  synthesised: captioned(10 + row),
  matched: captioned(40 + row),
  neighbours: Array.from({ length: neighbours }, (_, rank) => ({
    ...captioned(70 + 10 * row + rank, ''),
    isMatch: rank === match,
  })),
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'genal-matches-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function draw(name: string, picture: MatchPicture) {
  const file = path.join(folder, 'made', `${name}.png`);
  await writeMatchGrid(file, picture);
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  const pixel = (x: number, y: number) => {
    const at = (y * info.width + x) * info.channels;
    return [...data.subarray(at, at + 3)];
  };
  return { ...info, pixel };
}

describe('a picture of matches', () => {
  const queries = [queryOf(0, 3, 0), queryOf(1, 2, 1), queryOf(2, 3, -1)];
  // Two lines of note in a picture this wide.
  const layout = matchLayout(3, 3, SHAPE, 2);
  let page: Awaited<ReturnType<typeof draw>>;
  const isBlue = ([red, , blue]: number[]) => blue! - red! > 80;
  const isFramed = (corner: { left: number; top: number }) =>
    isBlue(page.pixel(corner.left - 2, corner.top + 20));

  beforeAll(async () => {
    page = await draw('three', { heading: 'asal, seed 1, round 2', shape: SHAPE, queries });
  });

  test('has the size of its layout, a row a query', () => {
    expect(layout).toMatchObject({ scale: SCALE, neighbourScale: NEIGHBOUR_SCALE });
    expect(page).toMatchObject({ width: layout.width, height: layout.height, channels: 3 });
  });

  test('shows each image in its place: synthesised, bought, and neighbours in their order', () => {
    const grey = (corner: { left: number; top: number }, side: number) =>
      [
        [1, 1],
        [side - 2, 1],
        [1, side - 2],
        [side - 2, side - 2],
      ].map(([x, y]) => page.pixel(corner.left + x!, corner.top + y!));
    const all = (level: number) => Array.from({ length: 4 }, () => [level, level, level]);
    for (const [row, { neighbours }] of queries.entries()) {
      expect(grey(layout.synthesised(row), 4 * SCALE)).toEqual(all(10 + row));
      expect(grey(layout.matched(row), 4 * SCALE)).toEqual(all(40 + row));
      for (const rank of neighbours.keys()) {
        expect(grey(layout.neighbour(row, rank), 4 * NEIGHBOUR_SCALE)).toEqual(all(70 + 10 * row + rank));
      }
    }
  });

  test('frames what was bought, beside the arrow and among the neighbours, and nothing else', () => {
    for (const row of [0, 1, 2]) {
      expect(isFramed(layout.matched(row))).toBe(true);
      expect(isFramed(layout.synthesised(row))).toBe(false);
    }
    const framed = queries.map(({ neighbours }, row) =>
      [...neighbours.keys()].filter((rank) => isFramed(layout.neighbour(row, rank))),
    );
    expect(framed).toEqual([[0], [1], []]);
  });

  test('an arrow leads from the one to the other, and captions stand beneath', () => {
    const dark = ([red]: number[]) => red! < 150;
    const count = (left: number, top: number, width: number, height: number) => {
      let found = 0;
      for (let y = top; y < top + height; y++) {
        for (let x = left; x < left + width; x++) if (dark(page.pixel(x, y))) found++;
      }
      return found;
    };
    for (const row of [0, 1, 2]) {
      const [from, to] = [layout.synthesised(row), layout.matched(row)];
      const between = from.left + 4 * SCALE + 10;
      expect(count(between, from.top + 2 * SCALE - 2, to.left - between - 10, 4)).toBeGreaterThan(100);
      expect(count(from.left, from.top + 4 * SCALE + 6, 130, 50)).toBeGreaterThan(150);
      expect(count(to.left, to.top + 4 * SCALE + 6, 130, 60)).toBeGreaterThan(150);
      expect(count(layout.neighbour(row, 0).left, to.top + 4 * NEIGHBOUR_SCALE + 6, 90, 34)).toBeGreaterThan(
        80,
      );
    }
  });
});

test('colour images and queries without neighbours are drawn too', async () => {
  const shape = [2, 2, 3] as const;
  const image = Uint8Array.from([200, 10, 30, 200, 10, 30, 200, 10, 30, 200, 10, 30]);
  const one = { ...captioned(0), image };
  const page = await draw('colour', {
    heading: 'asal',
    shape,
    queries: [{ synthesised: one, matched: one, neighbours: [] }],
  });
  // The note's lines move the rows; the image is there in whichever place.
  const { left, top } = matchLayout(1, 0, shape, 2).matched(0);
  expect(page.pixel(left + 5, top + 40)).toEqual([200, 10, 30]);
});

test('a large batch is cut after its first rows', async () => {
  const wordless = { ...captioned(9), caption: { title: '', detail: '', tone: 'plain' as const } };
  const query = { synthesised: wordless, matched: wordless, neighbours: [] };
  const queries = Array.from({ length: MOST_ROWS + 20 }, () => query);
  const page = await draw('large', { heading: 'asal', shape: SHAPE, queries });
  expect(page.height).toBeLessThan(matchLayout(MOST_ROWS + 1, 0, SHAPE, 3).height);
  expect(page.height).toBeGreaterThan(matchLayout(MOST_ROWS, 0, SHAPE, 0).height);
});

test('names the query whose image does not fit', async () => {
  const file = path.join(folder, 'never.png');
  const torn = { ...queryOf(0, 1, 0), matched: { ...captioned(1), image: new Uint8Array(15) } };
  await expect(
    writeMatchGrid(file, { heading: '', shape: SHAPE, queries: [queryOf(0, 1, 0), torn] }),
  ).rejects.toThrow('writeMatchGrid.queries[1]: expected bytes of whole images of 4 x 4 x 1, got 15');
  await expect(writeMatchGrid(file, { heading: '', shape: SHAPE, queries: [] })).rejects.toThrow(
    'writeMatchGrid.queries: expected at least 1, got 0',
  );
});
