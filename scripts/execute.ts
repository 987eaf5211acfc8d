/**
 * Carries a run folder to its end, from wherever it stands, and writes its report. `run` and `resume` share it.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { type BackendChoice, selectBackend } from '../src/backend/backend.ts';
import type { BackendName } from '../src/backend/backend-names.ts';
import { loadDataset } from '../src/datasets/registry.ts';
import { checkPlan, type ExperimentConfig } from '../src/experiments/config.ts';
import { ConfigError } from '../src/experiments/config-error.ts';
import { checkGeneratorFolders } from '../src/experiments/generator-folder.ts';
import { checkSameData, endManifest, lockRun, readManifest, startManifest } from '../src/experiments/run.ts';
import type { DataFacts, ReferenceQuality } from '../src/experiments/run-folder.ts';
import { readReferenceQuality, runTasks } from '../src/experiments/runner.ts';
import { taskName } from '../src/experiments/tasks.ts';
import { writeReport } from '../src/reports/report.ts';
import { packageFile, packageRoot } from './package-root.ts';
import { Progress } from './progress.ts';
import { Workers } from './workers.ts';

export interface ExecuteOptions {
  readonly run: string;
  readonly config: ExperimentConfig;
  readonly dataDirs: readonly string[];
  readonly data: DataFacts;
  /** The folder named by the user, for a later resume. */
  readonly dataDir: string | null;
  readonly backend: BackendChoice;
  /** Worker processes at once; by default one a core, at most 4, or one in all on a graphics card. */
  readonly jobs: number | undefined;
}

/**
 * What the data set of a plan is. Loading it here, before any work, is how a missing or damaged data set, an
 * impossible budget and a generator that does not fit are told at once. A backend has been chosen.
 */
export async function checkData(
  source: string,
  config: ExperimentConfig,
  dataDirs: readonly string[],
  run: string,
): Promise<DataFacts> {
  const dataset = await loadDataset(config.dataset, { dataDirs });
  checkPlan(source, config, dataset);
  await checkGeneratorFolders(source, config, dataset.shape, run);
  const { classNames, train, test, notes = [] } = dataset;
  const hash = createHash('sha256');
  for (const split of [train, test]) hash.update(split.images).update(split.labels);
  const dataSha256 = hash.digest('hex');
  return { classNames, trainImages: train.n, testImages: test.n, dataSha256, dataNotes: notes };
}

/**
 * The backend asked for, or the one an unfinished run was begun on, or the best that loads. ConfigError if the one
 * asked for is not the one it was begun on: backends round differently.
 */
export async function chooseBackend(run: string, asked: BackendName | undefined): Promise<BackendChoice> {
  const before = await readManifest(run);
  const begunOn = before?.status === 'finished' ? undefined : before?.backend;
  if (asked !== undefined && begunOn !== undefined && asked !== begunOn) {
    throw new ConfigError(`--backend: expected ${begunOn}, on which ${run} was begun, got ${asked}`);
  }
  return selectBackend(asked ?? (begunOn as BackendName | undefined));
}

function usesGraphicsCard({ backend, detail }: BackendChoice): boolean {
  return backend === 'webgpu' || (backend === 'tensorflow' && detail.includes('tfjs-node-gpu'));
}

/** @returns the exit status */
export async function execute(options: ExecuteOptions): Promise<number> {
  const { run, config, dataDirs, dataDir, data, backend } = options;
  const before = await readManifest(run);
  checkSameData(run, before, data);
  const unlock = await lockRun(run);
  try {
    const genal = (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;
    const alreadyFinished = before?.status === 'finished';
    const manifest = alreadyFinished
      ? before
      : await startManifest(run, { genal, root: packageRoot, backend, dataDir, data });
    const cores = availableParallelism();
    const jobs = options.jobs ?? (usesGraphicsCard(backend) ? 1 : Math.min(cores, 4));
    // Small networks gain little from a second thread, so cells have the cores to themselves only if they are few.
    // Not a matter of `jobs`, on which no bit may depend.
    const cellThreads = Math.max(1, Math.floor(cores / (config.strategies.length * config.seeds.length)));
    const counts = `${config.strategies.length} strategies x ${config.seeds.length} ${config.seeds.length === 1 ? 'seed' : 'seeds'}`;
    console.log(`${config.name}: ${counts}, ${config.rounds} rounds of ${config.batch} queries`);
    for (const note of data.dataNotes) console.log(`${config.dataset.name}: ${note}`);
    console.log(`backend ${backend.backend} (${backend.detail}), ${jobs} at a time, into ${run}`);

    const progress = new Progress();
    const workers = new Workers({ run, dataDirs, backend: backend.backend }, cellThreads, progress);
    const controller = new AbortController();
    const interrupt = (): void => {
      if (controller.signal.aborted) {
        workers.kill();
        return;
      }
      console.log(
        'stopping after the current step; press Ctrl-C again to stop at once (nothing saved is lost)',
      );
      controller.abort();
      workers.stop();
    };
    process.on('SIGINT', interrupt);
    process.on('SIGTERM', interrupt);
    const result = await runTasks({
      run,
      config,
      jobs,
      signal: controller.signal,
      start: (task) => workers.start(task),
      onTaskEnd: (task, outcome, done, all) => {
        const text = outcome.kind === 'failed' ? `failed: ${outcome.message}` : outcome.kind;
        progress.line(taskName(task), `${text} (${done} of ${all} tasks done)`);
      },
    });
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);

    if (!alreadyFinished || result.status !== 'finished') {
      await endManifest(run, manifest, result.status, await readReferenceQuality<ReferenceQuality>(run));
    }
    if (result.status === 'interrupted') {
      console.log(`interrupted; everything finished is saved. Go on with: genal resume ${run}`);
      return 130;
    }
    const { html } = await writeReport(run);
    for (const { task, message } of result.failed) console.error(`${taskName(task)} failed: ${message}`);
    console.log(`report: ${relative(process.cwd(), html) || html}`);
    return result.status === 'finished' ? 0 : 1;
  } finally {
    await unlock();
  }
}
