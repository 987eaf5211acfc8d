import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendLineSynced, appendSynced, writeFileAtomic } from '../src/atomic-write.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'genal-atomic-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('replaces the content of a file and leaves no other file', async () => {
  const file = path.join(folder, 'a.json');
  await writeFileAtomic(file, 'first, and longer');
  await writeFileAtomic(file, Uint8Array.of(104, 105));
  expect(await readFile(file, 'utf8')).toBe('hi');
  expect(await readdir(folder)).toEqual(['a.json']);
});

test('never shows a reader a part of the content', async () => {
  const file = path.join(folder, 'big');
  const contents = ['a', 'b'].map((letter) => letter.repeat(3_000_000));
  await writeFileAtomic(file, contents[0]!);
  let writing = true;
  const writer = (async () => {
    for (let i = 1; i <= 10; i++) await writeFileAtomic(file, contents[i % 2]!);
    writing = false;
  })();
  let reads = 0;
  while (writing) {
    const text = await readFile(file, 'utf8');
    expect(contents.includes(text)).toBe(true);
    reads++;
  }
  await writer;
  expect(reads).toBeGreaterThan(1);
});

test('writes to one file at the same time end with one of the contents', async () => {
  const file = path.join(folder, 'a');
  await Promise.all(['x', 'y', 'z'].map((text) => writeFileAtomic(file, text)));
  expect(['x', 'y', 'z']).toContain(await readFile(file, 'utf8'));
  expect(await readdir(folder)).toEqual(['a']);
});

test('removes its temporary file when the name cannot be taken', async () => {
  const taken = path.join(folder, 'taken');
  await writeFileAtomic(path.join(folder, 'other'), 'x');
  const { mkdir } = await import('node:fs/promises');
  await mkdir(taken);
  await expect(writeFileAtomic(taken, 'x')).rejects.toThrow();
  expect((await readdir(folder)).sort()).toEqual(['other', 'taken']);
});

test('fails when the folder does not exist', async () => {
  await expect(writeFileAtomic(path.join(folder, 'none', 'a'), 'x')).rejects.toThrow('ENOENT');
});

test('appends lines to a new and to an old file', async () => {
  const file = path.join(folder, 'lines');
  await appendLineSynced(file, '{"a":1}');
  await appendLineSynced(file, '');
  await appendSynced(file, 'b\nc\n');
  expect(await readFile(file, 'utf8')).toBe('{"a":1}\n\nb\nc\n');
});

test('refuses to append two lines as one', async () => {
  const file = path.join(folder, 'lines');
  await writeFile(file, '');
  await expect(appendLineSynced(file, 'a\nb')).rejects.toThrow(
    'appendLineSynced.line: expected one line, got 2 lines',
  );
  expect(await readFile(file, 'utf8')).toBe('');
});
