import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DatasetError } from '../../src/datasets/dataset-error.ts';
import type { DownloadProgress } from '../../src/datasets/download.ts';
import {
  type ArchivePlan,
  FETCH_PLANS,
  FETCHABLE,
  type FetchedFile,
  type FilesPlan,
  fetchDataset,
  fetchPlan,
} from '../../src/datasets/fetch.ts';
import { tar, temporaryFolder, writeFiles } from './files.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A server on loopback for the time of the test. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/files/`;
}

/** Serves files by last name, and counts the requests for each. */
async function serveFiles(files: Readonly<Record<string, Uint8Array>>) {
  const requests: string[] = [];
  const baseUrl = await serve((request, response) => {
    const name = request.url?.split('/').at(-1) ?? '';
    requests.push(name);
    const content = files[name];
    if (content === undefined) response.writeHead(404).end('not here');
    else response.writeHead(200, { 'content-length': content.length }).end(content);
  });
  return { baseUrl, requests };
}

const one = Buffer.from('the first file, '.repeat(500));
const two = Buffer.from('the second');

/** A set of two small files. */
const plan: FilesPlan = {
  kind: 'files',
  folder: 'small',
  baseUrl: 'http://127.0.0.1:1/',
  files: [
    { name: 'one.gz', sha256: sha256(one), aliases: ['one', 'dotted.one'] },
    { name: 'two.gz', sha256: sha256(two), aliases: ['two'] },
  ],
};

const archive = gzipSync(
  tar({ 'set/a.bin': one, 'set/readme.html': two, '../../b.bin': two, 'set/deeper/c.bin': one }),
);

/** The same as one archive. */
const archivePlan: ArchivePlan = {
  kind: 'archive',
  folder: 'small',
  baseUrl: 'http://127.0.0.1:1/',
  archive: 'set.tar.gz',
  sha256: sha256(archive),
  members: { 'a.bin': sha256(one), 'b.bin': sha256(two) },
};

describe('fetching files', () => {
  test('puts each into the folder, under its name', async () => {
    const into = join(await temporaryFolder(), 'not', 'there', 'yet');
    const { baseUrl } = await serveFiles({ 'one.gz': gzipSync(one), 'two.gz': gzipSync(two) });
    const files: FetchedFile[] = [];
    const folder = await fetchPlan(plan, { into, baseUrl, onFile: (file) => files.push(file) });
    expect(folder).toBe(join(into, 'small'));
    expect(await readdir(folder)).toEqual(['one.gz', 'two.gz']);
    expect(await readFile(join(folder, 'one.gz'))).toEqual(gzipSync(one));
    expect(files).toEqual([
      { path: join(folder, 'one.gz'), status: 'fetched' },
      { path: join(folder, 'two.gz'), status: 'fetched' },
    ]);
  });

  test('accepts any packing of the right content, or none', async () => {
    const into = await temporaryFolder();
    const { baseUrl } = await serveFiles({ 'one.gz': gzipSync(one, { level: 1 }), 'two.gz': two });
    await fetchPlan(plan, { into, baseUrl });
    expect(await readFile(join(into, 'small', 'two.gz'))).toEqual(two);
  });

  test('tells how far it has come', async () => {
    const packed = gzipSync(one);
    const { baseUrl } = await serveFiles({ 'one.gz': packed, 'two.gz': gzipSync(two) });
    const steps: DownloadProgress[] = [];
    await fetchPlan(plan, { into: await temporaryFolder(), baseUrl, onProgress: (step) => steps.push(step) });
    const ofOne = steps.filter(({ file }) => file === 'one.gz');
    expect(ofOne.at(-1)).toEqual({ file: 'one.gz', received: packed.length, total: packed.length });
  });

  test('keeps what is there and right, under any of its names, and asks for nothing', async () => {
    const into = await temporaryFolder();
    await writeFiles(into, { 'small/dotted.one': one, 'small/two.gz': gzipSync(two) });
    const { baseUrl, requests } = await serveFiles({});
    const files: FetchedFile[] = [];
    await fetchPlan(plan, { into, baseUrl, onFile: (file) => files.push(file) });
    expect(requests).toEqual([]);
    expect(files.map(({ status }) => status)).toEqual(['kept', 'kept']);
    expect(files[0]?.path).toBe(join(into, 'small', 'dotted.one'));
  });

  test('replaces what is there and wrong, once the right content has come', async () => {
    const into = await temporaryFolder();
    await writeFiles(into, { 'small/one': 'wrong', 'small/two.gz': gzipSync(two).subarray(0, 20) });
    const failing = await serveFiles({ 'one.gz': Buffer.from('wrong too') });
    await expect(fetchPlan(plan, { into, baseUrl: failing.baseUrl })).rejects.toThrow();
    expect(await readdir(join(into, 'small'))).toEqual(['one', 'two.gz']);
    const { baseUrl } = await serveFiles({ 'one.gz': gzipSync(one), 'two.gz': gzipSync(two) });
    await fetchPlan(plan, { into, baseUrl });
    // The wrong file under the other name would be read first, so it is gone.
    expect(await readdir(join(into, 'small'))).toEqual(['one.gz', 'two.gz']);
    expect(await readFile(join(into, 'small', 'two.gz'))).toEqual(gzipSync(two));
  });
});

