import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const CHILD = fileURLToPath(new URL('dcgan-kill-child.ts', import.meta.url));

/** Runs the training in a process of its own; kills it so many milliseconds after it wrote a checkpoint. */
function train(dir: string, killAfterMs?: number): Promise<NodeJS.Signals | number | null> {
  const file = path.join(dir, 'checkpoint.safetensors');
  const written = () => statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  const before = written();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', CHILD, dir], { stdio: 'inherit' });
    const watch = setInterval(() => {
      if (killAfterMs === undefined || written() === before) return;
      clearInterval(watch);
      setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    }, 2);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      resolve(signal ?? code);
    });
  });
}

test('a training killed again and again ends at the bytes of one left alone', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'genal-kill-'));
  try {
    const [whole, killed] = [path.join(root, 'whole'), path.join(root, 'killed')];
    const [wholeCode, firstKill] = await Promise.all([train(whole), train(killed, 20)]);
    expect([wholeCode, firstKill]).toEqual([0, 'SIGKILL']);
    expect(await train(killed, 0)).toBe('SIGKILL');
    expect(await train(killed)).toBe(0);
    const names = (await readdir(whole)).sort();
    expect(names).toEqual(['metrics.jsonl', 'model.json', 'weights.safetensors']);
    expect((await readdir(killed)).sort()).toEqual(names);
    for (const name of names) {
      const [wanted, got] = await Promise.all([whole, killed].map((dir) => readFile(path.join(dir, name))));
      expect(got!.equals(wanted!), name).toBe(true);
    }
  } finally {
    await rm(root, { recursive: true });
  }
});
