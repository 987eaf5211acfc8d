/**
 * Downloads of the public data sets into a data folder, every file checked by SHA-256.
 *
 * MNIST and Fashion-MNIST are checked by their unpacked content, so a mirror that packs the same content anew
 * is as good as the original. CIFAR comes as one archive, checked as it was published, and is unpacked.
 */
import { createReadStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createGunzip } from 'node:zlib';

import { writeFileAtomic } from '../atomic-write.ts';
import { datasetError, errorCode } from './dataset-error.ts';
import { type DownloadProgress, download, fileDigest } from './download.ts';
import { IDX_FILES } from './idx.ts';
import { LAYOUTS } from './layouts.ts';
import { exists, gzipFault } from './read-bytes.ts';
import { readTar } from './tar.ts';

export interface FetchOptions {
  /** Data folder; the set goes into its own folder below. Made if it does not exist. */
  readonly into: string;
  /** Another server with the same files, an address that ends before the file's name. */
  readonly baseUrl?: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Called once for each file when it is in place. */
  readonly onFile?: (file: FetchedFile) => void;
  /** Stops the download; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A file that is now there. */
export interface FetchedFile {
  readonly path: string;
  /** It was there and right, or has been downloaded. */
  readonly status: 'kept' | 'fetched';
}

/** What to download, and how to tell that it is right. */
export type FetchPlan = FilesPlan | ArchivePlan;

/** A set that comes file by file. */
export interface FilesPlan {
  readonly kind: 'files';
  readonly folder: string;
  readonly baseUrl: string;
  readonly files: readonly {
    /** On the server and here, with `.gz`. */
    readonly name: string;
    /** SHA-256 of the unpacked content. */
    readonly sha256: string;
    /** Other names the file may already go by. */
    readonly aliases: readonly string[];
  }[];
}

/** A set that comes as one tar.gz. */
export interface ArchivePlan {
  readonly kind: 'archive';
  readonly folder: string;
  readonly baseUrl: string;
  readonly archive: string;
  /** SHA-256 of the archive as published. */
  readonly sha256: string;
  /** Files to unpack, by their last name, and the SHA-256 that says one is already there. */
  readonly members: Readonly<Record<string, string>>;
}

/** Data sets that can be downloaded. */
export type FetchableName = keyof typeof FETCH_PLANS;

/** Where each set is published, with the digests of what is there. */
export const FETCH_PLANS = {
  mnist: idxPlan('mnist', 'https://ossci-datasets.s3.amazonaws.com/mnist/', {
    trainImages: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    trainLabels: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    testImages: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    testLabels: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
  }),
  'fashion-mnist': idxPlan('fashion-mnist', 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/', {
    trainImages: 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
    trainLabels: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
    testImages: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
    testLabels: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
  }),
  'cifar-10': {
    kind: 'archive',
    folder: LAYOUTS['cifar-10'].folder,
    baseUrl: 'https://www.cs.toronto.edu/~kriz/',
    archive: 'cifar-10-binary.tar.gz',
    sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
    members: {
      'data_batch_1.bin': 'cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5',
      'data_batch_2.bin': 'a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed',
      'data_batch_3.bin': 'bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67',
      'data_batch_4.bin': '014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48',
      'data_batch_5.bin': '755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add',
      'test_batch.bin': '8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b',
    },
  },
  'cifar-100': {
    kind: 'archive',
    folder: LAYOUTS['cifar-100'].folder,
    baseUrl: 'https://www.cs.toronto.edu/~kriz/',
    archive: 'cifar-100-binary.tar.gz',
    sha256: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
    members: {
      'train.bin': 'f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29',
      'test.bin': 'd8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a',
    },
  },
} as const satisfies Record<string, FetchPlan>;

/** All {@link FetchableName}s. */
export const FETCHABLE = Object.keys(FETCH_PLANS) as readonly FetchableName[];

/**
 * Downloads a data set's files into their folder below `into`; files that are there and right are kept, wrong
 * ones replaced.
 *
 * A file appears under its name only once it is whole and its checksum right. DatasetError naming the address
 * or file otherwise, and nothing half-done is left behind.
 *
 * @returns the folder the files are in
 */
export function fetchDataset(name: FetchableName, options: FetchOptions): Promise<string> {
  return fetchPlan(FETCH_PLANS[name], options);
}

