/**
 * Pictures of what an autoencoder makes of images: each image above its reconstruction, labelled and unlabelled ones apart.
 */
import type { ReconstructedImages } from '../acquisition/reconstructions.ts';
import type { ImageShape } from '../datasets/dataset.ts';
import type { ReconstructionPicture } from '../experiments/round-pictures.ts';
import {
  frameAround,
  headingHeight,
  headingWords,
  noteLinesOf,
  PAGE,
  WORD_COLOURS,
} from './picture-words.ts';
import { blankPixels, type Corner, copyImage, countImages, writePng } from './pixels.ts';
import { strokeText } from './stroke-font.ts';

/** Sizes in pixels: images are enlarged by whole numbers to about `image`, row titles stand left of them in `title`. */
const SIZES = { image: 56, title: 15, titleRoom: 110, gap: 6, poolGap: 20 } as const;

/** Where things stand in a picture of reconstructions, in pixels. */
export interface ReconstructionLayout {
  readonly scale: number;
  readonly width: number;
  readonly height: number;
  /** Upper left corner of a column's image in one of four rows: labelled, rebuilt, unlabelled, rebuilt. */
  readonly corner: (row: number, column: number) => Corner;
}

/** The layout {@link writeReconstructionGrid} draws. */
export function reconstructionLayout(
  columns: number,
  [height, width]: ImageShape,
  noteLines = 0,
): ReconstructionLayout {
  const scale = Math.max(1, Math.round(SIZES.image / Math.max(height, width)));
  const top = headingHeight(noteLines);
  const rowHeight = height * scale + SIZES.gap;
  // A picture of few columns still needs room for its heading.
  const shown = Math.max(6, columns);
  return {
    scale,
    width: 2 * PAGE.padding + SIZES.titleRoom + shown * (width * scale + SIZES.gap) - SIZES.gap,
    height: top + 4 * rowHeight - SIZES.gap + SIZES.poolGap + PAGE.padding,
    corner: (row, column) => ({
      left: PAGE.padding + SIZES.titleRoom + column * (width * scale + SIZES.gap),
      top: top + row * rowHeight + (row > 1 ? SIZES.poolGap : 0),
    }),
  };
}

/**
 * Writes a round's reconstructions as one PNG. Makes the folder.
 *
 * RangeError unless every image has its reconstruction.
 */
export async function writeReconstructionGrid(
  file: string,
  { heading, shape, labelled, unlabelled }: ReconstructionPicture,
): Promise<void> {
  const rows = [
    { title: 'labelled', bytes: labelled.images },
    { title: 'rebuilt', bytes: labelled.decoded },
    { title: 'unlabelled', bytes: unlabelled.images },
    { title: 'rebuilt', bytes: unlabelled.decoded },
  ].map((row) => ({ ...row, n: countImages('writeReconstructionGrid', row.bytes, shape) }));
  for (const [pool, at] of [
    ['labelled', 0],
    ['unlabelled', 2],
  ] as const) {
    const [images, decoded] = [rows[at]?.n, rows[at + 1]?.n];
    if (images !== decoded) {
      throw new RangeError(
        `writeReconstructionGrid.${pool}: expected ${images} reconstructions, one an image, got ${decoded}`,
      );
    }
  }
  const columns = Math.max(...rows.map(({ n }) => n));
  const note = `Decoded from the mean of each image's code. ${seenWords(labelled, unlabelled)}`;
  const noteLines = noteLinesOf(note, reconstructionLayout(columns, shape).width);
  const layout = reconstructionLayout(columns, shape, noteLines.length);
  const page = blankPixels(layout.width, layout.height, 3);
  const [height, width] = [shape[0] * layout.scale, shape[1] * layout.scale];
  const words = headingWords(heading, noteLines, layout.width);
  rows.forEach(({ title, bytes, n }, row) => {
    const { top } = layout.corner(row, 0);
    words.push(
      strokeText(title, PAGE.padding, top + height / 2 + SIZES.title / 3, {
        size: SIZES.title,
        colour: title === 'rebuilt' ? WORD_COLOURS.muted : WORD_COLOURS.ink,
        bold: title !== 'rebuilt',
      }),
    );
    for (let column = 0; column < n; column++) {
      const corner = layout.corner(row, column);
      copyImage(bytes, shape, column, page, corner, layout.scale);
      words.push(frameAround(corner, width, height));
    }
  });
  await writePng(file, page, words);
}

function seenWords(labelled: ReconstructedImages, unlabelled: ReconstructedImages): string {
  if (labelled.heldOut && unlabelled.heldOut) return 'The discriminator never saw them.';
  if (!labelled.heldOut && !unlabelled.heldOut) return 'The discriminator saw them in training.';
  return labelled.heldOut
    ? 'In training the discriminator saw the unlabelled ones alone.'
    : 'In training the discriminator saw the labelled ones alone.';
}
