import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../src/make-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'genal-folder-'));

test('makes what is missing above a folder too, and takes one that is there', async () => {
  const folder = join(root, 'a', 'b', 'c');
  await makeFolder(folder);
  expect(existsSync(folder)).toBe(true);
  await makeFolder(folder);
});

test('several at once make the same folder', async () => {
  const folder = join(root, 'd', 'e', 'f');
  await Promise.all(Array.from({ length: 8 }, () => makeFolder(folder)));
  expect(existsSync(folder)).toBe(true);
});

test('fails where a file lies', async () => {
  const file = join(root, 'file');
  writeFileSync(file, '');
  await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolder(join(file, 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

// Node's own mkdir with "recursive" never comes back from there.
test.skipIf(!existsSync('/proc/self'))('fails in a place that takes no folders', async () => {
  await expect(makeFolder('/proc/genal/backends')).rejects.toMatchObject({ code: 'ENOENT' });
});
