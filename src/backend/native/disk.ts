/**
 * How much room there is, and how much something takes.
 */
import { existsSync } from 'node:fs';
import { lstat, readdir, statfs } from 'node:fs/promises';
import path from 'node:path';

/** Bytes of all files below a folder; 0 if it does not exist. What vanishes meanwhile counts nothing. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.map((entry) => {
      const file = path.join(folder, entry.name);
      return entry.isDirectory()
        ? folderBytes(file)
        : lstat(file).then(
            ({ size }) => size,
            () => 0,
          );
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Bytes a user may still write on the disk that holds, or will hold, a folder. */
export async function freeBytes(folder: string): Promise<number> {
  if (!existsSync(folder)) return freeBytes(path.dirname(folder));
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** @throws Error with one sentence if less is free than needed; both in bytes */
export function checkSpace(folder: string, needed: number, free: number): void {
  if (free < needed) {
    throw new Error(
      `${folder}: building needs ${megabytes(needed)}, but its disk has ${megabytes(free)} left; free some space, or set XDG_CACHE_HOME to a larger disk`,
    );
  }
}

/** Bytes for people. */
export function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
