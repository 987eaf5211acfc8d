/**
 * Pictures of many images: plain sample grids, and query grids that say what was asked and answered.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { writeFileAtomic } from '../atomic-write.ts';
import type { ImageShape } from '../datasets/dataset.ts';
import { checkInteger } from '../shapes.ts';
import { fitText, strokeText, textWidth, wrapText } from './stroke-font.ts';

export interface GridOptions {
  /** Images a row; as many rows as columns, or one more, if left out. */
  readonly columns?: number;
  /** White pixels between images, after scaling. */
  readonly gap?: number;
  /** Whole-number magnification, each pixel becoming `scale x scale`. */
  readonly scale?: number;
}

export interface QueryCaption {
  /** What the oracle said: a class name, or that it abstained. */
  readonly title: string;
  /** The query's figures, such as its margin; wrapped to two lines. */
  readonly detail: string;
  /** `warning` for an answer that was paid for and gave nothing. */
  readonly tone?: 'plain' | 'warning';
}

export interface QueryGrid {
  /** Bytes `[n, height, width, channels]`. */
  readonly images: Uint8Array;
  readonly shape: ImageShape;
  /** One an image. */
  readonly captions: readonly QueryCaption[];
  /** Strategy, seed and round. */
  readonly heading: string;
  /** What the captions mean, under the heading; a sentence on answers and margins if left out. */
  readonly note?: string;
}

/** Interleaved bytes of a picture. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

const WHITE = 255;
const INK = '#1c2126';
const MUTED = '#59626c';
const WARNING = '#a03c00';
const FRAME = '#c4cad0';

const NOTE =
  'Under each image: the answer that was bought for it, then its figures. A margin of 0 lies on the decision boundary.';

/** Sizes of a query grid in pixels; text sizes are pixels to the em. */
const QUERY = {
  image: 140,
  padding: 24,
  gap: 22,
  rowGap: 20,
  heading: 23,
  note: 15,
  title: 19,
  detail: 15,
  detailLines: 2,
  lineHeight: 1.35,
} as const;

/**
 * Lays images out row by row, by copying bytes.
 *
 * @param bytes `[n, height, width, channels]`, 1 or 3 channels, n at least 1
 */
export function tileImages(bytes: Uint8Array, shape: ImageShape, options: GridOptions = {}): Pixels {
  const n = countImages('tileImages.bytes', bytes, shape);
  const { columns = Math.ceil(Math.sqrt(n)), gap = 2, scale = 1 } = options;
  checkInteger('tileImages.columns', columns, 1);
  checkInteger('tileImages.gap', gap, 0);
  checkInteger('tileImages.scale', scale, 1);
  const [height, width, channels] = shape;
  const across = Math.min(columns, n);
  const grid = blank(
    across * width * scale + (across - 1) * gap,
    Math.ceil(n / across) * (height * scale + gap) - gap,
    channels as 1 | 3,
  );
  for (let image = 0; image < n; image++) {
    const left = (image % across) * (width * scale + gap);
    const top = Math.floor(image / across) * (height * scale + gap);
    copyImage(bytes, shape, image, grid, left, top, scale);
  }
  return grid;
}

/** Writes images as one PNG; see {@link tileImages}. Makes the folder. */
export async function writeGrid(
  file: string,
  bytes: Uint8Array,
  shape: ImageShape,
  options: GridOptions = {},
): Promise<void> {
  const { data, width, height, channels } = tileImages(bytes, shape, options);
  const picture = sharp(data, { raw: { width, height, channels } });
  if (channels === 1) picture.toColourspace('b-w');
  await mkdir(path.dirname(file), { recursive: true });
  await writeFileAtomic(file, await picture.png({ compressionLevel: 9 }).toBuffer());
}

/** Where things stand in a query grid of `n` images, in pixels. */
export interface QueryLayout {
  readonly scale: number;
  readonly columns: number;
  readonly width: number;
  readonly height: number;
  /** Upper left corner of an image. */
  readonly corner: (image: number) => { readonly left: number; readonly top: number };
}

/** The layout {@link writeQueryGrid} draws: five columns, images enlarged by whole numbers to about 140 pixels. */
export function queryLayout(n: number, [height, width]: ImageShape, noteLines = 0): QueryLayout {
  const scale = Math.max(1, Math.round(QUERY.image / Math.max(height, width)));
  const columns = Math.min(5, n);
  const cellWidth = Math.max(width * scale, QUERY.image);
  const captionHeight = Math.ceil(
    QUERY.title * QUERY.lineHeight + QUERY.detailLines * QUERY.detail * QUERY.lineHeight + 6,
  );
  const cellHeight = height * scale + captionHeight;
  // A narrow grid still needs room for its heading.
  const gridWidth = Math.max(columns, 3) * (cellWidth + QUERY.gap) - QUERY.gap;
  const top =
    QUERY.padding + Math.ceil(QUERY.heading * 1.1 + noteLines * QUERY.note * QUERY.lineHeight) + QUERY.rowGap;
  const rows = Math.ceil(n / columns);
  return {
    scale,
    columns,
    width: gridWidth + 2 * QUERY.padding,
    height: top + rows * (cellHeight + QUERY.rowGap) - QUERY.rowGap + QUERY.padding,
    corner: (image) => ({
      left: QUERY.padding + (image % columns) * (cellWidth + QUERY.gap),
      top: top + Math.floor(image / columns) * (cellHeight + QUERY.rowGap),
    }),
  };
}

