import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the benchmark of selections, small, tells time and memory of each case', {
  timeout: 120_000,
}, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'genal-bench-'));
  try {
    const json = join(dir, 'figures.json');
    const words = ['selection', '--size', 'tiny', '--rounds', '2', '--backend', 'wasm', '--json', json];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', 'bench/bench.ts', ...words],
      { cwd: root },
    );
    expect(stdout).toMatch(/^core-set +\d+ +\d+ - \d+ +\d+$/m);
    expect(stdout).toMatch(/^badge +\d+ +\d+ - \d+ +\d+$/m);
    const { timings } = JSON.parse(await readFile(json, 'utf8'));
    expect(timings).toHaveLength(2);
    for (const { ms, peakBytes } of timings) {
      expect(ms).toBeGreaterThan(0);
      expect(peakBytes).toBeGreaterThan(1e7);
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
