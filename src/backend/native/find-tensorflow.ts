/**
 * Finding a TensorFlow that is on the machine already: its libraries, and the headers to build against them.
 */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { readManifest } from '../native-build.ts';
import { ProgramError, runProgram } from './subprocess.ts';
import type { NativeTarget } from './target.ts';

/** Libraries and headers of one TensorFlow. */
export interface FoundTensorFlow {
  /** Absolute folder of the libraries. */
  readonly libraries: string;
  /** File name of the library with the C interface. */
  readonly main: string;
  /** Absolute folder that holds `tensorflow/c/c_api.h`. */
  readonly include: string;
  /** Where it was found, for people. */
  readonly source: string;
}

const header = path.join('tensorflow', 'c', 'c_api.h');

/**
 * The TensorFlow in a folder: a Python package `tensorflow`, the `site-packages` or virtual environment around it, an
 * unpacked "TensorFlow for C", or what `genal backend install` built.
 *
 * @throws Error with one sentence that says what the folder lacks
 */
export function tensorflowInFolder(folder: string, target: NativeTarget): FoundTensorFlow {
  const root = path.resolve(folder);
  if (!existsSync(root)) throw new Error(`${folder}: expected a folder with TensorFlow, found nothing`);
  const places = placesIn(root).flatMap(([libraries, include]) => {
    const main = target.main.find((name) => existsSync(path.join(libraries, name)));
    return main !== undefined && existsSync(path.join(libraries, target.framework))
      ? [{ libraries, include, main }]
      : [];
  });
  if (places.length === 0) {
    throw new Error(
      `${folder}: expected ${target.main.join(' or ')} and ${target.framework} there, in lib or in tensorflow, found none`,
    );
  }
  const place = places.find(({ include }) => existsSync(path.join(include, header)));
  if (place === undefined) {
    const [first] = places;
    throw new Error(
      `${folder}: has the libraries of TensorFlow but not its headers, expected ${path.join(first?.include ?? root, header)}`,
    );
  }
  return { ...place, libraries: realpathSync(place.libraries), source: `folder ${root}` };
}

/** Pairs of a folder of libraries and a folder of headers. */
function placesIn(root: string): [libraries: string, include: string][] {
  const packages = [root, path.join(root, 'tensorflow'), ...environmentPackages(root)];
  const include = path.join(root, 'include');
  const linked = readManifest(root)?.libraries;
  return [
    ...packages.map((folder): [string, string] => [folder, path.join(folder, 'include')]),
    [path.join(root, 'lib'), include],
    [path.join(root, 'lib', 'tensorflow'), include],
    ...(linked === undefined ? [] : [[linked, include] as [string, string]]),
  ];
}

/** `lib/python3.x/site-packages/tensorflow` of a virtual environment. */
function environmentPackages(root: string): string[] {
  const lib = path.join(root, 'lib');
  if (!existsSync(lib)) return [];
  return readdirSync(lib)
    .filter((name) => name.startsWith('python3'))
    .map((name) => path.join(lib, name, 'site-packages', 'tensorflow'));
}

/** Prints the folder of the package and its version, or null, without importing it, which takes seconds. */
const askPython = `
import importlib.util, json, sys
spec = importlib.util.find_spec('tensorflow')
places = list(spec.submodule_search_locations or []) if spec else []
print(json.dumps({'folder': places[0] if places else None, 'python': sys.executable}))
`;

/**
 * The TensorFlow that a Python would import.
 *
 * @param python a program, such as `python3`
 * @returns undefined if that Python has none
 * @throws ProgramError if there is no such program
 */
export async function tensorflowOfPython(
  python: string,
  target: NativeTarget,
  signal?: AbortSignal,
): Promise<FoundTensorFlow | undefined> {
  const printed = await runProgram(python, ['-c', askPython], { signal });
  const { folder, python: executable } = JSON.parse(printed) as { folder: string | null; python: string };
  if (folder === null) return undefined;
  return { ...tensorflowInFolder(folder, target), source: `Python ${executable}` };
}

/** The first of `python3` and `python` that runs and is a Python 3, or undefined. */
export async function findPython(signal?: AbortSignal): Promise<string | undefined> {
  for (const name of ['python3', 'python']) {
    try {
      await runProgram(name, ['-c', 'import sys; sys.exit(sys.version_info < (3, 6))'], { signal });
      return name;
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
    }
  }
  return undefined;
}
