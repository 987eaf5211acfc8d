/**
 * Compiling the binding: two C++ files against the headers of Node's stable interface (N-API) and of TensorFlow.
 */
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
  /** Gets the list of headers that were read, as make wants it. */
  readonly dependencies: string;
}

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

/** The compiler's arguments. */
export function compilerArguments(compilation: Compilation): string[] {
  const { target, libraries, main, runPath, output, dependencies } = compilation;
  const relative = target.platform === 'darwin' ? '@loader_path' : '$ORIGIN';
  return [
    ...['-std=c++17', '-O2', '-fPIC', '-DNAPI_VERSION=8'],
    // On macOS an addon is a bundle, and finds Node's functions in the program that loads it.
    ...(target.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared']),
    ...['-MMD', '-MF', dependencies],
    ...[compilation.package, ...compilation.includes].flatMap((folder) => ['-I', folder]),
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => path.join(compilation.package, 'binding', name)),
    ...['-o', output, path.join(libraries, main), path.join(libraries, target.framework)],
    // -Xlinker rather than -Wl, because a folder's name may hold a comma.
    ...['-rpath', path.isAbsolute(runPath) ? runPath : path.join(relative, runPath)].flatMap((word) => [
      '-Xlinker',
      word,
    ]),
  ];
}

/** @throws Error with one sentence if the compiler fails */
export async function compile(
  [program, ...first]: readonly [string, ...string[]],
  compilation: Compilation,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await runProgram(program, [...first, ...compilerArguments(compilation)], { signal });
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
