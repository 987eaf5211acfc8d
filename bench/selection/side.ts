/**
 * One of the two that pick rows in turn, each in a process of its own: ours, or PyTorch.
 *
 * One line of JSON each way. The process first prints `{"name"}`. It is asked to `load` a case and to `pick`, and answers `{}`,
 * `{"ms", "rows", "peakBytes"}` or `{"error"}`. While nobody asks it sleeps.
 */
import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { linesOf } from '../peer.ts';
import type { CaseFiles, SelectionCase } from './cases.ts';

export type SideRequest =
  | { readonly do: 'load'; readonly case: SelectionCase; readonly files: CaseFiles }
  | {
      readonly do: 'pick';
      readonly strategy: SelectionCase['name'];
      readonly batch: number;
      readonly seed: number;
    };

/** What a side picked, how long that took it, and the most memory its process has held since it began. */
export interface Picked {
  readonly ms: number;
  readonly rows: readonly number[];
  readonly peakBytes: number;
}

export interface Side {
  /** What computes, with its version and threads. */
  readonly name: string;
  load(of: SelectionCase, files: CaseFiles): Promise<void>;
  pick(of: SelectionCase, seed: number): Promise<Picked>;
  close(): void;
}

/** Our side, on a backend or on the best that loads. */
export function startOurs(backend: string | undefined): Promise<Side> {
  return start([process.execPath, '--import', 'tsx', fileOf('worker.ts'), backend ?? '']);
}

/** PyTorch, by the interpreter that has it, on all cores. */
export function startPyTorch(python: string): Promise<Side> {
  return start([python, fileOf('../peers/selection.py'), '--threads', String(cpus().length)]);
}

async function start([command, ...words]: readonly string[]): Promise<Side> {
  const child = spawn(command as string, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines = linesOf(child);
  const { name } = await lines<{ name: string }>();
  const ask = async <Answer>(request: SideRequest): Promise<Answer> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const reply = await lines<Answer & { error?: string }>();
    if (reply.error !== undefined) throw new Error(`${name}: ${request.do}: ${reply.error}`);
    return reply;
  };
  return {
    name,
    load: async (of, files) => void (await ask({ do: 'load', case: of, files })),
    pick: ({ name: strategy, batch }, seed) => ask<Picked>({ do: 'pick', strategy, batch, seed }),
    close: () => child.stdin.end(),
  };
}

function fileOf(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
