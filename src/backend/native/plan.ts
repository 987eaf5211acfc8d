/**
 * What an installation will do, need and leave, decided before anything is written.
 */
import { existsSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { nativeBuildFolder, nativeBuildsFolder, readManifest } from '../native-build.ts';
import { findCompiler } from './compile.ts';
import { megabytes } from './disk.ts';
import {
  type FoundTensorFlow,
  findPython,
  tensorflowInFolder,
  tensorflowOfPython,
} from './find-tensorflow.ts';
import { bindingPackage } from './npm-packages.ts';
import { ProgramError } from './subprocess.ts';
import { type Machine, type NativeDevice, type NativeTarget, nativeTarget, thisMachine } from './target.ts';
import { keptBytes } from './wheel.ts';

/**
 * Where TensorFlow's libraries come from: a place where they stay, or a wheel that `python`'s pip fetches, of which so many
 * bytes lie here from a try before.
 */
export type LibrarySource =
  | { readonly kind: 'found'; readonly found: FoundTensorFlow; readonly folder: string | null }
  | { readonly kind: 'wheel'; readonly python: string; readonly keptBytes: number };

export interface InstallPlan {
  readonly target: NativeTarget;
  readonly source: LibrarySource;
  /** The finished build's folder. */
  readonly folder: string;
  /** Wheels wait here until the build is done. */
  readonly downloads: string;
  /** The compiler's name and first arguments. */
  readonly compiler: readonly [string, ...string[]];
  readonly bytes: Needs;
}

/** Bytes, roughly. */
export interface Needs {
  readonly download: number;
  /** On disk while building. */
  readonly building: number;
  /** On disk afterwards. */
  readonly after: number;
}

export interface PlanOptions {
  readonly device: NativeDevice;
  /** Folder to take TensorFlow from. */
  readonly from?: string | undefined;
  /** Python to take TensorFlow from. */
  readonly python?: string | undefined;
  readonly machine?: Machine;
  readonly signal?: AbortSignal | undefined;
}

/** The npm packages, packed and unpacked, the compiler's headers and the binding. */
const bindingBytes: Needs = { download: 0.4e6, building: 20e6, after: 5e6 };

/**
 * Decides where TensorFlow comes from: the named folder, the named or the default Python if it has one, else a wheel.
 *
 * @throws Error with one sentence if this machine or the place named cannot serve
 */
export async function planInstall(options: PlanOptions): Promise<InstallPlan> {
  const { device, machine = thisMachine(), signal } = options;
  const target = nativeTarget(device, machine);
  const compiler = await findCompiler(target.platform, signal);
  const downloads = path.join(nativeBuildsFolder(), 'downloads', device);
  const source = await findSource(target, downloads, options);
  const folder = nativeBuildFolder(device);
  if (source.kind === 'found' && isInside(source.found.libraries, folder)) {
    throw new Error(
      `--from: ${folder} is what would be replaced, with the libraries in it; name another folder, or leave out --from`,
    );
  }
  return { target, source, folder, downloads, compiler, bytes: needsOf(source, target) };
}

/** Whether two paths lead to a file or folder below, or to the same, links followed. */
function isInside(file: string, folder: string): boolean {
  if (!existsSync(folder)) return false;
  const between = path.relative(realpathSync(folder), realpathSync(file));
  return between !== '..' && !between.startsWith(`..${path.sep}`) && !path.isAbsolute(between);
}

async function findSource(
  target: NativeTarget,
  downloads: string,
  { from, python, signal }: PlanOptions,
): Promise<LibrarySource> {
  if (from !== undefined) {
    const found = tensorflowInFolder(from, target);
    if (target.device === 'gpu' && (await isWithoutCuda(from, found))) {
      throw new Error(`--from ${from}: its tensorflow is built without CUDA, which --gpu needs`);
    }
    return { kind: 'found', found, folder: path.resolve(from) };
  }
  if (python !== undefined) {
    return { kind: 'found', found: await ofNamedPython(python, target, signal), folder: null };
  }
  const found = await findPython(signal);
  if (found === undefined) {
    throw new Error(
      'no python3 found, which fetches TensorFlow; install Python 3 with pip (Debian: apt install python3-pip), or name a folder with --from',
    );
  }
  const installed = await ofDefaultPython(found, target, signal);
  if (installed !== undefined) return { kind: 'found', found: installed, folder: null };
  return { kind: 'wheel', python: found, keptBytes: await keptBytes(downloads, target) };
}

/** Whether a folder says so; "TensorFlow for C" says nothing, and is believed. */
async function isWithoutCuda(folder: string, { libraries }: FoundTensorFlow): Promise<boolean> {
  const build = readManifest(path.resolve(folder));
  if (build !== undefined) return build.device === 'cpu';
  return existsSync(buildInfo(libraries)) && (await cudaVersion(libraries)) === null;
}

async function ofNamedPython(
  python: string,
  target: NativeTarget,
  signal: AbortSignal | undefined,
): Promise<FoundTensorFlow> {
  let found: FoundTensorFlow | undefined;
  try {
    found = await tensorflowOfPython(python, target, signal);
  } catch (error) {
    throw error instanceof ProgramError
      ? new Error(`--python: expected a Python 3, but ${error.message}`)
      : error;
  }
  if (found === undefined) {
    throw new Error(
      `--python ${python}: has no tensorflow; install it there (pip install ${target.wheel}), or leave out --python to have its wheel fetched`,
    );
  }
  if (!(await suits(found, target))) {
    throw new Error(`--python ${python}: its tensorflow is built without CUDA, which --gpu needs`);
  }
  return found;
}

/** The TensorFlow of a Python nobody named, if it serves; one without libraries or headers is passed over. */
async function ofDefaultPython(
  python: string,
  target: NativeTarget,
  signal: AbortSignal | undefined,
): Promise<FoundTensorFlow | undefined> {
  try {
    const found = await tensorflowOfPython(python, target, signal);
    return found !== undefined && (await suits(found, target)) ? found : undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Error) return undefined;
    throw error;
  }
}

