import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { ZOO } from '../generators/zoo-cases.ts';

const CHILD = fileURLToPath(new URL('zoo-kill-child.ts', import.meta.url));

const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** Where the trainings in a folder stand, by model: when each wrote its last checkpoint. */
function checkpoints(dir: string): (number | undefined)[] {
  return ZOO.map(
    ({ name }) =>
      statSync(path.join(dir, name, 'checkpoint.safetensors'), { throwIfNoEntry: false })?.mtimeMs,
  );
}

/** Runs the trainings in a process of their own; kills it so many milliseconds after all wrote a new checkpoint. */
function train(
  dir: string,
  way: 'alone' | 'together',
  killAfterMs?: number,
): Promise<string | number | null> {
  const before = checkpoints(dir);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', CHILD, dir, way], { stdio: 'inherit' });
    running.add(child);
    const watch = setInterval(() => {
      if (killAfterMs === undefined) return;
      const now = checkpoints(dir);
      if (now.some((time, i) => time === undefined || time === before[i])) return;
      clearInterval(watch);
      setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    }, 5);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      running.delete(child);
      clearInterval(watch);
      resolve(signal ?? code);
    });
  });
}

test('trainings of all models, killed again and again, end at the bytes of those left alone', {
  timeout: 600_000,
}, async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'genal-kill-'));
  try {
    const [whole, killed] = [path.join(root, 'whole'), path.join(root, 'killed')];
    const left = train(whole, 'alone');
    for (const killAfterMs of [37, 0]) {
      expect(await train(killed, 'together', killAfterMs)).toBe('SIGKILL');
      for (const { name } of ZOO) expect(existsSync(path.join(killed, name, 'model.json')), name).toBe(false);
    }
    expect(await Promise.all([train(killed, 'together'), left])).toEqual([0, 0]);
    for (const { name } of ZOO) {
      const names = (await readdir(path.join(whole, name))).sort();
      expect(names).toEqual(['metrics.jsonl', 'model.json', 'weights.safetensors']);
      expect((await readdir(path.join(killed, name))).sort()).toEqual(names);
      for (const file of names) {
        const [wanted, got] = await Promise.all(
          [whole, killed].map((dir) => readFile(path.join(dir, name, file))),
        );
        expect(got!.equals(wanted!), `${name}/${file}`).toBe(true);
      }
    }
  } finally {
    await rm(root, { recursive: true });
  }
});
