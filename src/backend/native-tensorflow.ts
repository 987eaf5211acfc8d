/**
 * Native TensorFlow: the build that `genal backend install` left in the user's cache folder, else an installed
 * `@tensorflow/tfjs-node-gpu` or `@tensorflow/tfjs-node`.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {
  bindingFile,
  damagedFile,
  manifestFile,
  type NativeBuild,
  nativeBuildFolders,
  readManifest,
  stderrHoldFile,
} from './native-build.ts';
import { oneSentence } from './one-sentence.ts';

// Names in a variable of type string, so that neither compiler nor bundler resolves an optional package.
const NATIVE_PACKAGES: readonly string[] = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];

/** What TensorFlow 2.21 says in every process, whatever its log level: that oneDNN is on, which it should be. */
const GREETING = /absl::InitializeLog\(\)|oneDNN custom operations are on/;

const require = createRequire(import.meta.url);

/**
 * Registers the backend `tensorflow`.
 *
 * A build of the user's own comes first: it was asked for, and its TensorFlow is years newer than that of the npm
 * packages.
 *
 * @returns what was loaded, such as `@tensorflow/tfjs-node 4.22.0 on TensorFlow 2.21.0`
 * @throws Error with one sentence that says why nothing could be loaded
 */
export async function startTensorFlow(): Promise<string> {
  prepareProcess();
  const reasons: string[] = [];
  const attempts = [
    ...nativeBuildFolders().map((folder) => ({ name: folder, load: () => loadBuild(buildIn(folder)) })),
    ...NATIVE_PACKAGES.map((name) => ({ name, load: () => loadPackage(name) })),
  ];
  for (const { name, load } of attempts) {
    try {
      return await load();
    } catch (error) {
      reasons.push(isMissing(error, name) ? `${name} is not installed` : `${name}: ${oneSentence(error)}`);
      // Two libraries of TensorFlow in one process abort it ("Duplicate registration of device factory"), so the
      // next is tried only where the last surely left none behind.
      if (!leftNothingLoaded(error)) break;
    }
  }
  throw new Error(reasons.join(', '));
}

/** The build in a folder, which has a manifest; Error if that cannot be read. */
function buildIn(folder: string): NativeBuild {
  const manifest = readManifest(folder);
  if (manifest !== undefined) return { folder, manifest };
  throw unusable(`its ${manifestFile} cannot be read`);
}

/** An error of a build that nothing was loaded of. */
function unusable(why: string): Error {
  const message = `${why}; genal backend install --force builds it anew`;
  return Object.assign(new Error(message), { code: 'ERR_DLOPEN_FAILED' });
}

/**
 * Registers the backend `tensorflow` from one build, wherever it lies.
 *
 * @returns what was loaded, as {@link startTensorFlow} says it
 */
export function startNativeBuild(build: NativeBuild): string {
  prepareProcess();
  return loadBuild(build);
}

function prepareProcess(): void {
  restoreRemovedUtilities();
  // Native TensorFlow reads this when its library loads; 2 keeps errors and drops advice.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
}

async function loadPackage(name: string): Promise<string> {
  const native = (await import(name)) as {
    version?: Record<string, string>;
    default?: { version?: Record<string, string> };
  };
  const version = (native.version ?? native.default?.version)?.['tfjs-node'] ?? 'of unknown version';
  return `${name} ${version}`;
}

interface Binding {
  readonly TF_Version: string;
}

/** The two parts of tfjs-node that compute. Its entry file would also want a dozen packages for file formats. */
function loadBuild(build: NativeBuild): string {
  const { folder, manifest } = build;
  const damaged = damagedFile(build);
  if (damaged !== undefined) throw unusable(`${damaged} is missing or not what was built`);
  // The build's own `@tensorflow/tfjs` is one line that hands out this, so both use the same engine.
  (globalThis as Record<symbol, unknown>)[Symbol.for('genal.tensorflow')] = require('@tensorflow/tfjs');
  const load = createRequire(path.join(folder, 'package.json'));
  const binding = withoutGreeting(load, () => load(`./${bindingFile}`) as Binding);
  load('./package/dist/register_all_kernels.js');
  const { NodeJSKernelBackend } = load('./package/dist/nodejs_kernel_backend.js') as {
    NodeJSKernelBackend: new (binding: Binding, name: string) => tf.KernelBackend;
  };
  const name = manifest.device === 'gpu' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, name));
  return `${name} ${manifest.tfjsNode} on TensorFlow ${binding.TF_Version}`;
}

interface StderrHold {
  hold(): void;
  release(): string;
}

/** Loads with stderr held back, and hands on all that was said but the greeting that every process gets. */
function withoutGreeting<T>(load: NodeJS.Require, action: () => T): T {
  const stderr = load(`./${stderrHoldFile}`) as StderrHold;
  stderr.hold();
  try {
    return action();
  } finally {
    const said = stderr.release().split(/(?<=\n)/);
    process.stderr.write(said.filter((line) => !GREETING.test(line)).join(''));
  }
}

/**
 * `util.isNullOrUndefined` and `util.isArray` went away in Node 23; tfjs-node 4.22.0 still calls them. Put in place even
 * where they are, since Node 22 warns of its own.
 */
function restoreRemovedUtilities(): void {
  const utilities = require('node:util') as Record<string, unknown>;
  utilities.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
  utilities.isArray = Array.isArray;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function isMissing(error: unknown, name: string): boolean {
  const code = codeOf(error);
  return (
    (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && String(error).includes(`'${name}'`)
  );
}

function leftNothingLoaded(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code === 'ERR_MODULE_NOT_FOUND' ||
    code === 'MODULE_NOT_FOUND' ||
    code === 'ERR_DLOPEN_FAILED' ||
    // What tfjs-node says, without a code, when its addon file was never downloaded or built.
    String(error).includes('can not be found at path')
  );
}
