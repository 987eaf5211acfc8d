import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/experiments/config.ts';
import { runPaths } from '../../src/experiments/run-folder.ts';
import { planTasks, type RunnerOptions, runTasks } from '../../src/experiments/runner.ts';
import { type Task, taskName } from '../../src/experiments/tasks.ts';

const config = parseConfig('test', {
  name: 'test',
  dataset: { name: 'digits' },
  initial: { size: 10 },
  batch: 2,
  rounds: 2,
  seeds: [1, 2],
  classifier: { kind: 'linear-svm' },
  generators: { dcgan: { kind: 'dcgan' } },
  strategies: [{ kind: 'random' }, { kind: 'gaal' }],
});

/** Runs the plan with `start` and notes what began and ended in which order. */
async function runWith(
  jobs: number,
  start: (task: Task) => ReturnType<RunnerOptions['start']>,
  stop?: AbortSignal,
) {
  const run = mkdtempSync(join(tmpdir(), 'genal-runner-'));
  const events: string[] = [];
  const told: string[] = [];
  let most = 0;
  let now = 0;
  const result = await runTasks({
    run,
    config,
    jobs,
    signal: stop ?? new AbortController().signal,
    start: async (task) => {
      events.push(`begin ${taskName(task)}`);
      most = Math.max(most, ++now);
      const outcome = await start(task);
      now--;
      events.push(`end ${taskName(task)}`);
      return outcome;
    },
    onTaskEnd: (task, { kind }) => told.push(`${taskName(task)}: ${kind}`),
  });
  return { run, events, told, most, result };
}

const succeed = async () => {
  await setTimeout(2);
  return { kind: 'finished' } as const;
};

describe('planTasks', () => {
  test('puts what others wait for first, and shares one generator between seeds', () => {
    expect(planTasks(config).map(({ task }) => taskName(task))).toEqual([
      'generator dcgan',
      'reference classifier',
      'random, seed 1',
      'gaal, seed 1',
      'random, seed 2',
      'gaal, seed 2',
    ]);
  });

  test('plans a generator a seed when asked', () => {
    const perSeed = structuredClone(config);
    Object.assign(perSeed.generators.dcgan!, { perSeed: true });
    const plan = planTasks(perSeed);
    expect(plan.map(({ task }) => taskName(task))).toContain('generator dcgan, seed 2');
    expect(plan.at(-1)?.needs).toEqual(['generator dcgan, seed 2', 'reference classifier']);
  });
});

describe('runTasks', () => {
  test('starts a cell only after what it needs, and never more at once than asked', async () => {
    const { events, most, result } = await runWith(2, succeed);
    expect(result).toEqual({ status: 'finished', failed: [] });
    expect(most).toBe(2);
    for (const need of ['generator dcgan', 'reference classifier']) {
      expect(events.indexOf(`begin gaal, seed 1`)).toBeGreaterThan(events.indexOf(`end ${need}`));
    }
  });

  test('lets independent cells go on when a task fails, and records those that needed it as failed', async () => {
    const { run, events, result } = await runWith(2, async (task) =>
      task.kind === 'generator' ? { kind: 'failed', message: 'no good', stack: null } : succeed(),
    );
    expect(result.status).toBe('failed');
    expect(events).toContain('end random, seed 2');
    expect(events).not.toContain('begin gaal, seed 1');
    const error = JSON.parse(readFileSync(runPaths.error(runPaths.cell(run, 'gaal', 1)), 'utf8'));
    expect(error.message).toBe('needs the generator dcgan, which failed: no good');
    expect(existsSync(runPaths.error(runPaths.cell(run, 'random', 1)))).toBe(false);
  });

  test('counts a worker that the interrupt ended as interrupted, not as failed', async () => {
    const controller = new AbortController();
    const { run, told, result } = await runWith(
      2,
      async () => {
        controller.abort();
        return { kind: 'failed', message: 'was ended by SIGINT', stack: null };
      },
      controller.signal,
    );
    expect(told).toEqual(['generator dcgan: interrupted']);
    expect(result).toEqual({ status: 'interrupted', failed: [] });
    expect(existsSync(join(run, 'cells'))).toBe(false);
  });

  test('starts nothing new after an interrupt', async () => {
    const controller = new AbortController();
    const { events, result } = await runWith(
      1,
      async () => {
        controller.abort();
        return { kind: 'interrupted' };
      },
      controller.signal,
    );
    expect(result.status).toBe('interrupted');
    expect(events).toEqual(['begin generator dcgan', 'end generator dcgan']);
  });
});
