/**
 * Pictures of many images: plain sample grids, and query grids that say what was asked and answered.
 */
import type { ImageShape } from '../datasets/dataset.ts';
import type { QueryPicture } from '../experiments/round-pictures.ts';
import { checkInteger } from '../shapes.ts';
import {
  captionHeight,
  captionWords,
  frameAround,
  headingHeight,
  headingWords,
  noteLinesOf,
  PAGE,
} from './picture-words.ts';
import { blankPixels, type Corner, copyImage, countImages, type Pixels, writePng } from './pixels.ts';

export interface GridOptions {
  /** Images a row; as many rows as columns, or one more, if left out. */
  readonly columns?: number;
  /** White pixels between images, after scaling. */
  readonly gap?: number;
  /** Whole-number magnification, each pixel becoming `scale x scale`. */
  readonly scale?: number;
}

const NOTE =
  'Under each image: the answer that was bought for it, then its figures. A margin of 0 lies on the decision boundary.';

/** Sizes of a query grid in pixels. */
const QUERY = { image: 140, gap: 22, title: 19, detail: 15, detailLines: 2 } as const;

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
  const grid = blankPixels(
    across * width * scale + (across - 1) * gap,
    Math.ceil(n / across) * (height * scale + gap) - gap,
    channels as 1 | 3,
  );
  for (let image = 0; image < n; image++) {
    const left = (image % across) * (width * scale + gap);
    const top = Math.floor(image / across) * (height * scale + gap);
    copyImage(bytes, shape, image, grid, { left, top }, scale);
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
  await writePng(file, tileImages(bytes, shape, options));
}

/** Where things stand in a query grid of `n` images, in pixels. */
export interface QueryLayout {
  readonly scale: number;
  readonly columns: number;
  readonly width: number;
  readonly height: number;
  /** Upper left corner of an image. */
  readonly corner: (image: number) => Corner;
}

/** The layout {@link writeQueryGrid} draws: five columns, images enlarged by whole numbers to about 140 pixels. */
export function queryLayout(n: number, [height, width]: ImageShape, noteLines = 0): QueryLayout {
  const scale = Math.max(1, Math.round(QUERY.image / Math.max(height, width)));
  const columns = Math.min(5, n);
  const cellWidth = Math.max(width * scale, QUERY.image);
  const cellHeight = height * scale + captionHeight(QUERY);
  // A narrow grid still needs room for its heading.
  const gridWidth = Math.max(columns, 3) * (cellWidth + QUERY.gap) - QUERY.gap;
  const top = headingHeight(noteLines);
  const rows = Math.ceil(n / columns);
  return {
    scale,
    columns,
    width: gridWidth + 2 * PAGE.padding,
    height: top + rows * (cellHeight + PAGE.rowGap) - PAGE.rowGap + PAGE.padding,
    corner: (image) => ({
      left: PAGE.padding + (image % columns) * (cellWidth + QUERY.gap),
      top: top + Math.floor(image / columns) * (cellHeight + PAGE.rowGap),
    }),
  };
}

/** Writes a round's queries as one PNG: each image enlarged, under it its answer and its figures. Makes the folder. */
export async function writeQueryGrid(file: string, queries: QueryPicture): Promise<void> {
  const { images, shape, captions, heading, note = NOTE } = queries;
  const n = countImages('writeQueryGrid.images', images, shape);
  if (captions.length !== n) {
    throw new RangeError(`writeQueryGrid.captions: expected ${n}, one an image, got ${captions.length}`);
  }
  const noteLines = noteLinesOf(note, queryLayout(n, shape).width);
  const layout = queryLayout(n, shape, noteLines.length);
  const page = blankPixels(layout.width, layout.height, 3);
  const [height, width] = [shape[0] * layout.scale, shape[1] * layout.scale];
  const words = headingWords(heading, noteLines, layout.width);
  for (const [image, caption] of captions.entries()) {
    const corner = layout.corner(image);
    copyImage(images, shape, image, page, corner, layout.scale);
    const room = Math.max(width, QUERY.image);
    words.push(
      frameAround(corner, width, height),
      ...captionWords(caption, { left: corner.left, bottom: corner.top + height, room }, QUERY),
    );
  }
  await writePng(file, page, words);
}
