/**
 * Builds a native TensorFlow into the user's cache folder: fetch, unpack, compile, try it out, put it into place.
 *
 * Everything happens in a temporary folder beside the final one, so an interrupt or a kill leaves no half of a build.
 * Only the downloaded wheels stay until the build is done, for the next try.
 */
import { copyFile, mkdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  bindingFile,
  manifestFile,
  type NativeManifest,
  nativeBuildsFolder,
  stderrHoldFile,
} from '../native-build.ts';
import { compile } from './compile.ts';
import { checkSpace, folderBytes, freeBytes } from './disk.ts';
import { type BindingPackages, copyPackages, fetchPackages, packagesOfBuild } from './npm-packages.ts';
import { cudaVersion, type InstallPlan } from './plan.ts';
import { alone, replaceFolder, temporaryBeside } from './publish.ts';
import { compileStderrHold } from './stderr-hold.ts';
import type { Verified } from './verification.ts';
import { verifyNative } from './verify.ts';
import { unpackWheels } from './wheel-contents.ts';

export interface InstallEvents {
  readonly signal?: AbortSignal | undefined;
  /** Where a step stands. */
  readonly onStatus?: (step: string, text: string) => void;
  /** A step is done, said with the time it took. */
  readonly onDone?: (step: string, text: string) => void;
}

/** What was installed. */
export interface Installed {
  readonly folder: string;
  readonly manifest: NativeManifest;
  readonly detail: string;
  /** Bytes on disk. */
  readonly bytes: number;
}

/** TensorFlow's libraries and headers, ready to compile against. */
interface Libraries {
  /** Folder of the libraries now. */
  readonly folder: string;
  readonly main: string;
  readonly include: string;
  /** Where the binding is to look for them: a folder, or one relative to itself. */
  readonly runPath: string;
  readonly source: string;
}

/**
 * Carries out a plan.
 *
 * @throws Error with one sentence; the signal's reason after an interrupt
 */
