import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkSpace, folderBytes, freeBytes, megabytes } from '../../../src/backend/native/disk.ts';
import { alone, replaceFolder, temporaryBeside } from '../../../src/backend/native/publish.ts';

const fresh = () => mkdtempSync(join(tmpdir(), 'genal-publish-'));
/** A process that has surely ended. */
const nobody = 2 ** 22 + 1;

describe('alone', () => {
  test('keeps a second one out while the first is at work, and lets it in afterwards', async () => {
    const folder = join(fresh(), 'not', 'there');
    const result = await alone(folder, async () => {
      await expect(alone(folder, async () => 2)).rejects.toThrow(
        /^another genal backend command is at work .*install\.lock/,
      );
      return 1;
    });
    expect(result).toBe(1);
    expect(await alone(folder, async () => 3)).toBe(3);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('opens again after an error', async () => {
    const folder = fresh();
    await expect(alone(folder, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await alone(folder, async () => 1)).toBe(1);
  });

  test('takes the lock of a killed process and removes what that left', async () => {
    const folder = fresh();
    writeFileSync(join(folder, 'install.lock'), JSON.stringify({ host: hostname(), process: nobody }));
    for (const name of ['tensorflow-cpu.building-0011aabb', 'tensorflow-gpu', 'downloads']) {
      mkdirSync(join(folder, name));
    }
    await alone(folder, async () => expect(existsSync(join(folder, 'install.lock'))).toBe(true));
    expect(readdirSync(folder).sort()).toEqual(['downloads', 'tensorflow-gpu']);
  });

  test('leaves the lock of another machine alone', async () => {
    const folder = fresh();
    writeFileSync(join(folder, 'install.lock'), JSON.stringify({ host: 'elsewhere', process: nobody }));
    await expect(alone(folder, async () => 1)).rejects.toThrow(/another genal backend command/);
  });
});

describe('replaceFolder', () => {
  const withFile = (folder: string, text: string) => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'file'), text);
  };

  test('puts a folder in the place of another, or of none', async () => {
    const root = fresh();
    const target = join(root, 'target');
    for (const text of ['first', 'second']) {
      const finished = temporaryBeside(target, 'building');
      withFile(finished, text);
      await replaceFolder(finished, target);
      expect(readFileSync(join(target, 'file'), 'utf8')).toBe(text);
    }
    expect(readdirSync(root)).toEqual(['target']);
  });

  test('killed between its steps, gives the old one back with the next command', async () => {
    const root = fresh();
    const target = join(root, 'target');
    withFile(temporaryBeside(target, 'replaced'), 'old');
    withFile(temporaryBeside(target, 'building'), 'new');
    await alone(root, async () => undefined);
    expect(readdirSync(root)).toEqual(['target']);
    expect(readFileSync(join(target, 'file'), 'utf8')).toBe('old');
  });
});

describe('disk space', () => {
  test('is refused if it does not suffice, with both numbers', () => {
    expect(() => checkSpace('/cache', 1.1e9, 0.2e9)).toThrow(
      '/cache: building needs 1.1 GB, but its disk has 200 MB left; free some space, or set XDG_CACHE_HOME to a larger disk',
    );
    expect(() => checkSpace('/cache', 1e9, 1e9)).not.toThrow();
  });

  test('is that of the nearest folder there is, and that of a folder the sum of its files', async () => {
    const folder = fresh();
    expect(await freeBytes(join(folder, 'a', 'b'))).toBeGreaterThan(0);
    mkdirSync(join(folder, 'deep'));
    writeFileSync(join(folder, 'deep', 'x'), Buffer.alloc(1000));
    writeFileSync(join(folder, 'y'), Buffer.alloc(24));
    expect(await folderBytes(folder)).toBe(1024);
    expect(await folderBytes(join(folder, 'none'))).toBe(0);
    expect([999e6, 5.04e6, 1e9].map(megabytes)).toEqual(['999 MB', '5.0 MB', '1.0 GB']);
  });
});
