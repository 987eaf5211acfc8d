/**
 * Someone else who takes the same steps in a process of its own: PyTorch, or another of our backends.
 *
 * One line of JSON each way. The peer first prints `{"name"}`. A request `{"case", "size", "steps"}` has it take that
 * many steps, the networks made at the case's first request, and answer `{"ms"}`, the mean of a step, or
 * `{"error"}`.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { BACKEND_NAMES } from '../src/backend/backend-names.ts';
import type { CaseSize } from './cases/case.ts';

export interface PeerRequest {
  readonly case: string;
  readonly size: CaseSize;
  readonly steps: number;
}

export interface Peer {
  /** What answers, with its version and threads. */
  readonly name: string;
  /** Milliseconds a step. Error if the peer cannot. */
  measure(request: PeerRequest): Promise<number>;
  close(): void;
}

export interface PeerOptions {
  /** The interpreter that has torch. */
  readonly python: string;
}

/** `pytorch`, or the name of a backend. */
export const PEER_NAMES: readonly string[] = ['pytorch', ...BACKEND_NAMES];

/**
 * Starts a peer.
 *
 * @throws RangeError for a name that is none
 * @throws Error if it cannot be started, with what it printed last
 */
export async function startPeer(name: string, { python }: PeerOptions): Promise<Peer> {
  if (!PEER_NAMES.includes(name)) {
    throw new RangeError(`--peer: expected one of ${PEER_NAMES.join(', ')}, got ${name}`);
  }
  const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const [command, ...words] =
    name === 'pytorch'
      ? [python, file('peers/pytorch.py'), '--threads', String(cpus().length)]
      : [process.execPath, '--import', 'tsx', file('peers/backend.ts'), '--backend', name];
  const child = spawn(command as string, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines = linesOf(child);
  const { name: title } = await lines<{ name: string }>();
  return {
    name: title,
    measure: async (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { ms, error } = await lines<{ ms?: number; error?: string }>();
      if (ms === undefined) throw new Error(`${title}: ${request.case}: ${error}`);
      return ms;
    },
    close: () => child.stdin.end(),
  };
}

/** Hands out the child's lines of JSON, one a call. */
export function linesOf(child: ChildProcessByStdio<Writable, Readable, Readable>): <T>() => Promise<T> {
  const replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let complaint = '';
  let failure: Error | undefined;
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2000);
  });
  child.on('error', (error) => {
    failure = error;
  });
  // A peer that is gone is told of by the end of its output.
  child.stdin.on('error', () => {});
  return async <T>() => {
    const { value, done } = await replies.next();
    if (!done) return JSON.parse(value) as T;
    const last = complaint.trim().split('\n').at(-1);
    throw new Error(`the peer ${child.spawnfile} ended: ${failure?.message ?? last}`);
  };
}