async function suits({ libraries }: FoundTensorFlow, { device }: NativeTarget): Promise<boolean> {
  return device === 'cpu' || (await cudaVersion(libraries)) !== null;
}

/** The version of CUDA that a Python package was built for, or null: `'cuda_version', '12.5.1'` in its build info. */
export async function cudaVersion(packageFolder: string): Promise<string | null> {
  const text = await readFile(buildInfo(packageFolder), 'utf8').catch(() => '');
  return /'cuda_version', '([\d.]+)'/.exec(text)?.[1] ?? null;
}

function buildInfo(packageFolder: string): string {
  return path.join(packageFolder, 'python', 'platform', 'build_info.py');
}

function needsOf(source: LibrarySource, { bytes }: NativeTarget): Needs {
  if (source.kind === 'found') return bindingBytes;
  const download = Math.max(0, bytes.download - source.keptBytes);
  return {
    download: bindingBytes.download + download,
    building: bindingBytes.building + bytes.download + bytes.libraries,
    after: bindingBytes.after + bytes.libraries,
  };
}

/** What will be done, a line each, for people. */
export function describePlan({ target, source, folder, compiler, bytes }: InstallPlan): string[] {
  const origin =
    source.kind === 'found'
      ? `from ${source.found.source}, where its libraries stay`
      : `from the wheel ${target.wheel}${target.device === 'gpu' ? ' and those of CUDA' : ''}, fetched by pip`;
  const isKept = source.kind === 'wheel' && source.keptBytes > 0;
  const gpu = ['needs      an NVIDIA driver to compute on the GPU; CUDA itself comes along'];
  return [
    `builds     ${bindingPackage} for the ${target.device.toUpperCase()}, with ${compiler.join(' ')}`,
    `TensorFlow ${origin}`,
    `into       ${folder}`,
    `download   about ${megabytes(bytes.download)}${isKept ? ', the rest is here from the last try' : ''}`,
    `disk       about ${megabytes(bytes.building)} while building, ${megabytes(bytes.after)} afterwards`,
    ...(target.device === 'gpu' && source.kind === 'wheel' ? gpu : []),
  ];
}
