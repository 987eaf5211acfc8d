import { execFileSync } from 'node:child_process';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTar, type TarEntry } from '../../src/datasets/tar.ts';
import { tar, temporaryFolder, writeFiles } from './files.ts';

async function entries(archive: Uint8Array, chunk = 1000): Promise<TarEntry[]> {
  async function* chunks() {
    for (let at = 0; at < archive.length; at += chunk) yield archive.subarray(at, at + chunk);
  }
  const read: TarEntry[] = [];
  for await (const entry of readTar(chunks())) read.push(entry);
  return read;
}

const content = Uint8Array.from({ length: 1500 }, (_, i) => i);

describe('a tar archive', () => {
  test('gives its files, whatever the pieces it comes in', async () => {
    const archive = tar({ 'set/a.bin': content, 'set/empty': new Uint8Array(0), 'b.bin': Uint8Array.of(7) });
    for (const chunk of [1, 511, 512, 100_000]) {
      expect(await entries(archive, chunk)).toEqual([
        { name: 'set/a.bin', content },
        { name: 'set/empty', content: new Uint8Array(0) },
        { name: 'b.bin', content: Uint8Array.of(7) },
      ]);
    }
  });

  test('may lack the zeros at its end', async () => {
    const archive = tar({ a: Uint8Array.of(1) });
    expect(await entries(archive.subarray(0, 1024))).toEqual([{ name: 'a', content: Uint8Array.of(1) }]);
    expect(await entries(new Uint8Array(0))).toEqual([]);
  });

  test.skipIf(process.platform === 'win32')(
    'made by the tar command is read, folders and links passed over',
    async () => {
      const folder = await temporaryFolder();
      const deep = `${'long-folder-name/'.repeat(8)}file.bin`; // more than the 100 bytes of the name field
      await writeFiles(folder, { 'set/a.bin': content, [`set/${deep}`]: Uint8Array.of(9) });
      await symlink('a.bin', join(folder, 'set', 'link'));
      execFileSync(
        'tar',
        ['--format=ustar', '-cf', 'out.tar', 'set/a.bin', 'set/link', 'set/long-folder-name'],
        { cwd: folder },
      );
      const read = await entries(await readFile(join(folder, 'out.tar')));
      expect(read).toEqual([
        { name: 'set/a.bin', content },
        { name: `set/${deep}`, content: Uint8Array.of(9) },
      ]);
    },
  );

  test('cut short is refused', async () => {
    const archive = tar({ a: content });
    await expect(entries(archive.subarray(0, 300))).rejects.toThrow('a tar archive cut short');
    await expect(entries(archive.subarray(0, 512))).rejects.toThrow('a tar archive that ends inside a');
    await expect(entries(archive.subarray(0, 900))).rejects.toThrow('a tar archive cut short');
  });

  test('with a changed header is refused', async () => {
    const archive = Buffer.from(tar({ a: content }));
    archive[5]! ^= 1;
    await expect(entries(archive)).rejects.toThrow('a tar header with a wrong checksum');
    await expect(entries(Buffer.from('no archive, but text of some length'.repeat(40)))).rejects.toThrow(
      'checksum',
    );
  });
});
