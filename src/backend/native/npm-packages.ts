/**
 * The npm packages a binding is made from, fetched with the user's own npm and its settings.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { lastLine, ProgramError, runProgram } from './subprocess.ts';

/** Folders of the unpacked packages. */
export interface BindingPackages {
  /** `@tensorflow/tfjs-node`. */
  readonly binding: string;
  readonly bindingVersion: string;
  /** `google-protobuf`, which the former requires. */
  readonly protobuf: string;
  /** Folder with `node_api.h`. */
  readonly nodeHeaders: string;
}

/** The one version whose kernels fit TensorFlow.js 4.22. */
export const bindingPackage = '@tensorflow/tfjs-node@4.22.0';
const packages = [
  { specifier: bindingPackage, folder: 'binding', archive: 'tensorflow-tfjs-node-' },
  { specifier: 'google-protobuf@3', folder: 'protobuf', archive: 'google-protobuf-' },
  { specifier: 'node-api-headers@1', folder: 'node-api-headers', archive: 'node-api-headers-' },
] as const;

/** The packages as an earlier build in a folder holds them, or undefined if it does not. */
export async function packagesOfBuild(folder: string): Promise<BindingPackages | undefined> {
  const found = {
    binding: path.join(folder, 'package'),
    protobuf: path.join(folder, 'node_modules', 'google-protobuf'),
    nodeHeaders: path.join(folder, 'include'),
  };
  const needed = [
    path.join(found.binding, 'binding', 'tfjs_binding.cc'),
    found.protobuf,
    path.join(found.nodeHeaders, 'node_api.h'),
  ];
  if (!needed.every((file) => existsSync(file))) return undefined;
  return { ...found, bindingVersion: await versionOf(found.binding) };
}

/**
 * Fetches and unpacks the packages, 0.4 MB.
 *
 * @param into an empty folder
 * @throws Error with one sentence if npm is missing or fails
 */
export async function fetchPackages(into: string, signal?: AbortSignal): Promise<BindingPackages> {
  await npmPack(into, signal);
  const archives = await readdir(into);
  for (const { specifier, folder, archive } of packages) {
    const name = archives.find((candidate) => candidate.startsWith(archive));
    if (name === undefined) throw new Error(`npm pack ${specifier}: expected an archive, got none`);
    await mkdir(path.join(into, folder));
    const words = ['-xzf', path.join(into, name), '-C', path.join(into, folder), '--strip-components=1'];
    await runProgram('tar', words, { signal });
  }
  const binding = path.join(into, 'binding');
  return {
    binding,
    bindingVersion: await versionOf(binding),
    protobuf: path.join(into, 'protobuf'),
    nodeHeaders: path.join(into, 'node-api-headers', 'include'),
  };
}

async function npmPack(into: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    const specifiers = packages.map(({ specifier }) => specifier);
    const words = [
      'pack',
      ...specifiers,
      '--loglevel=error',
      '--fetch-retries=1',
      '--fetch-retry-mintimeout=1000',
      `--pack-destination=${into}`,
    ];
    await runProgram('npm', words, { cwd: into, signal });
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    if (error.missing) throw new Error('npm is not on the PATH, and fetches the source of the binding');
    const told = error.output
      .split('\n')
      .find((line) => /^npm (error|ERR!) (?!code|errno|syscall)/.test(line));
    throw new Error(
      `npm cannot fetch ${bindingPackage}: ${(told ?? lastLine(error.output)).replace(/^npm (error|ERR!) /, '')}; connect to the network, or name with --from the folder of a build made elsewhere`,
    );
  }
}

async function versionOf(folder: string): Promise<string> {
  const { version } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

/** Puts the packages where a build has them, see native-build.ts. */
export async function copyPackages(from: BindingPackages, build: string): Promise<void> {
  const modules = path.join(build, 'node_modules');
  await cp(from.binding, path.join(build, 'package'), { recursive: true });
  await cp(from.protobuf, path.join(modules, 'google-protobuf'), { recursive: true });
  for (const name of ['tfjs', 'tfjs-core']) {
    const folder = path.join(modules, '@tensorflow', name);
    await mkdir(folder, { recursive: true });
    await writeFile(
      path.join(folder, 'index.js'),
      "module.exports = globalThis[Symbol.for('genal.tensorflow')];\n",
    );
  }
}
