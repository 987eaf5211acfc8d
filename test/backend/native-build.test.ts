import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { damagedFile, NativeManifest } from '../../src/backend/native-build.ts';

const folder = mkdtempSync(join(tmpdir(), 'genal-native-build-'));
const elsewhere = join(folder, 'elsewhere.so');

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a file that was cut off, or is gone, is found before it is loaded', () => {
  writeFileSync(join(folder, 'binding.node'), 'binding');
  writeFileSync(elsewhere, 'library');
  const manifest = NativeManifest.parse({
    format: 1,
    device: 'cpu',
    tfjsNode: '4.22.0',
    tensorflow: '2.21.0',
    source: 'test',
    libraries: folder,
    files: { 'binding.node': 7, [elsewhere]: 7 },
  });
  expect(damagedFile({ folder, manifest })).toBeUndefined();
  truncateSync(elsewhere, 3);
  expect(damagedFile({ folder, manifest })).toBe(elsewhere);
  rmSync(join(folder, 'binding.node'));
  expect(damagedFile({ folder, manifest })).toBe(join(folder, 'binding.node'));
});
