/**
 * Keeping builds whole: one installation at a time, each in a temporary folder that is renamed into place.
 */
import { randomBytes } from 'node:crypto';
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { makeFolder } from '../../make-folder.ts';

const lockName = 'install.lock';
/** Folders that only a running installation needs. */
const temporaryName = /\.(building|replaced)-[0-9a-f]+$|^\.lock-[0-9a-f]+$/;

/**
 * Does work while no other process does work on the same folder, after removing what a killed one left there.
 *
 * @param folder created if it does not exist
 * @throws Error with one sentence if another process is at it
 */
export async function alone<T>(folder: string, work: () => Promise<T>): Promise<T> {
  await makeFolder(folder).catch((error: NodeJS.ErrnoException) => {
    throw new Error(
      `${folder}: expected a folder that can be written, got ${error.code}; set XDG_CACHE_HOME to one`,
    );
  });
  const lock = path.join(folder, lockName);
  await takeLock(lock);
  try {
    await removeLeftovers(folder);
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** A name beside a folder that nothing else has. */
export function temporaryBeside(folder: string, kind: 'building' | 'replaced'): string {
  return `${folder}.${kind}-${randomBytes(4).toString('hex')}`;
}

/**
 * Puts a finished folder in the place of another, or of none. A kill leaves the old one or the new one,
 * though the old one may come back only with the next {@link alone}.
 */
export async function replaceFolder(finished: string, target: string): Promise<void> {
  const replaced = temporaryBeside(target, 'replaced');
  await rename(target, replaced).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(finished, target);
  await rm(replaced, { recursive: true, force: true });
}

async function takeLock(lock: string): Promise<void> {
  const mine = JSON.stringify({ host: hostname(), process: process.pid });
  for (let attempt = 0; attempt < 3; attempt++) {
    // Linked rather than written in place, so that nobody ever reads half of it.
    const written = path.join(path.dirname(lock), `.lock-${randomBytes(4).toString('hex')}`);
    await writeFile(written, mine);
    try {
      await link(written, lock);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      await rm(written, { force: true });
    }
    const holder = await readFile(lock, 'utf8').catch(() => '');
    if (isAlive(holder)) {
      throw new Error(
        `another genal backend command is at work (${holder}); wait for it, or remove ${lock} if there is none`,
      );
    }
    // Renamed rather than removed: of two that find the same dead holder, only one then takes its lock away.
    const dead = path.join(path.dirname(lock), `.lock-${randomBytes(4).toString('hex')}`);
    await rename(lock, dead).catch(() => undefined);
    await rm(dead, { force: true });
  }
  throw new Error(`${lock}: expected to get this lock, but others keep taking it`);
}

/** Whether the process that wrote a lock still runs. Another machine's, on a shared home, counts as running. */
function isAlive(holder: string): boolean {
  let parsed: { host?: unknown; process?: unknown };
  try {
    parsed = JSON.parse(holder) as typeof parsed;
  } catch {
    return false;
  }
  if (parsed.host !== hostname()) return true;
  if (typeof parsed.process !== 'number') return false;
  try {
    process.kill(parsed.process, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function removeLeftovers(folder: string): Promise<void> {
  const before = await readdir(folder);
  const left: string[] = [];
  for (const name of before.filter((candidate) => temporaryName.test(candidate))) {
    const [target = name, kind] = name.split(/\.(?=replaced-)/);
    // Killed between the two renames of replaceFolder: the old one is still the only one.
    if (kind !== undefined && !before.includes(target)) {
      await rename(path.join(folder, name), path.join(folder, target));
    } else left.push(name);
  }
  await Promise.all(left.map((name) => rm(path.join(folder, name), { recursive: true, force: true })));
}
