/**
 * One file from the network: to a temporary file first, checked by SHA-256, and only then handed on.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { createGunzip } from 'node:zlib';

import { datasetError } from './dataset-error.ts';
import { gzipFault, isGzip } from './read-bytes.ts';

/** How far a download has come. */
export interface DownloadProgress {
  /** Name of the file on the server. */
  readonly file: string;
  /** Bytes so far. */
  readonly received: number;
  /** Bytes of the whole file; null if the server did not say. */
  readonly total: number | null;
}

export interface DownloadOptions {
  /** Lower-case hexadecimal SHA-256 the content must have. */
  readonly sha256: string;
  /** What is hashed: the bytes as sent, or what they unpack to where they are gzip. */
  readonly hashed: 'sent' | 'unpacked';
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Downloads `url` to the file `temporary`, checks it and calls `install`, which moves or unpacks it.
 *
 * The temporary file is gone afterwards, whatever happened. DatasetError naming the address if the server
 * cannot be reached, answers with an error, stops half way or sends other content; the signal's own reason if
 * it was aborted.
 */
export async function download(
  url: string,
  temporary: string,
  { sha256, hashed, onProgress, signal }: DownloadOptions,
  install: (temporary: string) => Promise<void>,
): Promise<void> {
  try {
    await receive(url, temporary, onProgress, signal);
    const digest = await fileDigest(temporary, hashed).catch((error: unknown) => {
      throw datasetError(url, 'valid gzip', gzipFault(error), error);
    });
    if (digest !== sha256) throw datasetError(url, `content with SHA-256 ${sha256}`, digest);
    signal?.throwIfAborted();
    await install(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** SHA-256 of a file, in lower-case hexadecimal; of what it unpacks to, if that is asked for and it is gzip. */
export async function fileDigest(path: string, hashed: 'sent' | 'unpacked'): Promise<string> {
  const hash = createHash('sha256');
  if (hashed === 'unpacked' && (await startsAsGzip(path))) {
    await pipeline(createReadStream(path), createGunzip(), hash);
  } else {
    await pipeline(createReadStream(path), hash);
  }
  return hash.digest('hex');
}

async function receive(
  url: string,
  path: string,
  onProgress: DownloadOptions['onProgress'],
  signal: AbortSignal | undefined,
): Promise<void> {
  let received = 0;
  let total: number | null = null;
  try {
    // Not packed once more on the way: the length the server states is then the file's own.
    const headers = { 'accept-encoding': 'identity' };
    const response = await fetch(url, { headers, ...(signal !== undefined && { signal }) });
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      throw datasetError(url, 'HTTP status 200', `${response.status} ${response.statusText}`.trim());
    }
    const length = response.headers.get('content-length');
    total = length === null ? null : Number(length);
    const count = new Transform({
      transform(chunk: Uint8Array, _encoding, done) {
        received += chunk.length;
        onProgress?.({ file: basename(new URL(url).pathname), received, total });
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body as ReadableStream), count, createWriteStream(path));
  } catch (error) {
    signal?.throwIfAborted();
    throw describeFailure(error, url, received, total);
  }
}

/** Failures of the network as a DatasetError; anything else, such as a full disk, as it is. */
function describeFailure(error: unknown, url: string, received: number, total: number | null): unknown {
  // fetch reports every failure of the network as a TypeError, whose cause holds what happened.
  if (!(error instanceof TypeError)) return error;
  const cause = error.cause instanceof Error ? error.cause : error;
  const reason = cause.message === '' ? cause.name : cause.message;
  return received === 0 && total === null
    ? datasetError(url, 'an answer', `a connection error (${reason})`, error)
    : datasetError(url, `${total ?? 'more'} bytes`, `${received} before it broke off (${reason})`, error);
}

async function startsAsGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const start = new Uint8Array(2);
    await file.read(start, 0, 2, 0);
    return isGzip(start);
  } finally {
    await file.close();
  }
}
