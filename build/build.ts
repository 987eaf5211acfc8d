/**
 * Compiles the package into `dist/`: JavaScript and types, and the presets beside the command line that
 * looks for them there.
 *
 *     npm run build
 */
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

// Without a shell and with relative paths only, so that it works the same on every system.
process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');

// What an earlier build left would be packed too.
rmSync('dist', { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
if (status === 0) cpSync('scripts/presets', 'dist/scripts/presets', { recursive: true });
process.exitCode = status ?? 1;