export async function install(plan: InstallPlan, events: InstallEvents = {}): Promise<Installed> {
  return alone(nativeBuildsFolder(), async () => {
    checkSpace(nativeBuildsFolder(), plan.bytes.building, await freeBytes(nativeBuildsFolder()));
    const temporary = temporaryBeside(plan.folder, 'building');
    try {
      await mkdir(temporary);
      const { manifest, detail } = await build(plan, temporary, events);
      // What follows is quick; an interrupt now would only throw away a finished build.
      await writeFile(path.join(temporary, manifestFile), `${JSON.stringify(manifest, null, 2)}\n`);
      await replaceFolder(temporary, plan.folder);
      await rm(plan.downloads, { recursive: true, force: true });
      // Goes only if no wheels for the other device wait there.
      await rmdir(path.dirname(plan.downloads)).catch(() => undefined);
      return { folder: plan.folder, manifest, detail, bytes: await folderBytes(plan.folder) };
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === 'ENOSPC'
        ? new Error(`${temporary}: the disk is full; free some space and try again`)
        : error;
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  });
}

async function build(
  plan: InstallPlan,
  folder: string,
  events: InstallEvents,
): Promise<{ manifest: NativeManifest; detail: string }> {
  const { signal } = events;
  const scratch = path.join(folder, 'scratch');
  await mkdir(scratch);
  const libraries = await librariesFor(plan, folder, events);
  const packages = await step(events, 'binding', ['fetching its source', 'source fetched'], () =>
    packagesFor(plan, scratch, signal),
  );
  await copyPackages(packages, folder);
  await step(events, 'compiler', [plan.compiler.join(' '), 'binding compiled'], () =>
    compileInto(plan, folder, { packages, libraries, scratch }, signal),
  );
  await rm(scratch, { recursive: true });
  const manifest: NativeManifest = {
    format: 1,
    device: plan.target.device,
    tfjsNode: packages.bindingVersion,
    tensorflow: '',
    source: libraries.source,
    libraries: path.resolve(plan.folder, libraries.runPath),
    files: await sizesOf(folder, [
      bindingFile,
      stderrHoldFile,
      path.join(libraries.runPath, libraries.main),
      path.join(libraries.runPath, plan.target.framework),
    ]),
  };
  const verified: Verified = await step(
    events,
    'check',
    ['loading it', 'loads, and multiplies and convolves as it must'],
    () => verifyNative({ folder, manifest }, signal),
  );
  return { manifest: { ...manifest, tensorflow: verified.tensorflow ?? '' }, detail: verified.detail };
}

async function sizesOf(folder: string, files: readonly string[]): Promise<Record<string, number>> {
  const sizes = files.map(async (file) => [file, (await stat(path.resolve(folder, file))).size] as const);
  return Object.fromEntries(await Promise.all(sizes));
}

/** From the source folder if that is a build itself, which works without network; else from npm. */
async function packagesFor(
  { source }: InstallPlan,
  scratch: string,
  signal: AbortSignal | undefined,
): Promise<BindingPackages> {
  const folder = source.kind === 'found' ? source.folder : null;
  const present = folder === null ? undefined : await packagesOfBuild(folder);
  if (present !== undefined) return present;
  const into = path.join(scratch, 'npm');
  await mkdir(into);
  return fetchPackages(into, signal);
}

async function librariesFor(plan: InstallPlan, folder: string, events: InstallEvents): Promise<Libraries> {
  const { source, target } = plan;
  if (source.kind === 'found') {
    const { libraries, main, include, source: where } = source.found;
    return { folder: libraries, main, include, runPath: libraries, source: where };
  }
  const { signal } = events;
  const unpacked = await step(events, 'TensorFlow', ['fetching', 'fetched and unpacked'], (status) =>
    unpackWheels(path.join(folder, 'scratch', 'wheel'), {
      python: source.python,
      downloads: plan.downloads,
      scratch: path.join(folder, 'scratch'),
      target,
      signal,
      onStatus: status,
    }),
  );
  // CUDA's libraries are looked for beside the folder of TensorFlow's, which therefore stays a folder.
  const runPath = target.device === 'gpu' ? path.join('lib', 'tensorflow') : 'lib';
  const include = path.join(folder, 'scratch', 'headers');
  await rename(path.join(unpacked.root, 'tensorflow', 'include'), include);
  const cuda = await cudaVersion(path.join(unpacked.root, 'tensorflow'));
  await rm(path.join(unpacked.root, 'tensorflow', 'python'), { recursive: true, force: true });
  const kept = target.device === 'gpu' ? unpacked.root : path.join(unpacked.root, 'tensorflow');
  await rename(kept, path.join(folder, 'lib'));
  if (target.device === 'gpu') {
    events.onDone?.('CUDA', `the wheel was built for ${cuda}; computing on the GPU needs a driver for it`);
  }
  const [main = ''] = target.main;
  return { folder: path.join(folder, runPath), main, include, runPath, source: `wheel ${unpacked.name}` };
}

async function compileInto(
  { target, compiler }: InstallPlan,
  folder: string,
  { packages, libraries, scratch }: { packages: BindingPackages; libraries: Libraries; scratch: string },
  signal: AbortSignal | undefined,
): Promise<void> {
  const roots = [packages.nodeHeaders, libraries.include];
  await compileStderrHold(
    compiler,
    { target, nodeHeaders: packages.nodeHeaders, output: path.join(folder, stderrHoldFile), scratch },
    signal,
  );
  const headers = await compile(
    compiler,
    {
      target,
      package: path.join(folder, 'package'),
      includes: roots,
      libraries: libraries.folder,
      main: libraries.main,
      runPath: libraries.runPath,
      output: path.join(folder, bindingFile),
      scratch,
    },
    signal,
  );
  for (const header of headers) {
    const root = roots.find((candidate) => header.startsWith(candidate + path.sep));
    if (root === undefined) continue;
    const copy = path.join(folder, 'include', path.relative(root, header));
    await mkdir(path.dirname(copy), { recursive: true });
    await copyFile(header, copy);
  }
}

/** Runs one step and tells of its start, standing and time. */
async function step<T>(
  { signal, onStatus, onDone }: InstallEvents,
  name: string,
  [beginning, end]: readonly [string, string],
  work: (status: (text: string) => void) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const started = performance.now();
  onStatus?.(name, beginning);
  const result = await work((standing) => onStatus?.(name, standing));
  onDone?.(name, `${end} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return result;
}
