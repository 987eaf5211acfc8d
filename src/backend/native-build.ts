/**
 * Where a native TensorFlow of the user's own lies: `<cache folder>/backends/tensorflow-<device>-<platform>-<arch>/`
 *
 * ```
 * manifest.json        {@link NativeManifest}; written last, so a folder that has one is complete
 * tfjs_binding.node    the binding, N-API, so one build serves every Node version
 * stderr_hold.node     holds back what TensorFlow has to say while it loads
 * package/             tfjs-node as npm ships it
 * node_modules/        what that requires: google-protobuf; @tensorflow/tfjs and tfjs-core, each one line that
 *                      hands out the program's own, from globalThis[Symbol.for('genal.tensorflow')]
 * include/             the headers the binding was compiled with, so that one build can be the source of another
 * lib/                 libtensorflow_cc and libtensorflow_framework; absent if linked where they were found. For GPUs
 *                      lib/tensorflow/ and beside it lib/nvidia/, where those libraries look for CUDA's
 * ```
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { cacheDirectory } from '../cache-directory.ts';

/** What a finished build says of itself. */
export const NativeManifest = z.object({
  format: z.literal(1),
  device: z.enum(['cpu', 'gpu']),
  /** Version of the binding's npm package. */
  tfjsNode: z.string(),
  /** Version of the library. */
  tensorflow: z.string(),
  /** Where the library was taken from, for people: `wheel tensorflow_cpu-2.21.0`, `Python /usr/bin/python3`. */
  source: z.string(),
  /** Absolute folder of the library. */
  libraries: z.string(),
  /** Bytes of each file that is loaded, by its path, absolute or relative to the build. */
  files: z.record(z.string(), z.number()).default({}),
});

export type NativeManifest = z.output<typeof NativeManifest>;

export interface NativeBuild {
  readonly folder: string;
  readonly manifest: NativeManifest;
}

/** The file that makes a folder a build. */
export const manifestFile = 'manifest.json';
/** The binding in a build. */
export const bindingFile = 'tfjs_binding.node';
/** The addon that holds stderr back while the binding loads. */
export const stderrHoldFile = 'stderr_hold.node';

/** The folder of all builds, and of what is needed while building one. */
export function nativeBuildsFolder(): string {
  return path.join(cacheDirectory(), 'backends');
}

/**
 * The first file that is not what was built, or undefined. The system ends a process that loads half a library, without
 * a word, so this is asked before.
 */
export function damagedFile({ folder, manifest }: NativeBuild): string | undefined {
  return Object.entries(manifest.files)
    .map(([file, bytes]) => ({ file: path.resolve(folder, file), bytes }))
    .find(({ file, bytes }) => statSync(file, { throwIfNoEntry: false })?.size !== bytes)?.file;
}

/** Folder of the build for a device on this machine, whether it is there or not. */
export function nativeBuildFolder(device: NativeManifest['device']): string {
  return path.join(nativeBuildsFolder(), `tensorflow-${device}-${process.platform}-${process.arch}`);
}

/** Folders of the builds for this machine, the one for GPUs first: those with a manifest, whether or not it can be read. */
export function nativeBuildFolders(): string[] {
  return (['gpu', 'cpu'] as const)
    .map(nativeBuildFolder)
    .filter((folder) => existsSync(path.join(folder, manifestFile)));
}

/** What the build in a folder says of itself, or undefined if there is no complete one. */
export function readManifest(folder: string): NativeManifest | undefined {
  const file = path.join(folder, manifestFile);
  if (!existsSync(file)) return undefined;
  const manifest = NativeManifest.safeParse(readJson(file));
  return manifest.success ? manifest.data : undefined;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
