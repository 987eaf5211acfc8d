/**
 * Opening and closing a run folder: the config that is never changed, the lock against two writers, and the
 * manifest that says on what the numbers were made.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { version as tensorflowVersion } from '@tensorflow/tfjs';
import { writeFileAtomic } from '../atomic-write.ts';
import type { BackendChoice } from '../backend/backend.ts';
import { makeFolder } from '../make-folder.ts';
import { differences, type ExperimentConfig, parseConfig, parseJson } from './config.ts';
import { ConfigError } from './config-error.ts';
import { type DataFacts, type Manifest, type ReferenceQuality, runPaths } from './run-folder.ts';

/** The config a run folder was made with. ConfigError if the folder holds none. */
export async function readRunConfig(run: string): Promise<ExperimentConfig> {
  const file = runPaths.config(run);
  if (!existsSync(file))
    throw new ConfigError(`${run}: expected a run folder with a config.json, found none`);
  return parseConfig(file, parseJson(file, await readFile(file, 'utf8')));
}

/** A run's manifest, or null if it was never begun. */
export async function readManifest(run: string): Promise<Manifest | null> {
  const file = runPaths.manifest(run);
  return existsSync(file) ? (parseJson(file, await readFile(file, 'utf8')) as Manifest) : null;
}

/**
 * Makes the run folder, or accepts the one there if it was made with the same config. ConfigError naming each
 * difference otherwise.
 */
export async function openRun(run: string, config: ExperimentConfig): Promise<void> {
  if (existsSync(runPaths.config(run))) {
    const differing = differences(await readRunConfig(run), config);
    if (differing.length > 0) {
      throw new ConfigError(
        `${run}: holds a run of another config; give another --out, or remove it\n${differing.map((line) => `  ${line}`).join('\n')}`,
      );
    }
    return;
  }
  await makeFolder(run).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`${run}: expected a folder that can be written, got ${error.code}`);
  });
  await writeFileAtomic(runPaths.config(run), `${JSON.stringify(config, null, 2)}\n`);
}

/** Locks this process holds. */
const locked = new Set<string>();

/**
 * ConfigError if the folder was begun on other images or labels: row numbers would mean other images.
 */
export function checkSameData(run: string, before: Manifest | null, data: DataFacts): void {
  if (before === null || before.dataSha256 === data.dataSha256) return;
  throw new ConfigError(
    `${run}: was begun on other data (${before.trainImages} and ${before.testImages} images, SHA-256 ${before.dataSha256.slice(0, 12)}), ` +
      `got ${data.trainImages} and ${data.testImages}, ${data.dataSha256.slice(0, 12)}; bring the old data back, or give another --out`,
  );
}

/**
 * Keeps other processes from writing to the run. ConfigError if one that is alive holds it; the lock of one
 * that died is taken over.
 *
 * @returns releases the lock
 */
export async function lockRun(run: string): Promise<() => Promise<void>> {
  const file = runPaths.lock(run);
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(`${process.pid}\n`);
      await handle.close();
      locked.add(file);
      return async () => {
        locked.delete(file);
        await rm(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const owner = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
      // In a container, a process that was killed often had the number that this one has now.
      const isOwn = owner === process.pid && !locked.has(file);
      if (!isOwn && isAlive(owner)) throw new ConfigError(`${run}: in use by process ${owner}`);
      await rm(file, { force: true });
    }
  }
  throw new ConfigError(`${run}: expected to lock it, but another process took it at the same moment`);
}

/** What the manifest cannot find out by itself. */
export interface ManifestFacts {
  /** Version of the package. */
  readonly genal: string;
  /** The package's folder, whose commit is noted if it is a checkout. */
  readonly root: string;
  readonly backend: BackendChoice;
  readonly dataDir: string | null;
  readonly data: DataFacts;
}

/** The manifest of a run that starts now; a run that is taken up again keeps when it started. */
export async function startManifest(run: string, facts: ManifestFacts): Promise<Manifest> {
  const { genal, root, backend, dataDir, data } = facts;
  const before = await readManifest(run);
  const manifest: Manifest = {
    genal,
    node: process.version,
    tensorflow: tensorflowVersion.tfjs,
    backend: backend.backend,
    backendDetail: backend.detail,
    machine: {
      platform: `${process.platform} ${process.arch}`,
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryBytes: totalmem(),
    },
    gitCommit: await gitCommit(root),
    dataDir,
    ...data,
    started: before?.started ?? new Date().toISOString(),
    finished: null,
    status: 'running',
    oracle: before?.oracle ?? null,
  };
  await writeManifest(run, manifest);
  return manifest;
}

/** Notes how the run stands now. */
export async function endManifest(
  run: string,
  manifest: Manifest,
  status: Manifest['status'],
  oracle: ReferenceQuality | null,
): Promise<void> {
  await writeManifest(run, {
    ...manifest,
    oracle,
    status,
    finished: status === 'finished' ? new Date().toISOString() : null,
  });
}

function writeManifest(run: string, manifest: Manifest): Promise<void> {
  return writeFileAtomic(runPaths.manifest(run), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The commit of a checkout, with `+` if it has changes; null outside one. */
async function gitCommit(root: string): Promise<string | null> {
  try {
    const git = (...args: string[]) => promisify(execFile)('git', ['-C', root, ...args]);
    if (!existsSync(`${root}/.git`)) return null;
    const { stdout: commit } = await git('rev-parse', 'HEAD');
    const { stdout: changes } = await git('status', '--porcelain', '--untracked-files=no');
    return `${commit.trim()}${changes.trim() === '' ? '' : '+'}`;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