/** {@link fetchDataset} for any plan. */
export async function fetchPlan(plan: FetchPlan, options: FetchOptions): Promise<string> {
  const folder = join(options.into, plan.folder);
  await mkdir(folder, { recursive: true });
  if (plan.kind === 'files') await fetchFiles(plan, folder, options);
  else await fetchArchive(plan, folder, options);
  return folder;
}

async function fetchFiles(plan: FilesPlan, folder: string, options: FetchOptions): Promise<void> {
  const { baseUrl = plan.baseUrl, onProgress, onFile, signal } = options;
  for (const { name, sha256, aliases } of plan.files) {
    signal?.throwIfAborted();
    const target = join(folder, name);
    const names = [name, ...aliases].map((alias) => join(folder, alias));
    const kept = await findRight(names, sha256);
    if (kept !== null) {
      onFile?.({ path: kept, status: 'kept' });
      continue;
    }
    const check = { sha256, hashed: 'unpacked', onProgress, signal } as const;
    await download(address(baseUrl, name), partOf(target), check, async (temporary) => {
      await rename(temporary, target);
      // Any other name holds wrong content, and a reader might take it for the right one.
      for (const other of names.slice(1)) await rm(other, { force: true });
    });
    onFile?.({ path: target, status: 'fetched' });
  }
}

async function fetchArchive(plan: ArchivePlan, folder: string, options: FetchOptions): Promise<void> {
  const { baseUrl = plan.baseUrl, onProgress, onFile, signal } = options;
  const members = Object.entries(plan.members);
  const kept: string[] = [];
  for (const [name, sha256] of members) {
    const path = await findRight([join(folder, name), join(folder, `${name}.gz`)], sha256);
    if (path !== null) kept.push(path);
  }
  if (kept.length === members.length) {
    for (const path of kept) onFile?.({ path, status: 'kept' });
    return;
  }
  const url = address(baseUrl, plan.archive);
  const check = { sha256: plan.sha256, hashed: 'sent', onProgress, signal } as const;
  await download(url, partOf(join(folder, plan.archive)), check, (archive) =>
    unpackArchive(url, archive, plan, folder),
  );
  for (const [name] of members) onFile?.({ path: join(folder, name), status: 'fetched' });
}

async function unpackArchive(url: string, archive: string, plan: ArchivePlan, folder: string): Promise<void> {
  const wanted = new Set(Object.keys(plan.members));
  const source = createReadStream(archive);
  const unpacked = createGunzip();
  source.on('error', (error) => unpacked.destroy(error));
  try {
    for await (const { name, content } of readTar(source.pipe(unpacked))) {
      // Only known last names are used, so no entry can write outside the folder.
      if (wanted.delete(basename(name))) await writeFileAtomic(join(folder, basename(name)), content);
    }
  } catch (error) {
    // A failure of the file system, such as a full disk, says nothing about the archive.
    if (errorCode(error)?.startsWith('E')) throw error;
    throw datasetError(url, 'a valid tar.gz archive', gzipFault(error), error);
  } finally {
    source.destroy();
    unpacked.destroy();
  }
  if (wanted.size > 0)
    throw datasetError(url, `an archive with ${[...wanted].join(', ')}`, 'none of that name');
}

/** The first of `paths` whose unpacked content has this digest. A file that cannot be unpacked has another. */
async function findRight(paths: readonly string[], sha256: string): Promise<string | null> {
  for (const path of paths) {
    if (!(await exists(path))) continue;
    if ((await fileDigest(path, 'unpacked').catch(() => null)) === sha256) return path;
  }
  return null;
}

/** A name of this process's own, in the same folder so that a rename is one step. */
function partOf(target: string): string {
  return `${target}.${process.pid}.part`;
}

function address(baseUrl: string, name: string): string {
  return `${baseUrl.replace(/\/+$/, '')}/${name}`;
}

function idxPlan(
  folder: 'mnist' | 'fashion-mnist',
  baseUrl: string,
  digests: Readonly<Record<keyof typeof IDX_FILES, string>>,
): FilesPlan {
  return {
    kind: 'files',
    folder: LAYOUTS[folder].folder,
    baseUrl,
    files: (['trainImages', 'trainLabels', 'testImages', 'testLabels'] as const).map((file) => {
      const [name, dotted] = IDX_FILES[file];
      return { name: `${name}.gz`, sha256: digests[file], aliases: [name, dotted, `${dotted}.gz`] };
    }),
  };
}
