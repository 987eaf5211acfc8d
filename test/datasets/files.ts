/** Small data files for tests, and a folder of their own to put them in. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** An empty folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'genal-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files, given by path below the folder. */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

/** The bytes of an IDX file. */
export function idx(sizes: readonly number[], values: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.writeUInt32BE(0x800 + sizes.length);
  for (const [axis, size] of sizes.entries()) header.writeUInt32BE(size, 4 + 4 * axis);
  return Buffer.concat([header, Uint8Array.from(values)]);
}

/** The four files of a set of 28 x 28 images: pixel i of row r is (r + i) mod 256, labels go 0, 1, ..., 9, 0, ... */
export function idxFolder(trainN: number, testN: number): Record<string, Buffer> {
  const images = (n: number) =>
    idx(
      [n, 28, 28],
      Uint8Array.from({ length: n * 784 }, (_, i) => Math.floor(i / 784) + (i % 784)),
    );
  const labels = (n: number) =>
    idx(
      [n],
      Uint8Array.from({ length: n }, (_, row) => row % 10),
    );
  return {
    'train-images-idx3-ubyte': images(trainN),
    'train-labels-idx1-ubyte': labels(trainN),
    't10k-images-idx3-ubyte': images(testN),
    't10k-labels-idx1-ubyte': labels(testN),
  };
}

/** CIFAR records: red pixel i of record r is r + i, green 100 + r, blue 200 + r, all mod 256. */
export function cifarRecords(labels: readonly (readonly number[])[]): Buffer {
  return Buffer.concat(
    labels.map((bytes, row) =>
      Buffer.concat([
        Uint8Array.from(bytes),
        Uint8Array.from({ length: 1024 }, (_, i) => row + i),
        new Uint8Array(1024).fill(100 + row),
        new Uint8Array(1024).fill(200 + row),
      ]),
    ),
  );
}

/** A ustar archive of some files, by path. */
export function tar(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${content.length.toString(8).padStart(11, '0')} `, 124);
    header.write('        ', 148);
    header.write('0ustar\x0000', 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
