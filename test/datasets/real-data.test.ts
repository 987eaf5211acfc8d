/**
 * The public data sets themselves, where they lie in `$GENAL_DATA`.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DatasetConfig, type DatasetConfigInput } from '../../src/datasets/config.ts';
import type { Split } from '../../src/datasets/dataset.ts';
import { fetchDataset } from '../../src/datasets/fetch.ts';
import { classCounts } from '../../src/datasets/labels.ts';
import { listDatasets, loadDataset } from '../../src/datasets/registry.ts';
import { temporaryFolder } from './files.ts';

const folder = process.env.GENAL_DATA ?? '';
const dataDirs = [folder];
const found = folder === '' ? [] : (await listDatasets({ dataDirs })).filter((set) => set.folder !== null);

/** Runs where the set is found, and says why where it is not. */
function withData(name: string, title: string, run: () => Promise<void>): void {
  const there = found.some((set) => set.name === name);
  const reason = folder === '' ? 'GENAL_DATA is not set' : `${name} is not in $GENAL_DATA`;
  if (there) test(title, run);
  else test.skip(`${title} (skipped: ${reason})`, run);
}

function load(input: DatasetConfigInput) {
  return loadDataset(DatasetConfig.parse(input), { dataDirs });
}

/** Mean pixel / 255 of one channel, to four places. */
function meanPixel(split: Split, channels = 1, channel = 0): number {
  let sum = 0;
  for (let i = channel; i < split.images.length; i += channels) sum += split.images[i]!;
  return Math.round((sum / (split.images.length / channels) / 255) * 10_000) / 10_000;
}

describe('MNIST', () => {
  withData('mnist', 'has its known counts and brightness', async () => {
    const { train, test: held } = await load({ name: 'mnist' });
    expect(classCounts(train.labels, 10)).toEqual([
      5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]);
    expect(classCounts(held.labels, 10)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    expect([meanPixel(train), meanPixel(held)]).toEqual([0.1307, 0.1325]);
    expect([...train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
  });

  withData('mnist', 'as 5 against 7 has the counts of those classes', async () => {
    const { train, test: held } = await load({ name: 'mnist', classes: [5, 7] });
    expect(classCounts(train.labels, 2)).toEqual([5421, 6265]);
    expect(classCounts(held.labels, 2)).toEqual([892, 1028]);
  });

  withData('mnist', 'fetched from a mirror passes its checksums', async () => {
    const server = createServer(async (request, response) => {
      response.end(await readFile(join(folder, 'mnist', request.url?.split('/').at(-1) ?? '')));
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    onTestFinished(() => void server.close());
    const into = await temporaryFolder();
    const statuses: string[] = [];
    const options = {
      into,
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      onFile: ({ status }: { status: string }) => statuses.push(status),
    };
    await fetchDataset('mnist', options);
    expect(statuses).toEqual(new Array(4).fill('fetched'));
    await fetchDataset('mnist', options);
    expect(statuses.slice(4)).toEqual(new Array(4).fill('kept'));
  });
});

describe('Fashion-MNIST', () => {
  withData('fashion-mnist', 'has its known counts and brightness', async () => {
    const { train, test: held } = await load({ name: 'fashion-mnist' });
    expect(classCounts(train.labels, 10)).toEqual(new Array(10).fill(6000));
    expect(classCounts(held.labels, 10)).toEqual(new Array(10).fill(1000));
    expect([meanPixel(train), meanPixel(held)]).toEqual([0.286, 0.2868]);
  });
});

describe('CIFAR-10', () => {
  withData('cifar-10', 'has its known counts and colours', async () => {
    const { train, test: held, notes } = await load({ name: 'cifar-10' });
    expect(classCounts(held.labels, 10)).toEqual(new Array(10).fill(1000));
    expect([...train.labels.subarray(0, 10)]).toEqual([6, 9, 9, 4, 1, 1, 2, 7, 8, 3]);
    if (train.n === 30_000) {
      expect(classCounts(train.labels, 10)).toEqual([
        2983, 3023, 3007, 3008, 2999, 2954, 3016, 3042, 2973, 2995,
      ]);
      expect([0, 1, 2].map((channel) => meanPixel(train, 3, channel))).toEqual([0.4916, 0.482, 0.4461]);
      expect(notes?.[0]).toContain(
        '30000 images instead of 50000, without data_batch_4.bin, data_batch_5.bin',
      );
    } else {
      expect(train.n).toBe(50_000);
      expect(classCounts(train.labels, 10)).toEqual(new Array(10).fill(5000));
    }
  });
});

describe('the listing', () => {
  withData('mnist', 'counts packed files without unpacking them', async () => {
    const mnist = found.find(({ name }) => name === 'mnist');
    expect([mnist?.trainImages, mnist?.testImages]).toEqual([60_000, 10_000]);
    for (const set of found) expect(set.problem).toBeNull();
  });
});
