/**
 * Wheels: fetching them with the user's own pip, telling a whole one from a torn one, and taking out of them the few
 * files that are needed.
 *
 * Only the libraries are wanted, never the Python around them, so the wheel may be for another Python than the user's.
 */
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { folderBytes } from './disk.ts';
import { lastLine, ProgramError, runProgram } from './subprocess.ts';
import type { NativeTarget } from './target.ts';

/** A Python that TensorFlow is published for, whatever the user's is. */
const wheelPython = '312';
const watchMs = 500;

export interface FetchOptions {
  readonly python: string;
  /** Where whole wheels are kept until the build is done. */
  readonly downloads: string;
  /** A folder on the same disk that is removed in the end, for what pip has only half. */
  readonly scratch: string;
  readonly target: NativeTarget;
  readonly signal?: AbortSignal | undefined;
  /** Bytes received, and those of the whole file once pip has told. */
  readonly onBytes?: (received: number, total: number | null) => void;
}

/**
 * The wheel for a requirement such as `tensorflow-cpu` or `nvidia-nccl-cu12<3.0,>=2.27.7`: one that lies in the
 * downloads already, else fetched by pip with the user's settings.
 *
 * @returns path of the wheel
 * @throws Error with one sentence where pip is missing or fails
 */
export async function fetchWheel(requirement: string, options: FetchOptions): Promise<string> {
  const { downloads, signal } = options;
  const [kept] = await wholeWheels(requirement, downloads, options.target);
  if (kept !== undefined) return kept;
  const partial = path.join(options.scratch, 'pip');
  await mkdir(partial, { recursive: true });
  try {
    const [name] = await pipDownload(requirement, partial, options);
    signal?.throwIfAborted();
    if (name === undefined) throw new Error(`pip download ${requirement}: expected a wheel, got none`);
    await mkdir(downloads, { recursive: true });
    await rename(path.join(partial, name), path.join(downloads, name));
    return path.join(downloads, name);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** The whole wheels of that name for this machine among the downloads, the newest name first. */
export async function wholeWheels(
  requirement: string,
  downloads: string,
  target: NativeTarget,
): Promise<string[]> {
  const start = `${packageName(requirement)
    .replaceAll(/[-_.]+/g, '_')
    .toLowerCase()}-`;
  const names = await readdir(downloads).catch(() => []);
  const files = names
    .filter((name) => name.toLowerCase().startsWith(start) && target.wheelName.test(name))
    .sort()
    .reverse()
    .map((name) => path.join(downloads, name));
  const whole = await Promise.all(files.map(isWholeZip));
  return files.filter((_, index) => whole[index]);
}

/** Bytes of all whole wheels for a machine among the downloads. */
export async function keptBytes(downloads: string, target: NativeTarget): Promise<number> {
  const names = await readdir(downloads).catch(() => []);
  const files = names.filter((name) => target.wheelName.test(name)).map((name) => path.join(downloads, name));
  const sizes = await Promise.all(
    files.map(async (file) => ((await isWholeZip(file)) ? (await stat(file)).size : 0)),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The name in a requirement: `nccl` of `nccl<3,>=2`. */
export function packageName(requirement: string): string {
  return /^[\w.-]+/.exec(requirement)?.[0] ?? requirement;
}

async function pipDownload(requirement: string, folder: string, options: FetchOptions): Promise<string[]> {
  const { python, signal, onBytes } = options;
  let total: number | null = null;
  const watch = setInterval(
    () => void folderBytes(folder).then((bytes) => onBytes?.(Math.min(bytes, total ?? bytes), total)),
    watchMs,
  );
  try {
    await runProgram(python, pipArguments(requirement, folder), {
      signal,
      // Half-finished files here too, because here the space was checked.
      env: { TMPDIR: folder, PIP_DISABLE_PIP_VERSION_CHECK: '1' },
      onOutput: (text) => {
        total = announcedBytes(text) ?? total;
      },
    });
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    const version = await runProgram(python, ['-m', 'pip', '--version'], { signal }).catch(() => '');
    throw new Error(pipSentence(requirement, error, version));
  } finally {
    clearInterval(watch);
  }
  return (await readdir(folder)).filter((name) => name.endsWith('.whl'));
}

function pipArguments(requirement: string, folder: string): string[] {
  return [
    ...['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--retries', '2'],
    ...['--progress-bar', 'off', '--python-version', wheelPython, '--dest', folder, requirement],
  ];
}

function isUnreachable(output: string): boolean {
  return /Connection|Temporary failure|Name or service|timed out|Network is unreachable/.test(output);
}

/** Bytes that pip says a download has: `Downloading x.whl (273.8 MB)`. */
export function announcedBytes(text: string): number | null {
  const found = /Downloading \S+ \(([\d.]+) ?([kMG])B\)/.exec(text);
  if (found === null) return null;
  return Number(found[1]) * { k: 1e3, M: 1e6, G: 1e9 }[found[2] as 'k' | 'M' | 'G'];
}

/**
 * Why pip failed, in one sentence, with the way out.
 *
 * @param version what `pip --version` printed
 */
export function pipSentence(
  requirement: string,
  { message, output, missing }: ProgramError,
  version: string,
): string {
  if (missing) return `${message}; install Python 3, or name a folder with --from`;
  if (output.includes('No module named pip')) {
    return 'Python has no pip, which fetches TensorFlow; install it (Debian: apt install python3-pip), or name a folder with --from';
  }
  if (/No space left on device|Errno 28/.test(output)) return `pip download ${requirement}: the disk is full`;
  const [, major = '99', minor = '0'] = /^pip (\d+)\.(\d+)/.exec(version) ?? [];
  // Older ones know neither the tags of today's wheels nor that 3.12 comes after 3.9.
  if (Number(major) * 100 + Number(minor) < 2003) {
    return `pip ${major}.${minor} is too old to fetch TensorFlow; run "python3 -m pip install --upgrade pip", or name a folder with --from`;
  }
  const reason = lastLine(output).replace(/^ERROR: /, '');
  return isUnreachable(output)
    ? `pip cannot reach the package index (${reason}); connect to the network, or name a folder with --from`
    : `pip download ${requirement} failed: ${reason}; name a folder with --from instead`;
}

/** Whether a file ends as a zip archive must: a torn download does not. */
export async function isWholeZip(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, 22 + 0xffff);
    const tail = Buffer.alloc(length);
    await handle.read(tail, 0, length, size - length);
    const end = tail.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
    if (end < 0 || end + 22 > length) return false;
    // The directory of the archive's files ends where this record begins.
    const [directoryBytes, directoryAt] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
    return directoryAt === 0xffffffff || directoryAt + directoryBytes <= size - length + end;
  } finally {
    await handle.close();
  }
}

/** Takes the files whose names match out of a wheel, checking their sums; prints how many. */
const unpackProgram = `
import os, re, sys, zipfile
wheel, into, pattern = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    names = [name for name in archive.namelist() if re.fullmatch(pattern, name) and not name.endswith('/')]
    for name in names:
        file = archive.extract(name, into)
        if archive.getinfo(name).external_attr >> 16 & 0o100:
            os.chmod(file, 0o755)
print(len(names))
`;

/**
 * Takes the files whose whole names match a regular expression out of a wheel.
 *
 * @throws Error with one sentence if the wheel is damaged (it is removed then) or the disk is full
 */
export async function unpackWheel(
  wheel: string,
  into: string,
  pattern: string,
  { python, signal }: Pick<FetchOptions, 'python' | 'signal'>,
): Promise<number> {
  try {
    return Number(await runProgram(python, ['-c', unpackProgram, wheel, into, pattern], { signal }));
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    if (/Errno 28/.test(error.output)) {
      throw new Error(
        `the disk of ${into} is full; the downloaded wheel is kept, free some space and try again`,
      );
    }
    if (existsSync(wheel)) await rm(wheel);
    throw new Error(`${wheel}: is damaged (${lastLine(error.output)}) and was removed; try again`);
  }
}

/**
 * The requirements that a wheel's METADATA lists for one of its extras: `Requires-Dist: name<2,>=1; extra == "x"`.
 */
export function requirementsOfExtra(metadata: string, extra: string): string[] {
  return metadata.split(/\r?\n/).flatMap((line) => {
    const found = /^Requires-Dist: ([^;]+);(.*)$/.exec(line);
    const wanted = found?.[2]?.includes(`extra == "${extra}"`) || found?.[2]?.includes(`extra == '${extra}'`);
    return wanted === true ? [(found?.[1] ?? '').replaceAll(/[\s()]/g, '')] : [];
  });
}
