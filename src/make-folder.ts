/**
 * Making folders where the file system may refuse in ways that Node does not expect.
 */
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * A folder and those above it, where they are not there yet.
 *
 * Level by level, because `mkdir` with `recursive` never returns below `/proc`, which has folders and takes none.
 *
 * @throws the file system's error, such as EACCES, ENOTDIR, or ENOENT for a place that takes no folders
 */
export async function makeFolder(folder: string): Promise<void> {
  const whole = path.resolve(folder);
  const made = await tryMake(whole);
  if (made !== 'ENOENT') return;
  const parent = path.dirname(whole);
  if (parent !== whole) await makeFolder(parent);
  // One more turn and no other: a place that takes no folders answers ENOENT for ever.
  if ((await tryMake(whole)) === 'ENOENT') await mkdir(whole);
}

/** Whether it is there now, or what is above it is not. */
async function tryMake(folder: string): Promise<'there' | 'ENOENT'> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return 'ENOENT';
    const isFolder = async () => (await stat(folder).catch(() => undefined))?.isDirectory() ?? false;
    if (code !== 'EEXIST' || !(await isFolder())) throw error;
  }
  return 'there';
}
