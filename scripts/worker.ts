/**
 * One task of an experiment, in a process of its own. Started by `workers.ts`, talks over its IPC channel.
 */
import { selectBackend } from '../src/backend/backend.ts';
import { readRunConfig } from '../src/experiments/run.ts';
import type { TaskOutcome } from '../src/experiments/runner.ts';
import { runTask, type Task } from '../src/experiments/tasks.ts';
import { writeGrid, writeQueryGrid } from '../src/reports/grid.ts';
import { writeMatchGrid } from '../src/reports/match-grid.ts';
import { writeReconstructionGrid } from '../src/reports/reconstruction-grid.ts';

/** What the parent hands over as the only argument, as JSON. */
export interface WorkerInput {
  readonly run: string;
  readonly task: Task;
  readonly dataDirs: readonly string[];
  readonly backend: 'tensorflow' | 'webgpu' | 'wasm' | 'cpu';
}

/** What a worker sends while it works, and once at its end. */
export type WorkerMessage =
  | { readonly kind: 'line' | 'status'; readonly text: string }
  | { readonly kind: 'outcome'; readonly outcome: TaskOutcome };

const stopped = new Error('stopped');
const controller = new AbortController();
process.on('message', () => controller.abort(stopped));
// Nobody is left to report to, and another process may be about to take the run up.
process.on('disconnect', () => process.exit(1));
// Ctrl-C, and a shutdown, reach the whole group; the parent decides what they mean.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

// The callback takes the error of a channel that has just closed; the disconnect above says the same.
const send = (message: WorkerMessage): void => {
  process.send?.(message, () => {});
};

async function work({ run, task, dataDirs, backend }: WorkerInput): Promise<TaskOutcome> {
  try {
    await selectBackend(backend);
    await runTask(task, {
      run,
      config: await readRunConfig(run),
      dataDirs,
      onLine: (text) => send({ kind: 'line', text }),
      onStatus: (text) => send({ kind: 'status', text }),
      writeQueryPicture: writeQueryGrid,
      writeMatchPicture: writeMatchGrid,
      writeReconstructionPicture: writeReconstructionGrid,
      writeSampleGrid: (file, images, shape) => writeGrid(file, images, shape),
      signal: controller.signal,
    });
    return { kind: 'finished' };
  } catch (error) {
    if (controller.signal.aborted) return { kind: 'interrupted' };
    const { message, stack = null } = error instanceof Error ? error : new Error(String(error));
    return { kind: 'failed', message, stack };
  }
}

const outcome = await work(JSON.parse(process.argv[2] as string) as WorkerInput);
process.send?.({ kind: 'outcome', outcome } satisfies WorkerMessage, () => process.exit(0));
