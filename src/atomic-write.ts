/**
 * Writing files so that a crash, a kill or a power cut leaves the old content or the new, never a mixture.
 */
import { open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';

let written = 0;

/**
 * Replaces a file's content in one step: a temporary file in the same folder, synced, renamed over the old
 * one, and the folder synced.
 *
 * A kill may leave a file named `.<name>.<process>-<count>.tmp` behind, which nothing reads and
 * {@link removeTemporaryFiles} removes.
 *
 * @param file its folder must exist
 */
export async function writeFileAtomic(file: string, data: string | Uint8Array): Promise<void> {
  const folder = path.dirname(file);
  const temporary = path.join(folder, `.${path.basename(file)}.${process.pid}-${written++}.tmp`);
  try {
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** Removes what killed calls of {@link writeFileAtomic} left in a folder that nobody is writing to. */
export async function removeTemporaryFiles(folder: string): Promise<void> {
  const left = (await readdir(folder)).filter((name) => /^\..+\.\d+-\d+\.tmp$/.test(name));
  await Promise.all(left.map((name) => rm(path.join(folder, name), { force: true })));
}

/**
 * Appends one line and its end, and returns once the disk has them.
 *
 * A kill may leave the last line without its end; every line that has one is whole.
 *
 * @param file created if it does not exist; its folder must exist
 * @throws RangeError if `line` holds a line break
 */
export async function appendLineSynced(file: string, line: string): Promise<void> {
  if (/[\r\n]/.test(line)) {
    throw new RangeError(
      `appendLineSynced.line: expected one line, got ${line.split(/\r\n|[\r\n]/).length} lines`,
    );
  }
  await appendSynced(file, `${line}\n`);
}

/** Appends text and returns once the disk has it. The same as {@link appendLineSynced} for many lines. */
export async function appendSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, 'a');
  let isNew: boolean;
  try {
    isNew = (await handle.stat()).size === 0;
    await handle.appendFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (isNew) await syncFolder(path.dirname(file));
}

/** Makes a rename or a new name last. Some systems cannot open a folder; there the rename itself is safe. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
