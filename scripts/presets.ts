/**
 * Configs by name or by file.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseJson } from '../src/experiments/config.ts';
import { ConfigError } from '../src/experiments/config-error.ts';
import { presetsFolder } from './package-root.ts';

/** Names of the presets in a folder of `presets/`. */
export function presetNames(folder = '.'): string[] {
  const place = join(presetsFolder, folder);
  if (!existsSync(place)) return [];
  return readdirSync(place)
    .filter((file) => file.endsWith('.json'))
    .map((file) => basename(file, '.json'))
    .sort();
}

/** A preset by its name, or a JSON file by its path. ConfigError if it is neither, or no JSON. */
export function readPreset(nameOrFile: string, folder = '.'): { source: string; raw: unknown } {
  const preset = join(presetsFolder, folder, `${nameOrFile}.json`);
  const isPreset = presetNames(folder).includes(nameOrFile);
  if (!isPreset && !existsSync(nameOrFile)) {
    throw new ConfigError(
      `expected a preset (${presetNames(folder).join(', ')}) or a config file, got "${nameOrFile}", which is neither`,
    );
  }
  const source = isPreset ? preset : nameOrFile;
  if (statSync(source).isDirectory())
    throw new ConfigError(`${source}: expected a config file, got a folder`);
  return { source: nameOrFile, raw: parseJson(source, readFileSync(source, 'utf8')) };
}
