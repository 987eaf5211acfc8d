/**
 * Builds native TensorFlow for real: compiled, checked, put into place and used. Needs no network, but an earlier
 * build to take libraries, headers and sources from, and is skipped where there is none.
 */
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findCompiler } from '../../src/backend/native/compile.ts';
import { nativeBuildFolders, readManifest } from '../../src/backend/native-build.ts';
import { start } from '../scripts/command-line.ts';

const source = nativeBuildFolders().find((folder) => existsSync(join(folder, 'include', 'node_api.h')));
const compiler = await findCompiler(process.platform).catch(() => null);
const why = source === undefined ? ' (skipped: no build to start from)' : ' (skipped: no C++ compiler)';
const isSkipped = source === undefined || compiler === null;

test.skipIf(isSkipped)(
  `a build made from another computes, is listed and is removed${isSkipped ? why : ''}`,
  async () => {
    const cache = mkdtempSync(join(tmpdir(), 'genal-install-'));
    const run = (...words: string[]) => start(words, { XDG_CACHE_HOME: cache }).ended;
    const from = source ?? '';

    const installed = await run('backend', 'install', '--force', '--from', from, '--json');
    expect(installed.stderr).toBe('');
    const { manifest, folder, bytes } = JSON.parse(installed.stdout);
    expect(manifest).toMatchObject({ tensorflow: readManifest(source ?? '')?.tensorflow, device: 'cpu' });
    expect(bytes).toBeLessThan(10e6);
    expect(readdirSync(join(cache, 'genal', 'backends'))).toEqual([
      expect.stringMatching(/^tensorflow-cpu-/),
    ]);

    const doctor = JSON.parse((await run('doctor', '--backend', 'tensorflow', '--json')).stdout);
    expect(doctor).toMatchObject({ backend: 'tensorflow', detail: expect.stringContaining('TensorFlow 2') });
    expect((await run('backend', 'install')).stdout).toMatch(/^native TensorFlow works already: .*--force/);
    const [listed] = JSON.parse((await run('backend', 'list', '--json')).stdout);
    expect(listed).toMatchObject({ folder, bytes, problem: null, manifest });

    expect((await run('backend', 'remove')).stdout).toContain('removed');
    expect(readdirSync(join(cache, 'genal', 'backends'))).toEqual([]);
  },
  180_000,
);
