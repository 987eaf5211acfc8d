/**
 * Trains the models of the zoo that are named on the command line for a thousand steps each and prints, for each, a
 * JSON line of what the process holds on the way: what zoo-memory.test.ts reads. Run with --expose-gc, so that no
 * rubbish is counted.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { trainGenerator } from '../../generators/training.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { dataOf, ZOO } from '../generators/zoo-cases.ts';

/** Memory of the process in bytes, with what the system has moved to the disk, where it says so. */
async function residentBytes(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const kilobytes = [...status.matchAll(/^Vm(?:RSS|Swap):\s+(\d+) kB$/gm)].map(([, figure]) =>
    Number(figure),
  );
  return kilobytes.length === 0
    ? process.memoryUsage().rss
    : 1024 * kilobytes.reduce((sum, each) => sum + each, 0);
}

await selectBackend('wasm');
const root = await mkdtemp(path.join(tmpdir(), 'genal-memory-'));
try {
  for (const each of ZOO.filter(({ name }) => process.argv.includes(name))) {
    const config = { ...each.config, ema: 0.9, steps: 1000, checkpointEvery: 100, gridEvery: 0 };
    const held: { step: number; tensors: number; bytes: number }[] = [];
    const look = async (step: number) => {
      globalThis.gc?.();
      held.push({ step, tensors: tf.memory().numTensors, bytes: await residentBytes() });
    };
    const options = { dir: path.join(root, each.name), stream: rootStream(1), watch: { every: 200, look } };
    (await trainGenerator(config, dataOf(each), options)).dispose();
    process.stdout.write(`${JSON.stringify({ name: each.name, held })}\n`);
  }
} finally {
  await rm(root, { recursive: true });
}
