/**
 * Carries an experiment out: makes the list of tasks, hands them to worker processes as they become ready, and
 * keeps the manifest. What is already finished in the run folder is not done again.
 *
 * Each task runs in a process of its own, so that a crash costs one task, memory is given back, and the result
 * does not depend on how many run at once.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { isCellFinished } from '../acquisition/round-record.ts';
import { writeFileAtomic } from '../atomic-write.ts';
import { type ExperimentConfig, parseJson, strategyName } from './config.ts';
import { readFinishedRounds, runPaths } from './run-folder.ts';
import { generatorDir, isPerSeed, needsOf } from './strategy-needs.ts';
import { type Task, taskName } from './tasks.ts';

/** What a worker says when it ends. */
export type TaskOutcome =
  | { readonly kind: 'finished' }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'failed'; readonly message: string; readonly stack: string | null };

export interface RunnerOptions {
  readonly run: string;
  readonly config: ExperimentConfig;
  /** Worker processes at once. */
  readonly jobs: number;
  /** Runs a task in a process of its own; the promise never rejects. */
  readonly start: (task: Task) => Promise<TaskOutcome>;
  /** When it aborts, no new task is started; those that run are stopped by whoever started them. */
  readonly signal: AbortSignal;
  readonly onTaskEnd: (task: Task, outcome: TaskOutcome, done: number, all: number) => void;
}

export interface RunResult {
  readonly status: 'finished' | 'interrupted' | 'failed';
  readonly failed: readonly { readonly task: Task; readonly message: string }[];
}

/** A task and the tasks, by name, that must be finished before it. */
interface Planned {
  readonly task: Task;
  readonly needs: readonly string[];
}

/**
 * Every task of the experiment. The long ones that others wait for come first, so that the cells which need
 * none of them fill the remaining processes meanwhile.
 */
export function planTasks(config: ExperimentConfig): Planned[] {
  const models = new Map<string, Planned>();
  const matchers = new Map<string, Planned>();
  const cells: Planned[] = [];
  let reads = false;
  const put = (into: Map<string, Planned>, task: Task, needs: string[] = []): string => {
    into.set(taskName(task), { task, needs });
    return taskName(task);
  };
  const bodies: Planned[] =
    config.unlabelled?.pretraining === undefined
      ? []
      : config.seeds.map((seed) => ({ task: { kind: 'pretraining', seed }, needs: [] }));
  for (const seed of config.seeds) {
    const needBody = bodies.length === 0 ? [] : [taskName({ kind: 'pretraining', seed })];
    for (const strategy of config.strategies) {
      const { searched, matcher, reference } = needsOf(config, strategy);
      const seedOf = (model: string | undefined): number | null =>
        model !== undefined && isPerSeed(config, model) ? seed : null;
      const needModel = (name: string | undefined): string[] =>
        name === undefined ? [] : [put(models, { kind: 'generator', name, seed: seedOf(name) })];
      const needs = [...needBody, ...needModel(searched)];
      if (matcher !== undefined) {
        const task: Task = { kind: 'matcher', name: matcher.name, seed: seedOf(matcher.model) };
        needs.push(put(matchers, task, needModel(matcher.model)));
      }
      if (reference) needs.push(taskName({ kind: 'reference' }));
      reads ||= reference;
      cells.push({ task: { kind: 'cell', strategy: strategyName(strategy), seed }, needs });
    }
  }
  const references: Planned[] = reads ? [{ task: { kind: 'reference' }, needs: [] }] : [];
  return [...bodies, ...models.values(), ...references, ...matchers.values(), ...cells];
}

/** Whether the run folder already holds the task's result. */
export async function isFinished(run: string, config: ExperimentConfig, task: Task): Promise<boolean> {
  switch (task.kind) {
    case 'reference':
      return existsSync(`${runPaths.reference(run)}/quality.json`);
    case 'pretraining':
      return existsSync(`${runPaths.pretraining(run, task.seed)}/model.json`);
    case 'generator':
      return existsSync(`${generatorDir(run, config, task.name, task.seed ?? 0)}/model.json`);
    case 'matcher':
      // One that is there is opened and held to the pool, and made anew if it does not fit, before cells share it.
      return noCellNeeds(run, config, task);
    case 'cell':
      return isCellFinished(
        await readFinishedRounds(runPaths.cell(run, task.strategy, task.seed)),
        config.rounds,
      );
  }
}

/** Whether all cells that search a matcher are finished. */
async function noCellNeeds(run: string, config: ExperimentConfig, matcher: Task): Promise<boolean> {
  const name = taskName(matcher);
  const cells = planTasks(config).filter(({ needs }) => needs.includes(name));
  const finished = await Promise.all(cells.map(({ task }) => isFinished(run, config, task)));
  return finished.every((is) => is);
}

/** Runs every task that is not finished. A failed task takes those that need it along; the others go on. */
export async function runTasks(options: RunnerOptions): Promise<RunResult> {
  const { run, config, jobs, signal } = options;
  const planned = planTasks(config);
  const done = new Set<string>();
  const failed: { task: Task; message: string }[] = [];
  const waiting: Planned[] = [];
  for (const plan of planned) {
    if (await isFinished(run, config, plan.task)) done.add(taskName(plan.task));
    else waiting.push(plan);
  }

  let interrupted = false;
  const running = new Set<Promise<void>>();
  const fail = async (task: Task, message: string, stack: string | null): Promise<void> => {
    failed.push({ task, message });
    if (task.kind === 'cell') {
      const cell = runPaths.cell(run, task.strategy, task.seed);
      const file = runPaths.error(cell);
      await mkdir(cell, { recursive: true });
      await writeFileAtomic(file, `${JSON.stringify({ message, stack }, null, 2)}\n`);
    }
  };
  const work = async (task: Task): Promise<void> => {
    const said = await options.start(task);
    // A worker that the interrupt itself ended, before it could listen to anybody or save, has not failed.
    const outcome: TaskOutcome = said.kind === 'failed' && signal.aborted ? { kind: 'interrupted' } : said;
    if (outcome.kind === 'finished') done.add(taskName(task));
    else if (outcome.kind === 'interrupted') interrupted = true;
    else await fail(task, outcome.message, outcome.stack);
    options.onTaskEnd(task, outcome, done.size, planned.length);
  };

  while ((waiting.length > 0 && !signal.aborted && !interrupted) || running.size > 0) {
    const lost = new Map(failed.map(({ task, message }) => [taskName(task), message]));
    for (const plan of [...waiting]) {
      const missing = plan.needs.find((need) => lost.has(need));
      if (missing === undefined) continue;
      waiting.splice(waiting.indexOf(plan), 1);
      await fail(plan.task, `needs the ${missing}, which failed: ${lost.get(missing)}`, null);
    }
    while (running.size < jobs && !signal.aborted && !interrupted) {
      const next = waiting.find(({ needs }) => needs.every((need) => done.has(need)));
      if (next === undefined) break;
      waiting.splice(waiting.indexOf(next), 1);
      const promise: Promise<void> = work(next.task).finally(() => running.delete(promise));
      running.add(promise);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  if (signal.aborted || interrupted) return { status: 'interrupted', failed };
  return { status: failed.length > 0 ? 'failed' : 'finished', failed };
}

/** The reference classifier's measured quality, or null if the experiment has none (yet). */
export async function readReferenceQuality<Quality>(run: string): Promise<Quality | null> {
  const file = `${runPaths.reference(run)}/quality.json`;
  return existsSync(file) ? (parseJson(file, await readFile(file, 'utf8')) as Quality) : null;
}
