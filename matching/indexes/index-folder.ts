/**
 * The folder of a saved index: `index.json`, what it is and was built from, and, unless everything follows from config
 * and vectors, a binary file.
 *
 * The binary file is named after its content and `index.json` is replaced last, so that a kill at any moment leaves
 * the index that was there before or the new one.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { endianness } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { removeTemporaryFiles, writeFileAtomic } from '../../src/atomic-write.ts';
import { IndexConfig } from './config.ts';
import type { SearchedPool, Searcher } from './searcher.ts';
import type { Vectors } from './vector-index.ts';

const FORMAT_VERSION = 1;
const INDEX = 'index.json';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const Description = z.strictObject({
  format: z.literal(FORMAT_VERSION),
  config: IndexConfig,
  count: z.int().min(1),
  size: z.int().min(1),
  byteOrder: z.enum(['LE', 'BE']),
  vectors: Sha256,
  removed: z.array(z.int().min(0)),
  data: z.strictObject({ bytes: z.int().min(0), sha256: Sha256 }).nullable(),
});

type Description = z.output<typeof Description>;

/** What a folder holds. */
export interface SavedIndex {
  readonly config: IndexConfig;
  /** Rows removed before it was saved. */
  readonly removed: readonly number[];
  /** The binary file, whose content has been checked; for kinds that write none, the name of no file. */
  readonly file: string;
}

/** Writes an index into a folder, which nobody else may be writing to. */
export async function writeIndexFolder(
  dir: string,
  config: IndexConfig,
  { vectors, live }: SearchedPool,
  searcher: Searcher,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  await removeTemporaryFiles(dir);
  const description: Description = {
    format: FORMAT_VERSION,
    config,
    count: live.total,
    size: vectors.size,
    byteOrder: endianness(),
    vectors: hashOf(vectors),
    removed: live.removed(),
    data: await writeData(dir, searcher),
  };
  await writeFileAtomic(path.join(dir, INDEX), `${JSON.stringify(description)}\n`);
  const kept = dataFile(description);
  const old = (await readdir(dir)).filter((name) => /^[0-9a-f]{16}\.bin$/.test(name) && name !== kept);
  await Promise.all(old.map((name) => rm(path.join(dir, name))));
}

/**
 * Reads what a folder says of its index, and checks its binary file.
 *
 * @throws RangeError if there is none, it is broken, or it was built from other vectors
 */
export async function readIndexFolder(dir: string, vectors: Vectors): Promise<SavedIndex> {
  const file = path.join(dir, INDEX);
  const description = parseDescription(await readText(file), file);
  const { config, removed, size, count, data } = description;
  const given = vectors.values.length / vectors.size;
  if (vectors.size !== size || given !== count) {
    throw new RangeError(
      `loadIndex.vectors: expected ${count} rows of ${size} numbers, which ${dir} was built from, ` +
        `got ${given} rows of ${vectors.size}`,
    );
  }
  if (hashOf(vectors) !== description.vectors) {
    throw new RangeError(
      `loadIndex.vectors: expected the vectors that ${dir} was built from, got others of the same shape`,
    );
  }
  const dataPath = path.join(dir, dataFile(description));
  if (data !== null) await checkData(dataPath, data);
  return { config, removed, file: dataPath };
}

/** SHA-256 of numbers as they lie in memory. */
function hashOf({ values }: Vectors): string {
  return createHash('sha256').update(values).digest('hex');
}

function dataFile({ data }: Description): string {
  return `${data?.sha256.slice(0, 16) ?? 'none'}.bin`;
}

/** Writes the binary file under the name of its content, on the disk for good. */
async function writeData(dir: string, searcher: Searcher): Promise<Description['data']> {
  if (searcher.write === undefined) return null;
  // The name of a temporary file as removeTemporaryFiles knows it.
  const temporary = path.join(dir, `.data.bin.${process.pid}-0.tmp`);
  try {
    await searcher.write(temporary);
    const handle = await open(temporary);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    const data = { bytes: (await stat(temporary)).size, sha256: await hashFile(temporary) };
    // writeFileAtomic syncs the folder when index.json follows, and with it this name.
    await rename(temporary, path.join(dir, `${data.sha256.slice(0, 16)}.bin`));
    return data;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function checkData(file: string, { bytes, sha256 }: NonNullable<Description['data']>): Promise<void> {
  let found: number;
  try {
    found = (await stat(file)).size;
  } catch {
    throw new RangeError(`${file}: expected the index's data, got no such file`);
  }
  if (found !== bytes)
    throw new RangeError(`${file}: expected ${bytes} bytes, got ${found}; the index is broken`);
  const hash = await hashFile(file);
  if (hash !== sha256) {
    throw new RangeError(`${file}: expected SHA-256 ${sha256}, got ${hash}; the index is broken`);
  }
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new RangeError(`${file}: expected a saved index, got no such file`);
    }
    throw error;
  }
}

function parseDescription(text: string, file: string): Description {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new RangeError(`${file}: expected JSON, got something else`);
  }
  const version = z.object({ format: z.unknown() }).safeParse(parsed).data?.format;
  if (version !== FORMAT_VERSION) {
    throw new RangeError(
      `${file}: expected format version ${FORMAT_VERSION}, got ${JSON.stringify(version) ?? 'none'}`,
    );
  }
  const description = Description.safeParse(parsed);
  if (!description.success) {
    const faults = description.error.issues.map(({ path: keys, message }) => `${keys.join('.')}: ${message}`);
    throw new RangeError(`${file}: expected an index's description; ${faults.join('; ')}`);
  }
  if (description.data.byteOrder !== endianness()) {
    throw new RangeError(
      `${file}: expected byte order ${endianness()}, got ${description.data.byteOrder}; build the index anew here`,
    );
  }
  return description.data;
}
