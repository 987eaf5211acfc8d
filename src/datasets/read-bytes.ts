/**
 * Whole files as bytes, unpacked if they are gzip, and the names a file may go by.
 *
 * Gzip is told by its first two bytes, not by the name: some servers and tools unpack a `.gz` file and keep
 * its name, and no format read here can start with those two bytes.
 */
import { access, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, constants as zlib } from 'node:zlib';

import { datasetError, errorCode } from './dataset-error.ts';

const unpack = promisify(gunzip);

/** The content of `path`, unpacked if it is gzip. DatasetError if it is missing, empty, cut short or corrupt. */
export async function readBytes(path: string): Promise<Uint8Array> {
  let raw: Uint8Array;
  try {
    raw = await readFile(path);
  } catch (error) {
    throw datasetError(path, 'a readable file', errorCode(error) ?? String(error), error);
  }
  if (raw.length === 0) throw datasetError(path, 'data', 'an empty file');
  const bytes = isGzip(raw) ? await gunzipBytes(path, raw) : raw;
  if (bytes.length === 0) throw datasetError(path, 'data', 'an empty gzip file');
  // A plain view: Buffer would give `subarray` and equality another meaning than callers expect.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Whether `bytes` start as gzip (RFC 1952, section 2.3.1). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** What was wrong with a gzip file, as the end of a sentence "expected valid gzip, got ...". */
export function gzipFault(error: unknown): string {
  return errorCode(error) === 'Z_BUF_ERROR'
    ? 'a file cut short'
    : `corrupt data (${error instanceof Error ? error.message : String(error)})`;
}

/**
 * The first `count` unpacked bytes of `path` (fewer if it is shorter) and the size of the whole, without
 * unpacking the rest. For gzip the size is the trailer's word, which a cut or joined file gets wrong.
 */
export async function peekBytes(path: string, count: number): Promise<{ head: Uint8Array; size: number }> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    // Room for the gzip header and for the blocks that hold the first bytes.
    const raw = await readAt(file, 0, Math.min(size, count + 65_536));
    if (!isGzip(raw)) return { head: new Uint8Array(raw.subarray(0, count)), size };
    const head = await unpack(raw, { finishFlush: zlib.Z_SYNC_FLUSH });
    const trailer = await readAt(file, Math.max(0, size - 4), 4);
    return { head: new Uint8Array(head.subarray(0, count)), size: trailer.readUInt32LE(0) };
  } catch (error) {
    throw datasetError(path, 'a readable data file', gzipFault(error), error);
  } finally {
    await file.close();
  }
}

/** The first of `names` that is in `folder`, as it is or with `.gz`; null if none is. */
export async function findVariant(folder: string, names: readonly string[]): Promise<string | null> {
  for (const name of names) {
    for (const path of [join(folder, name), join(folder, `${name}.gz`)]) {
      if (await exists(path)) return path;
    }
  }
  return null;
}

/** Whether there is a file or folder at `path`. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function gunzipBytes(path: string, raw: Uint8Array): Promise<Uint8Array> {
  try {
    return await unpack(raw);
  } catch (error) {
    throw datasetError(path, 'valid gzip', gzipFault(error), error);
  }
}

async function readAt(file: Awaited<ReturnType<typeof open>>, position: number, count: number) {
  const bytes = Buffer.alloc(count);
  const { bytesRead } = await file.read(bytes, 0, count, position);
  return bytes.subarray(0, bytesRead);
}