describe('what goes wrong on the way leaves nothing behind', () => {
  async function failure(answer: RequestListener, signal?: AbortSignal) {
    const into = await temporaryFolder();
    const baseUrl = await serve(answer);
    const error = await fetchPlan(plan, { into, baseUrl, ...(signal && { signal }) }).then(
      () => new Error('nothing was thrown'),
      (thrown: unknown) => thrown as Error,
    );
    expect(await readdir(join(into, 'small'))).toEqual([]);
    return { error, url: `${baseUrl}one.gz` };
  }

  test('another file', async () => {
    const { error, url } = await failure((_, response) => response.end(gzipSync(two)));
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toBe(`${url}: expected content with SHA-256 ${sha256(one)}, got ${sha256(two)}`);
  });

  test('gzip that is damaged', async () => {
    const { error, url } = await failure((_, response) => response.end(gzipSync(one).subarray(0, 30)));
    expect(error.message).toBe(`${url}: expected valid gzip, got a file cut short`);
  });

  test('a file that is not there', async () => {
    const { error, url } = await failure((_, response) => response.writeHead(404).end('no'));
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toBe(`${url}: expected HTTP status 200, got 404 Not Found`);
  });

  test('a server that fails', async () => {
    const { error } = await failure((_, response) => response.writeHead(503).end());
    expect(error.message).toContain('expected HTTP status 200, got 503 Service Unavailable');
  });

  test('a connection that breaks half way', async () => {
    const packed = gzipSync(one);
    const { error, url } = await failure((_, response) => {
      response.writeHead(200, { 'content-length': packed.length });
      response.write(packed.subarray(0, 40), () => setTimeout(() => response.destroy(), 50));
    });
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.message).toMatch(`${url}: expected ${packed.length} bytes, got 40 before it broke off (`);
  });

  test('a connection of unknown length that breaks half way', async () => {
    const { error, url } = await failure((_, response) => {
      response.writeHead(200);
      response.write(gzipSync(one).subarray(0, 40), () => setTimeout(() => response.destroy(), 50));
    });
    expect(error.message).toMatch(`${url}: expected more bytes, got 40 before it broke off (`);
  });

  test('a server that cannot be reached', async () => {
    const server = createServer();
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const { port } = server.address() as AddressInfo;
    await new Promise((closed) => server.close(closed));
    const refused = fetchPlan(plan, {
      into: await temporaryFolder(),
      baseUrl: `http://127.0.0.1:${port}`,
    });
    await expect(refused).rejects.toBeInstanceOf(DatasetError);
    await expect(refused).rejects.toThrow(
      `http://127.0.0.1:${port}/one.gz: expected an answer, got a connection error (connect ECONNREFUSED`,
    );
  });

  test('an abort, which rejects with its own reason', async () => {
    const controller = new AbortController();
    const { error } = await failure((_, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('begun', () => setTimeout(() => controller.abort(new Error('stopped by hand')), 20));
    }, controller.signal);
    expect(error.message).toBe('stopped by hand');
  });
});

