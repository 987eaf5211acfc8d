/**
 * Pictures of a run folder, made small enough to stand inside a page.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';

export interface Picture {
  /** `data:image/png;base64,...` */
  readonly uri: string;
  readonly width: number;
  readonly height: number;
  /** Whether the lower part was cut off. */
  readonly cropped: boolean;
}

/** A file whose name ends in a number, such as `round-3.png`. */
export interface NumberedFile {
  readonly number: number;
  readonly file: string;
}

/**
 * A PNG as a data URI.
 *
 * One taller than `maxHeight` pixels loses its lower part, one of more than `maxBytes` its resolution.
 */
export async function readPicture(file: string, maxHeight: number, maxBytes: number): Promise<Picture> {
  const original = await readFile(file);
  const { width, height } = await sharp(original).metadata();
  const cropped = height > maxHeight;
  let png = original;
  if (cropped) {
    png = await sharp(original)
      .extract({ left: 0, top: 0, width, height: maxHeight })
      .png({ compressionLevel: 9 })
      .toBuffer();
  }
  let size = { width, height: Math.min(height, maxHeight) };
  while (png.length > maxBytes && size.width > 64) {
    size = { width: Math.round(size.width * 0.75), height: Math.round(size.height * 0.75) };
    png = await sharp(png)
      .resize(size.width, size.height, { fit: 'fill' })
      .png({ compressionLevel: 9, palette: true })
      .toBuffer();
  }
  return { uri: `data:image/png;base64,${png.toString('base64')}`, ...size, cropped };
}

/** Files `<prefix><number><ending>` of a folder in the order of their numbers; none if there is no folder. */
export async function numberedFiles(folder: string, prefix: string, ending: string): Promise<NumberedFile[]> {
  if (!existsSync(folder)) return [];
  const names = await readdir(folder);
  return names
    .flatMap((name) => {
      const digits = name.slice(prefix.length, -ending.length);
      const fits = name.startsWith(prefix) && name.endsWith(ending) && /^\d+$/.test(digits);
      return fits ? [{ number: Number(digits), file: path.join(folder, name) }] : [];
    })
    .sort((a, b) => a.number - b.number);
}

/** At most `most` of the items, spread evenly, the first and the last among them. */
export function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from(
    { length: most },
    (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))] as T,
  );
}
