/**
 * What a native TensorFlow is made of on one kind of machine: the names of its libraries, the Python package that
 * ships them, and about how large they are.
 */
import type { NativeManifest } from '../native-build.ts';

export type NativeDevice = NativeManifest['device'];

/** What decides how a native TensorFlow is built. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Whether the C library is glibc, which every build of TensorFlow for Linux needs. */
  readonly glibc: boolean;
}

export interface NativeTarget {
  readonly device: NativeDevice;
  readonly platform: 'linux' | 'darwin';
  /** File names of the library with the C interface, the preferred one first. */
  readonly main: readonly string[];
  /** File name of the library that one needs. */
  readonly framework: string;
  /** Python package whose wheel ships both. */
  readonly wheel: string;
  /** How the names of its wheels end. */
  readonly wheelName: RegExp;
  /** Bytes of TensorFlow 2.21, the version of March 2026; later ones are about as large. */
  readonly bytes: { readonly download: number; readonly libraries: number };
}

/** This machine. */
export function thisMachine(): Machine {
  return {
    platform: process.platform,
    arch: process.arch,
    glibc: process.platform === 'linux' && hasGlibc(),
  };
}

/**
 * What to build for a device on a machine.
 *
 * @throws Error with one sentence, and what to use instead, where there is no TensorFlow to build on
 */
export function nativeTarget(device: NativeDevice, { platform, arch, glibc }: Machine): NativeTarget {
  if (platform === 'win32') {
    throw new Error(
      'native TensorFlow cannot be built on Windows, where its libraries are not published; use WSL, or --backend webgpu or wasm',
    );
  }
  if ((platform !== 'linux' && platform !== 'darwin') || (arch !== 'x64' && arch !== 'arm64')) {
    throw new Error(
      `native TensorFlow is not published for ${platform} ${arch}, only for Linux and macOS on x64 and arm64; use --backend wasm`,
    );
  }
  if (platform === 'linux' && !glibc) {
    throw new Error(
      'native TensorFlow needs glibc, which this Linux (musl, as in Alpine) does not have; use an image of Debian or Ubuntu, or --backend wasm',
    );
  }
  if (device === 'gpu' && (platform !== 'linux' || arch !== 'x64')) {
    throw new Error(
      `TensorFlow for CUDA is published for Linux on x64 only, not for ${platform} ${arch}; leave out --gpu, or use --backend webgpu`,
    );
  }
  const ending = platform === 'linux' ? '.so.2' : '.2.dylib';
  return {
    device,
    platform,
    // The second is the official "TensorFlow for C", which has the same interface.
    main: [`libtensorflow_cc${ending}`, `libtensorflow${ending}`],
    framework: `libtensorflow_framework${ending}`,
    // Only x64 Linux has a package of its own without CUDA; elsewhere the one package has none.
    wheel: platform === 'linux' && arch === 'x64' && device === 'cpu' ? 'tensorflow-cpu' : 'tensorflow',
    wheelName: wheelNames[`${platform}-${arch}`],
    bytes: device === 'gpu' ? gpuBytes : cpuBytes[`${platform}-${arch}`],
  };
}

const wheelNames = {
  'linux-x64': /manylinux.*_x86_64\.whl$/,
  'linux-arm64': /manylinux.*_aarch64\.whl$/,
  'darwin-x64': /macosx.*_x86_64\.whl$/,
  'darwin-arm64': /macosx.*_arm64\.whl$/,
} as const;

const cpuBytes = {
  'linux-x64': { download: 274e6, libraries: 853e6 },
  'linux-arm64': { download: 282e6, libraries: 883e6 },
  // The last one for Macs with Intel processors is 2.16.2.
  'darwin-x64': { download: 260e6, libraries: 735e6 },
  'darwin-arm64': { download: 224e6, libraries: 741e6 },
} as const;

/** With CUDA 12.9 and cuDNN 9.28. */
const gpuBytes = { download: 3400e6, libraries: 5600e6 } as const;

function hasGlibc(): boolean {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime !== undefined;
}
