/**
 * The words of a picture of captioned images, as SVG elements: a heading with its note, and what stands under an image.
 */
import type { Caption } from '../experiments/round-pictures.ts';
import type { Corner } from './pixels.ts';
import { fitText, strokeText, textWidth, wrapText } from './stroke-font.ts';

/** Colours of words and lines, on white. */
export const WORD_COLOURS = {
  ink: '#1c2126',
  muted: '#59626c',
  warning: '#a03c00',
  frame: '#c4cad0',
  /** Of what was bought. */
  chosen: '#0067b1',
} as const;

/** Sizes in pixels; of text, pixels to the em. */
export const PAGE = { padding: 24, heading: 23, note: 15, lineHeight: 1.35, rowGap: 20 } as const;

export interface CaptionSizes {
  readonly title: number;
  readonly detail: number;
  readonly detailLines: number;
}

/** Where the images begin, below a heading with that many lines of note. */
export function headingHeight(noteLines: number): number {
  return PAGE.padding + Math.ceil(PAGE.heading * 1.1 + noteLines * PAGE.note * PAGE.lineHeight) + PAGE.rowGap;
}

/** The lines of a note in a picture of that width. */
export function noteLinesOf(note: string, width: number): string[] {
  return wrapText(note, PAGE.note, width - 2 * PAGE.padding);
}

/** A heading, smaller if it would not fit, and its note. */
export function headingWords(heading: string, noteLines: readonly string[], width: number): string[] {
  const room = width - 2 * PAGE.padding;
  const size = Math.min(PAGE.heading, (PAGE.heading * room) / Math.max(1, textWidth(heading, PAGE.heading)));
  const baseline = PAGE.padding + PAGE.heading * 0.75;
  return [
    strokeText(heading, PAGE.padding, baseline, { size, colour: WORD_COLOURS.ink, bold: true }),
    ...noteLines.map((line, row) =>
      strokeText(line, PAGE.padding, baseline + (row + 1) * PAGE.note * PAGE.lineHeight + 4, {
        size: PAGE.note,
        colour: WORD_COLOURS.muted,
      }),
    ),
  ];
}

/** Height that {@link captionWords} may take. */
export function captionHeight({ title, detail, detailLines }: CaptionSizes): number {
  return Math.ceil(title * PAGE.lineHeight + detailLines * detail * PAGE.lineHeight + 6);
}

/** A caption below `bottom`, no wider than `room`; without a title its detail moves up. */
export function captionWords(
  { title, detail, tone }: Caption,
  { left, bottom, room }: { readonly left: number; readonly bottom: number; readonly room: number },
  sizes: CaptionSizes,
): string[] {
  const baseline = bottom + sizes.title * 1.15;
  // One line if it fits; else each figure keeps a line to itself.
  const figures = textWidth(detail, sizes.detail) <= room ? [detail] : detail.split(/,\s+/);
  const details = figures.flatMap((figure) => wrapText(figure, sizes.detail, room));
  const above = title === '' ? 0 : 1;
  return [
    strokeText(fitText(title, sizes.title, room, true), left, baseline, {
      size: sizes.title,
      colour: tone === 'warning' ? WORD_COLOURS.warning : WORD_COLOURS.ink,
      bold: true,
    }),
    ...details.slice(0, sizes.detailLines).map((line, row) =>
      strokeText(line, left, baseline + (row + above) * sizes.detail * PAGE.lineHeight + 1, {
        size: sizes.detail,
        colour: WORD_COLOURS.muted,
      }),
    ),
  ];
}

/** A line around an image, outside its pixels. */
export function frameAround(
  { left, top }: Corner,
  width: number,
  height: number,
  { colour = WORD_COLOURS.frame, thick = 1 }: { readonly colour?: string; readonly thick?: number } = {},
): string {
  const half = thick / 2;
  return `<rect x="${left - half}" y="${top - half}" width="${width + thick}" height="${height + thick}" fill="none" stroke="${colour}"${thick === 1 ? '' : ` stroke-width="${thick}"`}/>`;
}
