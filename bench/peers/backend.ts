/** The peer `--peer <backend>`: our own steps on another backend, in a process of its own. See ../peer.ts. */
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { selectBackend } from '../../src/backend/backend.ts';
import type { BackendName } from '../../src/backend/backend-names.ts';
import { rootStream } from '../../src/random.ts';
import { caseNamed } from '../cases/all.ts';
import type { RunningCase } from '../cases/case.ts';
import type { PeerRequest } from '../peer.ts';
import { timeSteps } from '../timing.ts';

const { values } = parseArgs({ options: { backend: { type: 'string' } } });
const choice = await selectBackend(values.backend as BackendName);
const answer = (reply: object) => console.log(JSON.stringify(reply));
answer({ name: `${choice.backend} (${choice.detail})` });

let current: { readonly name: string; readonly running: RunningCase } | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const { case: name, size, steps } = JSON.parse(line) as PeerRequest;
  try {
    if (current?.name !== name) {
      current?.running.dispose();
      current = { name, running: caseNamed(name).create(size, rootStream(1).of('bench', name)) };
    }
    answer({ ms: await timeSteps(current.running.step, steps) });
  } catch (error) {
    answer({ error: String(error) });
  }
}
process.exit(0);