/** Writes a round's queries as one PNG: each image enlarged, under it its answer and its figures. Makes the folder. */
export async function writeQueryGrid(file: string, queries: QueryGrid): Promise<void> {
  const { images, shape, captions, heading, note = NOTE } = queries;
  const n = countImages('writeQueryGrid.images', images, shape);
  if (captions.length !== n) {
    throw new RangeError(`writeQueryGrid.captions: expected ${n}, one an image, got ${captions.length}`);
  }
  const plain = queryLayout(n, shape);
  const noteLines = wrapText(note, QUERY.note, plain.width - 2 * QUERY.padding);
  const layout = queryLayout(n, shape, noteLines.length);
  const page = blank(layout.width, layout.height, 3);
  for (let image = 0; image < n; image++) {
    const { left, top } = layout.corner(image);
    copyImage(images, shape, image, page, left, top, layout.scale);
  }
  const words = [
    ...headingText(heading, noteLines, layout.width),
    ...captions.flatMap((caption, image) => captionText(caption, layout.corner(image), layout, shape)),
  ];
  const overlay = `<svg xmlns="http://www.w3.org/2000/svg" width="${layout.width}" height="${layout.height}">${words.join('')}</svg>`;
  const png = await sharp(page.data, {
    raw: { width: page.width, height: page.height, channels: page.channels },
  })
    .composite([{ input: Buffer.from(overlay) }])
    .removeAlpha()
    .png({ compressionLevel: 9 })
    .toBuffer();
  await mkdir(path.dirname(file), { recursive: true });
  await writeFileAtomic(file, png);
}

function headingText(heading: string, noteLines: readonly string[], width: number): string[] {
  const room = width - 2 * QUERY.padding;
  const size = Math.min(
    QUERY.heading,
    (QUERY.heading * room) / Math.max(1, textWidth(heading, QUERY.heading)),
  );
  const baseline = QUERY.padding + QUERY.heading * 0.75;
  return [
    strokeText(heading, QUERY.padding, baseline, { size, colour: INK, bold: true }),
    ...noteLines.map((line, row) =>
      strokeText(line, QUERY.padding, baseline + (row + 1) * QUERY.note * QUERY.lineHeight + 4, {
        size: QUERY.note,
        colour: MUTED,
      }),
    ),
  ];
}

function captionText(
  { title, detail, tone = 'plain' }: QueryCaption,
  { left, top }: { readonly left: number; readonly top: number },
  { scale }: QueryLayout,
  [height, width]: ImageShape,
): string[] {
  const room = Math.max(width * scale, QUERY.image);
  const baseline = top + height * scale + QUERY.title * 1.15;
  // One line if it fits; else each figure keeps a line to itself.
  const figures = textWidth(detail, QUERY.detail) <= room ? [detail] : detail.split(/,\s+/);
  const details = figures.flatMap((figure) => wrapText(figure, QUERY.detail, room));
  return [
    `<rect x="${left - 0.5}" y="${top - 0.5}" width="${width * scale + 1}" height="${height * scale + 1}" fill="none" stroke="${FRAME}"/>`,
    strokeText(fitText(title, QUERY.title, room, true), left, baseline, {
      size: QUERY.title,
      colour: tone === 'warning' ? WARNING : INK,
      bold: true,
    }),
    ...details.slice(0, QUERY.detailLines).map((line, row) =>
      strokeText(line, left, baseline + (row + 1) * QUERY.detail * QUERY.lineHeight + 1, {
        size: QUERY.detail,
        colour: MUTED,
      }),
    ),
  ];
}

function blank(width: number, height: number, channels: 1 | 3): Pixels {
  return { data: new Uint8Array(width * height * channels).fill(WHITE), width, height, channels };
}

/** Copies one image into a picture of the same or three channels, each of its pixels a square of `scale`. */
function copyImage(
  bytes: Uint8Array,
  [height, width, channels]: ImageShape,
  image: number,
  target: Pixels,
  left: number,
  top: number,
  scale: number,
): void {
  const line = new Uint8Array(width * scale * target.channels);
  for (let y = 0; y < height; y++) {
    const from = (image * height + y) * width * channels;
    for (let at = 0; at < line.length; at++) {
      const x = Math.floor(at / target.channels / scale);
      line[at] = bytes[from + x * channels + (channels === 1 ? 0 : at % target.channels)] as number;
    }
    for (let copy = 0; copy < scale; copy++) {
      const row = top + y * scale + copy;
      target.data.set(line, (row * target.width + left) * target.channels);
    }
  }
}

function countImages(name: string, bytes: Uint8Array, [height, width, channels]: ImageShape): number {
  if (channels !== 1 && channels !== 3) {
    throw new RangeError(`${name}: expected 1 or 3 channels, got ${channels}`);
  }
  const n = bytes.length / (height * width * channels);
  if (!Number.isInteger(n) || n < 1) {
    throw new RangeError(
      `${name}: expected bytes of whole images of ${height} x ${width} x ${channels}, got ${bytes.length}`,
    );
  }
  return n;
}