describe('fetching an archive', () => {
  test('unpacks the files it is for, and only into the folder', async () => {
    const into = await temporaryFolder();
    const { baseUrl } = await serveFiles({ 'set.tar.gz': archive });
    const files: FetchedFile[] = [];
    await fetchPlan(archivePlan, { into, baseUrl, onFile: (file) => files.push(file) });
    expect(await readdir(into)).toEqual(['small']);
    expect(await readdir(join(into, 'small'))).toEqual(['a.bin', 'b.bin']);
    expect(await readFile(join(into, 'small', 'a.bin'))).toEqual(one);
    expect(await readFile(join(into, 'small', 'b.bin'))).toEqual(two);
    expect(files.map(({ status }) => status)).toEqual(['fetched', 'fetched']);
  });

  test('keeps files that are all there and right, packed or not', async () => {
    const into = await temporaryFolder();
    await writeFiles(into, { 'small/a.bin.gz': gzipSync(one), 'small/b.bin': two });
    const { baseUrl, requests } = await serveFiles({});
    await fetchPlan(archivePlan, { into, baseUrl });
    expect(requests).toEqual([]);
    await writeFiles(into, { 'small/b.bin': 'wrong' });
    await expect(fetchPlan(archivePlan, { into, baseUrl })).rejects.toThrow('404');
    expect(requests).toEqual(['set.tar.gz']);
  });

  test('refuses another archive as it was sent, however right its content', async () => {
    const into = await temporaryFolder();
    const other = gzipSync(tar({ 'a.bin': one, 'b.bin': two }));
    const { baseUrl } = await serveFiles({ 'set.tar.gz': other });
    await expect(fetchPlan(archivePlan, { into, baseUrl })).rejects.toThrow(
      `${baseUrl}set.tar.gz: expected content with SHA-256 ${sha256(archive)}, got ${sha256(other)}`,
    );
    expect(await readdir(join(into, 'small'))).toEqual([]);
  });

  test.each([
    [
      'without a file',
      gzipSync(tar({ 'a.bin': one })),
      'expected an archive with b.bin, got none of that name',
    ],
    ['that is no tar', gzipSync(Buffer.alloc(600, 'x')), 'expected a valid tar.gz archive, got corrupt data'],
    [
      'cut short',
      gzipSync(tar({ 'a.bin': one })).subarray(0, 60),
      'expected a valid tar.gz archive, got a file cut short',
    ],
    ['that is not packed', Buffer.from('plain text'), 'expected a valid tar.gz archive, got corrupt data'],
  ])('refuses an archive %s', async (_, content, expected) => {
    const into = await temporaryFolder();
    const { baseUrl } = await serveFiles({ 'set.tar.gz': content });
    const wrong = { ...archivePlan, sha256: sha256(content) };
    await expect(fetchPlan(wrong, { into, baseUrl })).rejects.toThrow(`${baseUrl}set.tar.gz: ${expected}`);
  });
});

describe('the public data sets', () => {
  test('have a full digest for every file', () => {
    expect(FETCHABLE).toEqual(['mnist', 'fashion-mnist', 'cifar-10', 'cifar-100']);
    const digests = Object.values(FETCH_PLANS).flatMap((set) =>
      set.kind === 'files'
        ? set.files.map((file) => file.sha256)
        : [set.sha256, ...Object.values(set.members)],
    );
    expect(digests.length).toBe(4 + 4 + 7 + 3);
    expect(new Set(digests).size).toBe(digests.length);
    for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each(FETCHABLE)('%s refuses what a mirror makes up, naming the file', async (name) => {
    const into = await temporaryFolder();
    const baseUrl = await serve((_, response) => response.end('<html>sold</html>'));
    await expect(fetchDataset(name, { into, baseUrl })).rejects.toThrow(
      `, got ${sha256(Buffer.from('<html>sold</html>'))}`,
    );
  });
});
