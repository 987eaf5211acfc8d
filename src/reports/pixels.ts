/**
 * Pictures as raw bytes: images are copied into them, words are drawn over them, and a PNG comes out.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { writeFileAtomic } from '../atomic-write.ts';
import type { ImageShape } from '../datasets/dataset.ts';

/** Interleaved bytes of a picture. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** A place in a picture, in pixels from its upper left corner. */
export interface Corner {
  readonly left: number;
  readonly top: number;
}

const WHITE = 255;

/** A white picture. */
export function blankPixels(width: number, height: number, channels: 1 | 3): Pixels {
  return { data: new Uint8Array(width * height * channels).fill(WHITE), width, height, channels };
}

/**
 * Copies one image into a picture of the same or three channels, each of its pixels a square of `scale`.
 *
 * @param bytes `[n, height, width, channels]`, of which `image` is copied
 */
export function copyImage(
  bytes: Uint8Array,
  [height, width, channels]: ImageShape,
  image: number,
  target: Pixels,
  { left, top }: Corner,
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

/** How many images the bytes are. RangeError naming the argument unless they are one or more whole ones. */
export function countImages(name: string, bytes: Uint8Array, [height, width, channels]: ImageShape): number {
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

/** The picture as a PNG. @param overlay SVG elements drawn over it */
export function encodePng(
  { data, width, height, channels }: Pixels,
  overlay: readonly string[] = [],
): Promise<Buffer> {
  const picture = sharp(data, { raw: { width, height, channels } });
  if (overlay.length > 0) {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${overlay.join('')}</svg>`;
    picture.composite([{ input: Buffer.from(svg) }]).removeAlpha();
  } else if (channels === 1) picture.toColourspace('b-w');
  return picture.png({ compressionLevel: 9 }).toBuffer();
}

/** Writes {@link encodePng} in one step. Makes the folder. */
export async function writePng(file: string, picture: Pixels, overlay?: readonly string[]): Promise<void> {
  const png = await encodePng(picture, overlay);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFileAtomic(file, png);
}
