/**
 * Where the package lies, run from source or compiled.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findUp(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  return findUp(dirname(folder));
}

const here = dirname(fileURLToPath(import.meta.url));

/** The folder that holds package.json. */
export const packageRoot = findUp(here);
export const packageFile = join(packageRoot, 'package.json');
/** The presets that come with the package, beside this file in both forms. */
export const presetsFolder = join(here, 'presets');
