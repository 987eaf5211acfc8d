/**
 * Generators that an experiment does not train but takes from a folder: held to the data set before any work, and
 * copied into the run, which thus stays what it was whatever happens to the folder.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Generator } from '../../generators/generator.ts';
import { generatorFiles, loadGenerator } from '../../generators/load.ts';
import { writeFileAtomic } from '../atomic-write.ts';
import type { ImageShape } from '../datasets/dataset.ts';
import type { ExperimentConfig } from './config.ts';
import { ConfigError } from './config-error.ts';
import { runPaths } from './run-folder.ts';
import { type ModelRole, rolesOf } from './strategy-needs.ts';

/** What the copy of a generator's folder came from: its `source.json`. */
export interface GeneratorSource {
  /** The folder it was copied from. */
  readonly path: string;
  /** SHA-256 of the lines `<SHA-256>  <file>` of {@link files}, as `sha256sum` writes them. */
  readonly sha256: string;
  /** SHA-256 of each file, by its path below the folder, sorted. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Opens every generator that the experiment takes from a folder; of a run that has its copy already, the copy. A backend
 * has been chosen.
 *
 * @throws ConfigError listing all that cannot be opened, cannot be drawn from or make images of another shape
 */
export async function checkGeneratorFolders(
  source: string,
  config: ExperimentConfig,
  shape: ImageShape,
  run: string,
): Promise<void> {
  const problems: string[] = [];
  for (const [name, entry] of Object.entries(config.generators)) {
    if (entry.kind !== 'folder') continue;
    const copy = runPaths.generator(run, name, null);
    const dir = existsSync(path.join(copy, 'model.json')) ? copy : entry.path;
    const fault = await faultOf(dir, shape, rolesOf(config, name));
    if (fault !== undefined) problems.push(`  generators.${name}: ${fault}`);
  }
  if (problems.length > 0)
    throw new ConfigError([`${source}: cannot be carried out`, ...problems].join('\n'));
}

async function faultOf(
  dir: string,
  shape: ImageShape,
  roles: readonly ModelRole[],
): Promise<string | undefined> {
  try {
    const generator = await loadGenerator(dir);
    generator.dispose();
    if (!generator.shape.every((size, axis) => size === shape[axis])) {
      return `expected images [${shape.join(', ')}] as the data set has, got [${generator.shape.join(', ')}] from ${dir}`;
    }
    const lacking = roles.find((role) => !canPlay(generator, role));
    return (
      lacking &&
      `expected a model that can ${SPELT[lacking]}, got ${generator.kind} from ${dir}, which cannot`
    );
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

const SPELT: Readonly<Record<ModelRole, string>> = {
  search: 'draw images from random latents',
  encode: 'encode images',
  discriminate: 'tell real images from generated ones',
};

function canPlay({ prior, encode, discriminate, features }: Generator, role: ModelRole): boolean {
  if (role === 'search') return prior === 'normal';
  return role === 'encode' ? encode !== undefined : discriminate !== undefined && features !== undefined;
}

/**
 * Copies the files of a generator, `model.json` last, so that a folder that has it is complete.
 *
 * @returns the copy's SHA-256, as in its `source.json`
 */
export async function takeGeneratorFolder(from: string, to: string): Promise<string> {
  const hashes: Record<string, string> = {};
  const files = await generatorFiles(from);
  const contents = await Promise.all(files.map((file) => readFile(path.join(from, file))));
  files.forEach((file, i) => {
    hashes[file] = sha256(contents[i] as Buffer);
  });
  const sorted = Object.fromEntries(Object.entries(hashes).sort(([a], [b]) => (a < b ? -1 : 1)));
  const digest = sha256(
    Object.entries(sorted)
      .map(([file, hash]) => `${hash}  ${file}\n`)
      .join(''),
  );
  const source: GeneratorSource = { path: from, sha256: digest, files: sorted };
  await mkdir(to, { recursive: true });
  await writeFileAtomic(path.join(to, 'source.json'), `${JSON.stringify(source, null, 2)}\n`);
  for (const [i, file] of files.entries()) {
    const place = path.join(to, file);
    await mkdir(path.dirname(place), { recursive: true });
    await writeFileAtomic(place, contents[i] as Buffer);
  }
  return digest;
}

function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}
