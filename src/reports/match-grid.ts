/**
 * Pictures of matches: every query a row with the synthesised image, the pool image bought in its place, and the
 * candidates nearest to it.
 */
import type { ImageShape } from '../datasets/dataset.ts';
import type { CaptionedImage, MatchPicture } from '../experiments/round-pictures.ts';
import {
  type CaptionSizes,
  captionHeight,
  captionWords,
  frameAround,
  headingHeight,
  headingWords,
  noteLinesOf,
  PAGE,
  WORD_COLOURS,
} from './picture-words.ts';
import { blankPixels, type Corner, copyImage, countImages, type Pixels, writePng } from './pixels.ts';
import { strokeText } from './stroke-font.ts';

/** Rows drawn; past them a picture is no longer looked at, and takes more memory than the rest of a round. */
export const MOST_ROWS = 20;

/** Sizes of the two large columns and of the neighbours beside them, in pixels. */
const SIZES = {
  synthesised: { image: 112, room: 180, title: 16, detail: 14, detailLines: 2 },
  matched: { image: 112, room: 150, title: 22, detail: 14, detailLines: 2 },
  neighbour: { image: 84, room: 96, title: 14, detail: 13, detailLines: 2 },
} as const;
/** Between columns, and rows. The arrow stands over the room that a caption may take beyond its image. */
const GAPS = { matched: 16, neighbours: 34, between: 12, row: 16 } as const;
const COLUMN_TITLE = 15;
const FRAME = 4;

/** Where things stand in a picture of matches, in pixels. */
export interface MatchLayout {
  readonly scale: number;
  readonly neighbourScale: number;
  readonly width: number;
  readonly height: number;
  /** Upper left corners. */
  readonly synthesised: (row: number) => Corner;
  readonly matched: (row: number) => Corner;
  readonly neighbour: (row: number, rank: number) => Corner;
}

/** The layout {@link writeMatchGrid} draws: images enlarged by whole numbers, to about 112 and, of neighbours, 84 pixels. */
export function matchLayout(
  rows: number,
  neighbours: number,
  [height, width]: ImageShape,
  noteLines = 0,
): MatchLayout {
  const scaleTo = (size: number) => Math.max(1, Math.round(size / Math.max(height, width)));
  const scale = scaleTo(SIZES.matched.image);
  const neighbourScale = scaleTo(SIZES.neighbour.image);
  const matchedLeft = PAGE.padding + Math.max(width * scale, SIZES.synthesised.room) + GAPS.matched;
  const neighboursLeft = matchedLeft + Math.max(width * scale, SIZES.matched.room) + GAPS.neighbours;
  const step = Math.max(width * neighbourScale, SIZES.neighbour.room) + GAPS.between;
  const rowHeight =
    Math.max(
      height * scale + captionHeight(SIZES.matched),
      height * neighbourScale + captionHeight(SIZES.neighbour),
    ) + GAPS.row;
  const top = headingHeight(noteLines) + Math.ceil(COLUMN_TITLE * PAGE.lineHeight);
  // Without neighbours the heading still needs room.
  const right = neighboursLeft + Math.max(3, neighbours) * step - GAPS.between;
  const corner = (left: number) => (row: number) => ({ left, top: top + row * rowHeight });
  return {
    scale,
    neighbourScale,
    width: right + PAGE.padding,
    height: top + rows * rowHeight - GAPS.row + PAGE.padding,
    synthesised: corner(PAGE.padding),
    matched: corner(matchedLeft),
    neighbour: (row, rank) => corner(neighboursLeft + rank * step)(row),
  };
}

/**
 * Writes a round's matches as one PNG, the first {@link MOST_ROWS} of them. Makes the folder.
 *
 * A row holds the synthesised image, an arrow, the row bought in a frame, and its neighbours, among which the row bought
 * is framed again; captions stand beneath. RangeError naming the image whose bytes do not fit the shape.
 */
