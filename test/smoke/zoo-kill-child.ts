/**
 * Trains every model of the zoo, each into a folder of its own below the one named on the command line: what
 * zoo-kill.test.ts kills. With `together` all trainings go on at once, step by step in turn, so that one kill meets
 * each at a moment of its own; with `alone` one after the other.
 */
import path from 'node:path';
import { trainGenerator } from '../../generators/training.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { dataOf, ZOO, type ZooCase } from '../generators/zoo-cases.ts';

const [dir, way] = process.argv.slice(2);
if (dir === undefined) throw new RangeError('zoo-kill-child: expected a folder, got none');
await selectBackend('wasm');

async function train(each: ZooCase): Promise<void> {
  const config = { ...each.config, ema: 0.9, steps: 24, checkpointEvery: 3, gridEvery: 0 };
  const options = { dir: path.join(dir as string, each.name), stream: rootStream(1) };
  (await trainGenerator(config, dataOf(each), options)).dispose();
}

if (way === 'together') await Promise.all(ZOO.map(train));
else for (const each of ZOO) await train(each);
