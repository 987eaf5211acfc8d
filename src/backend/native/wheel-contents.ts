/**
 * What is taken out of TensorFlow's wheel and, for GPUs, out of the wheels of CUDA that it asks for.
 */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { folderBytes, megabytes } from './disk.ts';
import { type FetchOptions, fetchWheel, packageName, requirementsOfExtra, unpackWheel } from './wheel.ts';

export interface UnpackOptions extends Omit<FetchOptions, 'onBytes'> {
  readonly onStatus: (text: string) => void;
}

/** Only what the binding's own headers reach; all of them are 290 MB. */
const headers = String.raw`tensorflow/include/(tensorflow/c|tensorflow/core/platform|tensorflow/tsl|tsl|xla/tsl)/.*\.h`;
const libraries = String.raw`tensorflow/libtensorflow(_cc|_framework)(\.so\.2|\.2\.dylib)`;
const about = String.raw`[^/]+\.dist-info/(METADATA|LICENSE.*)|tensorflow/python/platform/build_info\.py`;
/** CUDA's libraries, and what its compiler needs to finish kernels for newer cards. */
const cuda = String.raw`nvidia/[^/]+/lib/.*\.so[.0-9]*|nvidia/cuda_nvcc/(bin/(ptxas|fatbinary|nvlink)|nvvm/libdevice/.*)`;

/**
 * Fetches the wheels and takes out the libraries and the headers.
 *
 * @param root gets `tensorflow/` with libraries and `include/`, and `nvidia/` for GPUs
 * @returns the name of TensorFlow's wheel, such as `tensorflow_cpu-2.21.0`
 * @throws Error with one sentence
 */
export async function unpackWheels(
  root: string,
  options: UnpackOptions,
): Promise<{ readonly root: string; readonly name: string }> {
  await mkdir(root);
  const wheel = await unpackOne(options.target.wheel, root, `${libraries}|${headers}|${about}`, options);
  if (options.target.device === 'gpu') {
    for (const requirement of requirementsOfExtra(await metadataIn(root), 'and-cuda')) {
      await unpackOne(requirement, root, cuda, options);
    }
  }
  return { root, name: path.basename(wheel).split('-').slice(0, 2).join('-') };
}

async function unpackOne(
  requirement: string,
  root: string,
  pattern: string,
  { onStatus, ...options }: UnpackOptions,
): Promise<string> {
  const name = packageName(requirement);
  onStatus(`fetching ${name}`);
  const wheel = await fetchWheel(requirement, {
    ...options,
    onBytes: (received, total) =>
      onStatus(`${name} ${megabytes(received)}${total === null ? '' : ` of ${megabytes(total)}`}`),
  });
  onStatus(`unpacking ${name}`);
  const watch = setInterval(
    () => void folderBytes(root).then((bytes) => onStatus(`unpacking ${name}, ${megabytes(bytes)}`)),
    1000,
  );
  try {
    await unpackWheel(wheel, root, pattern, options);
  } finally {
    clearInterval(watch);
  }
  return wheel;
}

async function metadataIn(root: string): Promise<string> {
  const name = (await readdir(root)).find((candidate) => /^tensorflow.*\.dist-info$/.test(candidate)) ?? '';
  return readFile(path.join(root, name, 'METADATA'), 'utf8');
}