export async function writeMatchGrid(file: string, { heading, shape, queries }: MatchPicture): Promise<void> {
  const shown = queries.slice(0, MOST_ROWS);
  checkImages(shown, shape);
  const neighbours = Math.max(0, ...shown.map((query) => query.neighbours.length));
  const note = noteOf(queries.length, neighbours);
  const noteLines = noteLinesOf(note, matchLayout(shown.length, neighbours, shape).width);
  const layout = matchLayout(shown.length, neighbours, shape, noteLines.length);
  const page = blankPixels(layout.width, layout.height, 3);
  const words = [...headingWords(heading, noteLines, layout.width), ...columnTitles(layout, neighbours)];
  const drawing: Drawing = { page, words, shape };
  for (const [row, { synthesised, matched, neighbours: near }] of shown.entries()) {
    drawImage(drawing, synthesised, layout.synthesised(row), layout.scale, SIZES.synthesised, 'plain');
    words.push(arrow(layout.synthesised(row), layout.matched(row), shape, layout.scale));
    drawImage(drawing, matched, layout.matched(row), layout.scale, SIZES.matched, 'chosen');
    for (const [rank, neighbour] of near.entries()) {
      const frame = neighbour.isMatch ? 'chosen' : 'plain';
      const corner = layout.neighbour(row, rank);
      drawImage(drawing, neighbour, corner, layout.neighbourScale, SIZES.neighbour, frame);
    }
  }
  await writePng(file, page, words);
}

interface Drawing {
  readonly page: Pixels;
  readonly words: string[];
  readonly shape: ImageShape;
}

function drawImage(
  { page, words, shape }: Drawing,
  { image, caption }: CaptionedImage,
  corner: Corner,
  scale: number,
  sizes: CaptionSizes & { readonly room: number },
  frame: 'plain' | 'chosen',
): void {
  copyImage(image, shape, 0, page, corner, scale);
  const [height, width] = [shape[0] * scale, shape[1] * scale];
  const style = frame === 'chosen' ? { colour: WORD_COLOURS.chosen, thick: FRAME } : {};
  const room = Math.max(width, sizes.room);
  words.push(
    frameAround(corner, width, height, style),
    ...captionWords(caption, { left: corner.left, bottom: corner.top + height + FRAME, room }, sizes),
  );
}

/** From the synthesised image to the one bought, half way down. */
function arrow(from: Corner, to: Corner, [height, width]: ImageShape, scale: number): string {
  const y = from.top + (height * scale) / 2;
  const [tail, head] = [from.left + width * scale + 14, to.left - 16];
  return `<path d="M${tail} ${y}H${head}M${head - 9} ${y - 8}L${head} ${y}L${head - 9} ${y + 8}" fill="none" stroke="${WORD_COLOURS.muted}" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round"/>`;
}

function columnTitles(layout: MatchLayout, neighbours: number): string[] {
  const title = (text: string, { left, top }: Corner) =>
    strokeText(text, left, top - 12, { size: COLUMN_TITLE, colour: WORD_COLOURS.muted, bold: true });
  return [
    title('synthesised', layout.synthesised(0)),
    title('bought', layout.matched(0)),
    ...(neighbours > 0 ? [title('nearest in the pool, nearest first', layout.neighbour(0, 0))] : []),
  ];
}

function noteOf(queries: number, neighbours: number): string {
  const columns =
    'Each row: a synthesised image, which nobody labels; the pool image bought in its place, with the label paid for';
  const near =
    neighbours > 0
      ? '; and the unlabelled images nearest to the synthesised one, the one bought in a frame.'
      : '.';
  const rest = queries > MOST_ROWS ? ` The first ${MOST_ROWS} of ${queries} queries.` : '';
  return `${columns}${near}${rest}`;
}

function checkImages(queries: MatchPicture['queries'], shape: ImageShape): void {
  if (queries.length === 0) throw new RangeError('writeMatchGrid.queries: expected at least 1, got 0');
  for (const [position, { synthesised, matched, neighbours }] of queries.entries()) {
    for (const { image } of [synthesised, matched, ...neighbours]) {
      const n = countImages(`writeMatchGrid.queries[${position}]`, image, shape);
      if (n !== 1) {
        throw new RangeError(`writeMatchGrid.queries[${position}]: expected one image a place, got ${n}`);
      }
    }
  }
}
