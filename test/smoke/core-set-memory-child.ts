/**
 * Picks a core-set of 50,000 rows and prints, as JSON, by how many bytes the process grew at most: what core-set-memory.test.ts
 * reads.
 */
import { greedyCentresBeside } from '../../src/acquisition/greedy-centres.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';

const [rows, labelled, size, batch] = [50_000, 2000, 4, 20];
await selectBackend('wasm');
const features = rootStream(1).normals(rows * size);
const centres = rootStream(2).normals(labelled * size);
const stream = rootStream(3);
const pick = async (n: number) => {
  const some = features.subarray(0, n * size);
  return (await greedyCentresBeside(some, centres, size, batch, stream)).rows;
};
const peak = () => process.resourceUsage().maxRSS * 1024;
// Once on few, so that only what grows with the pool is counted.
await pick(500);
const before = peak();
const picked = await pick(rows);
process.stdout.write(`${JSON.stringify({ grown: peak() - before, picked: new Set(picked).size })}\n`);
