/**
 * Starts worker processes and passes on what they say.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TaskOutcome } from '../src/experiments/runner.ts';
import { type Task, taskName } from '../src/experiments/tasks.ts';
import type { Progress } from './progress.ts';
import type { WorkerInput, WorkerMessage } from './worker.ts';

/** The worker beside this file: TypeScript run from source, JavaScript in the package. */
const workerFile = fileURLToPath(import.meta.url).replace(/workers\.(ts|js)$/, 'worker.$1');
/** However this process was started, a worker run from source needs its loader. */
const workerFlags = workerFile.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : [];

export class Workers {
  readonly #progress: Progress;
  readonly #shared: Omit<WorkerInput, 'task'>;
  readonly #cellThreads: number;
  readonly #running = new Set<ChildProcess>();

  /** @param cellThreads threads of native TensorFlow for each cell; other tasks have one a core */
  constructor(shared: Omit<WorkerInput, 'task'>, cellThreads: number, progress: Progress) {
    this.#shared = shared;
    this.#cellThreads = cellThreads;
    this.#progress = progress;
  }

  /** Runs a task; a worker that dies without a word is a failed task. */
  start(task: Task): Promise<TaskOutcome> {
    const name = taskName(task);
    const input: WorkerInput = { ...this.#shared, task };
    // TensorFlow reads it when its library loads. What the user has set counts.
    const env = {
      ...(task.kind === 'cell' && { TF_NUM_INTRAOP_THREADS: String(this.#cellThreads) }),
      ...process.env,
    };
    const child = fork(workerFile, [JSON.stringify(input)], { execArgv: workerFlags, env });
    this.#running.add(child);
    this.#progress.status(name, 'starting');
    return new Promise((resolve) => {
      let outcome: TaskOutcome | null = null;
      child.on('message', (message: WorkerMessage) => {
        if (message.kind === 'outcome') outcome = message.outcome;
        else if (message.kind === 'line') this.#progress.line(name, message.text);
        else this.#progress.status(name, message.text);
      });
      child.on('error', (error) => {
        outcome = { kind: 'failed', message: error.message, stack: error.stack ?? null };
      });
      child.on('close', (code, signal) => {
        this.#running.delete(child);
        this.#progress.end(name);
        const how = signal === null ? `ended with status ${code}` : `was ended by ${signal}`;
        resolve(outcome ?? { kind: 'failed', message: `its process ${how} before it was done`, stack: null });
      });
    });
  }

  /** Asks every worker to save its state and stop. */
  stop(): void {
    for (const child of this.#running) if (child.connected) child.send('stop');
  }

  kill(): void {
    for (const child of this.#running) child.kill('SIGKILL');
  }
}
