/**
 * Our side of `npm run bench -- selection`, in a process of its own so that its memory is its own: picks rows as
 * `selectFromArrays` does. Protocol: `side.ts`.
 */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import {
  type ArrayStrategyConfig,
  type PoolArrays,
  selectFromArrays,
} from '../../src/acquisition/select-from-arrays.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import type { BackendName } from '../../src/backend/backend-names.ts';
import { rootStream } from '../../src/random.ts';
import type { SideRequest } from './side.ts';

async function floats(file: string): Promise<Float32Array> {
  const bytes = await readFile(file);
  // A Buffer may begin anywhere; numbers must not.
  return bytes.byteOffset % 4 === 0
    ? new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    : new Float32Array(Uint8Array.from(bytes).buffer);
}

let arrays: PoolArrays | undefined;

async function answer(request: SideRequest): Promise<object> {
  if (request.do === 'load') {
    const { rows, size, classes, labelled } = request.case;
    arrays = {
      n: rows,
      labelled: Array.from({ length: labelled }, (_, row) => row),
      features: { values: await floats(request.files.features), size },
      probabilities: { probs: await floats(request.files.probabilities), members: 1, classes },
    };
    return {};
  }
  if (arrays === undefined) throw new Error('worker: expected a case to be loaded first, got none');
  const config: ArrayStrategyConfig = { kind: request.strategy };
  const start = performance.now();
  const { rows } = await selectFromArrays(config, arrays, request.batch, rootStream(request.seed));
  return { ms: performance.now() - start, rows, peakBytes: process.resourceUsage().maxRSS * 1024 };
}

const { backend, detail } = await selectBackend((process.argv[2] || undefined) as BackendName | undefined);
const say = (reply: object) => process.stdout.write(`${JSON.stringify(reply)}\n`);
say({ name: `${backend} (${detail})` });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    say(await answer(JSON.parse(line) as SideRequest));
  } catch (error) {
    say({ error: String(error) });
  }
}
process.exit(0);
