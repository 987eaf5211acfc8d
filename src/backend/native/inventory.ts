/**
 * Which builds of native TensorFlow lie in the user's cache folder, and removing them.
 */
import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import {
  damagedFile,
  type NativeManifest,
  nativeBuildFolder,
  nativeBuildsFolder,
  readManifest,
} from '../native-build.ts';
import { folderBytes } from './disk.ts';
import { alone, temporaryBeside } from './publish.ts';
import type { NativeDevice } from './target.ts';

export interface ListedBuild {
  readonly folder: string;
  /** Null if the folder is no complete build. */
  readonly manifest: NativeManifest | null;
  /** Bytes of the folder; libraries that stay elsewhere are not counted. */
  readonly bytes: number;
  /** Why it cannot load, or null if nothing speaks against it. */
  readonly problem: string | null;
}

/** Every folder among the builds, those for other machines that share the cache included. */
export async function listNativeBuilds(): Promise<ListedBuild[]> {
  const root = nativeBuildsFolder();
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  return Promise.all(
    folders.map(async ({ name }) => {
      const folder = path.join(root, name);
      const manifest = readManifest(folder) ?? null;
      return { folder, manifest, bytes: await folderBytes(folder), problem: problemOf(folder, manifest) };
    }),
  );
}

function problemOf(folder: string, manifest: NativeManifest | null): string | null {
  if (path.basename(folder) === 'downloads') return 'wheels of an installation that is not finished';
  if (manifest === null) return 'no build, or an unfinished one';
  if (!existsSync(manifest.libraries)) return `its libraries are gone from ${manifest.libraries}`;
  const damaged = damagedFile({ folder, manifest });
  return damaged === undefined ? null : `${damaged} is missing or not what was built`;
}

/**
 * Removes the build for a device, and what unfinished installations left.
 *
 * @returns bytes freed; 0 if there was nothing
 */
export async function removeNativeBuild(device: NativeDevice): Promise<number> {
  if (!existsSync(nativeBuildsFolder())) return 0;
  return alone(nativeBuildsFolder(), async () => {
    const folders = [nativeBuildFolder(device), path.join(nativeBuildsFolder(), 'downloads', device)];
    const sizes = await Promise.all(folders.map(folderBytes));
    for (const folder of folders.filter(existsSync)) {
      // In one step, so that no process meets half a build.
      const gone = temporaryBeside(folder, 'building');
      await rename(folder, gone);
      await rm(gone, { recursive: true, force: true });
    }
    return sizes.reduce((sum, size) => sum + size, 0);
  });
}
