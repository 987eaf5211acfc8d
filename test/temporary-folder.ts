/** Every folder that tests make for a while lies in one, which goes when they end: Vitest's `globalSetup`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'genal-tests-'));

export function setup(): void {
  // Where `os.tmpdir()` looks, on POSIX and on Windows; test processes and those they start inherit it.
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = folder;
}

export function teardown(): void {
  rmSync(folder, { recursive: true, force: true });
}
