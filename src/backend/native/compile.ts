/**
 * Compiling the binding: two C++ files against the headers of Node's stable interface (N-API) and of TensorFlow.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { lastLine, ProgramError, runProgram } from './subprocess.ts';
import type { NativeTarget } from './target.ts';

/** What the compiler is given. All paths absolute. */
export interface Compilation {
  readonly target: NativeTarget;
  /** The npm package with `binding/*.cc`. */
  readonly package: string;
  /** Folders of headers. */
  readonly includes: readonly string[];
  /** Folder of TensorFlow's libraries now. */
  readonly libraries: string;
  /** File name of the library with the C interface. */
  readonly main: string;
  /** Where the finished binding looks for them: a folder, or one relative to itself, `lib`. */
  readonly runPath: string;
  readonly output: string;
  /** A folder for what comes between. */
  readonly scratch: string;
}

const sources = ['tfjs_backend', 'tfjs_binding'] as const;

/**
 * The compiler's name and its first arguments: `$CXX`, else what the system calls its own.
 *
 * @returns candidates, the first that exists is taken
 */
export function compilers(platform: NodeJS.Platform, cxx: string | undefined): string[][] {
  const named = cxx?.trim().split(/\s+/) ?? [];
  if (named[0] !== undefined && named[0] !== '') return [named];
  return platform === 'darwin' ? [['clang++'], ['c++']] : [['g++'], ['c++'], ['clang++']];
}

/** The compiler's arguments for one source: it also lists the headers that it read. */
export function compilerArguments(
  { package: folder, includes, scratch }: Compilation,
  name: string,
): string[] {
  return [
    ...['-std=c++17', '-O2', '-fPIC', '-DNAPI_VERSION=8', '-MMD', '-MF', path.join(scratch, `${name}.d`)],
    ...[folder, ...includes].flatMap((include) => ['-I', include]),
    ...['-c', path.join(folder, 'binding', `${name}.cc`), '-o', path.join(scratch, `${name}.o`)],
  ];
}

/** The compiler's arguments for joining the compiled sources with the libraries. */
export function linkerArguments({
  target,
  libraries,
  main,
  runPath,
  output,
  scratch,
}: Compilation): string[] {
  const isMac = target.platform === 'darwin';
  const places = path.isAbsolute(runPath) ? runPath : path.join(isMac ? '@loader_path' : '$ORIGIN', runPath);
  return [
    // On macOS an addon is a bundle, and finds Node's functions in the program that loads it.
    ...(isMac ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared']),
    ...sources.map((name) => path.join(scratch, `${name}.o`)),
    ...['-o', output, path.join(libraries, main), path.join(libraries, target.framework)],
    // -Xlinker rather than -Wl, because a folder's name may hold a comma.
    ...['-Xlinker', '-rpath', '-Xlinker', places],
  ];
}

/**
 * Compiles and links the binding.
 *
 * @returns the headers that were read, absolute paths
 * @throws Error with one sentence if the compiler fails
 */
export async function compile(
  compiler: readonly [string, ...string[]],
  compilation: Compilation,
  signal?: AbortSignal,
): Promise<string[]> {
  const compiling = sources.map((name) => compilerArguments(compilation, name));
  await runCompiler(compiler, compiling, signal);
  await runCompiler(compiler, [linkerArguments(compilation)], signal);
  const lists = sources.map((name) => readFile(path.join(compilation.scratch, `${name}.d`), 'utf8'));
  return [...new Set((await Promise.all(lists)).flatMap(headersRead))];
}

/**
 * Calls the compiler once for each list of arguments, all at the same time.
 *
 * @throws Error with one sentence if one of them fails
 */
export async function runCompiler(
  [program, ...first]: readonly [string, ...string[]],
  calls: readonly (readonly string[])[],
  signal?: AbortSignal,
): Promise<void> {
  const running = calls.map((args) => runProgram(program, [...first, ...args], { signal }));
  // All are waited for, because their folder is removed when one has failed.
  await Promise.allSettled(running);
  try {
    await Promise.all(running);
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    const told = error.output.split('\n').find((line) => /\berror\b/i.test(line)) ?? lastLine(error.output);
    throw new Error(`${program} cannot compile the binding: ${told.trim()}`);
  }
}

/**
 * The compiler to use, found by asking each for its version.
 *
 * @throws Error with one sentence, and what to install, if there is none
 */
export async function findCompiler(
  platform: NodeJS.Platform,
  signal?: AbortSignal,
): Promise<[string, ...string[]]> {
  const candidates = compilers(platform, process.env.CXX);
  for (const [program, ...first] of candidates) {
    if (program === undefined) continue;
    try {
      await runProgram(program, [...first, '--version'], { signal });
      return [program, ...first];
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
    }
  }
  const tried = candidates.map((words) => words.join(' ')).join(', ');
  throw new Error(
    `no C++ compiler found (tried ${tried}); install one: ${remedies[platform] ?? remedies.linux}`,
  );
}

const remedies: Readonly<Record<string, string>> = {
  linux: 'on Debian and Ubuntu "apt install g++", on Fedora "dnf install gcc-c++"; or set CXX',
  darwin: '"xcode-select --install"; or set CXX',
};

/** The headers in a list of dependencies as make wants it, without the sources. */
export function headersRead(dependencies: string): string[] {
  return dependencies
    .replaceAll('\\\n', ' ')
    .split(/(?<!\\)\s+/)
    .map((word) => word.replaceAll('\\ ', ' '))
    .filter((word) => word.endsWith('.h'));
}
