/**
 * Tar archives, read as a stream: the regular files of the ustar format, without links and devices.
 *
 * Source: POSIX.1-1988 ustar. Headers and contents are padded to blocks of 512 bytes; a header holds the name
 * at 0 (100 bytes), the size at 124 (12, octal), the checksum at 148 (8, octal), the type at 156 and a name's
 * prefix at 345.
 */

const BLOCK = 512;

/** A regular file of an archive. */
export interface TarEntry {
  /** Path inside the archive, with forward slashes. */
  readonly name: string;
  readonly content: Uint8Array;
}

/**
 * The regular files of a tar stream, in order; entries of other types are passed over.
 *
 * Error if a header's checksum is wrong or the stream ends inside an entry.
 *
 * @param chunks the archive, unpacked, in pieces of any size
 */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const take = blockReader(chunks);
  while (true) {
    const header = await take(BLOCK);
    // Two blocks of zeros end an archive; some writers leave them out.
    if (header === null || header.every((byte) => byte === 0)) return;
    const name = [field(header, 345, 155), field(header, 0, 100)].filter((part) => part !== '').join('/');
    const size = Number.parseInt(field(header, 124, 12), 8);
    if (Number.parseInt(field(header, 148, 8), 8) !== checksum(header) || !Number.isInteger(size)) {
      throw new Error('a tar header with a wrong checksum');
    }
    const padded = Math.ceil(size / BLOCK) * BLOCK;
    const content = padded === 0 ? new Uint8Array(0) : await take(padded);
    if (content === null) throw new Error(`a tar archive that ends inside ${name}`);
    const type = String.fromCharCode(header[156] as number);
    if (type === '0' || type === '\0') yield { name, content: content.subarray(0, size) };
  }
}

/** A function that gives the next `count` bytes, or null at the end. Error if the stream ends in between. */
function blockReader(chunks: AsyncIterable<Uint8Array>): (count: number) => Promise<Uint8Array | null> {
  const source = chunks[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  return async (count) => {
    const block = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      if (rest.length === 0) {
        const { done, value } = await source.next();
        if (done === true) {
          if (filled === 0) return null;
          throw new Error('a tar archive cut short');
        }
        rest = value;
      }
      const taken = rest.subarray(0, count - filled);
      block.set(taken, filled);
      filled += taken.length;
      rest = rest.subarray(taken.length);
    }
    return block;
  };
}

/** A text field: up to its first zero byte. */
function field(header: Uint8Array, start: number, length: number): string {
  const text = new TextDecoder().decode(header.subarray(start, start + length));
  return (text.split('\0')[0] as string).trim();
}

/** Sum of the header's bytes, its own checksum field read as spaces. */
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
}
