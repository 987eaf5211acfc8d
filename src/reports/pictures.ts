/**
 * Pictures of a run folder, made small enough to stand inside a page.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';

/** What all pictures of a kind may take in a page, in bytes of PNG; base64 adds a third. */
export const PICTURE_BUDGET = 2_400_000;

export interface Picture {
  /** `data:image/png;base64,...`, or a WebP */
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

/** The PNG of a file as {@link fitPicture} makes it. */
export async function readPicture(file: string, maxHeight: number, maxBytes: number): Promise<Picture> {
  return fitPicture(await readFile(file), maxHeight, maxBytes);
}

/**
 * A PNG as a data URI.
 *
 * One taller than `maxHeight` pixels loses its lower part. One of more than `maxBytes` becomes a WebP, and
 * smaller until it fits.
 */
export async function fitPicture(original: Buffer, maxHeight: number, maxBytes: number): Promise<Picture> {
  const { width, height } = await sharp(original).metadata();
  const shown = { width, height: Math.min(height, maxHeight) };
  const cropped = shown.height < height;
  const picture = () => sharp(original).extract({ left: 0, top: 0, ...shown });
  const png = cropped ? await picture().png({ compressionLevel: 9 }).toBuffer() : original;
  if (png.length <= maxBytes) return { uri: dataUri('png', png), ...shown, cropped };
  for (let scale = 1; ; ) {
    const size = { width: Math.ceil(shown.width * scale), height: Math.ceil(shown.height * scale) };
    const webp = await picture()
      .resize(size.width, size.height, { fit: 'fill' })
      .webp({ quality: 80 })
      .toBuffer();
    if (webp.length <= maxBytes || size.width <= 64) return { uri: dataUri('webp', webp), ...size, cropped };
    scale *= Math.min(0.9, Math.sqrt(maxBytes / webp.length));
  }
}

function dataUri(format: 'png' | 'webp', bytes: Buffer): string {
  return `data:image/${format};base64,${bytes.toString('base64')}`;
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
