/**
 * The pieces of work an experiment consists of. Each reads what it needs from the run folder, leaves its result
 * there, and can be killed at any moment and started again.
 */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { loadGenerator } from '../../generators/load.ts';
import { type TrainingProgress, trainGenerator } from '../../generators/training.ts';
import { spelt } from '../../generators/training-folder.ts';
import { runLoop } from '../acquisition/loop.ts';
import { type ReferenceClassifier, readImages } from '../acquisition/oracle.ts';
import { isCellFinished, type RoundRecord, type TimingRecord } from '../acquisition/round-record.ts';
import { appendLineSynced, writeFileAtomic } from '../atomic-write.ts';
import { loadClassifier, saveClassifier } from '../classifiers/saved.ts';
import { trainClassifier } from '../classifiers/train.ts';
import type { Dataset, ImageShape } from '../datasets/dataset.ts';
import { loadDataset } from '../datasets/registry.ts';
import { rootStream } from '../random.ts';
import { type ExperimentConfig, strategyName } from './config.ts';
import { takeGeneratorFolder } from './generator-folder.ts';
import { createOracle } from './oracle-config.ts';
import { pretrain, readBody } from './pretraining.ts';
import type { MatchPicture, QueryPicture, ReconstructionPicture } from './round-pictures.ts';
import {
  type ReferenceQuality,
  readFinishedRounds,
  readImagesNpy,
  readLines,
  runPaths,
} from './run-folder.ts';
import { makeMatcher, openRunMatcher } from './run-matcher.ts';
import { saveQueries } from './save-queries.ts';
import { createStrategy } from './strategies/registry.ts';
import { generatorDir, needsOf } from './strategy-needs.ts';

/** One piece of work. A generator or a matcher without a seed serves all seeds. */
export type Task =
  | { readonly kind: 'reference' }
  | { readonly kind: 'pretraining'; readonly seed: number }
  | { readonly kind: 'generator'; readonly name: string; readonly seed: number | null }
  | { readonly kind: 'matcher'; readonly name: string; readonly seed: number | null }
  | { readonly kind: 'cell'; readonly strategy: string; readonly seed: number };

export interface TaskContext {
  readonly run: string;
  readonly config: ExperimentConfig;
  readonly dataDirs: readonly string[];
  /** A finished step worth a line. */
  readonly onLine: (text: string) => void;
  /** Where a long step stands; replaces what was said before. */
  readonly onStatus: (text: string) => void;
  readonly writeQueryPicture: (file: string, picture: QueryPicture) => Promise<void>;
  readonly writeMatchPicture: (file: string, picture: MatchPicture) => Promise<void>;
  readonly writeReconstructionPicture: (file: string, picture: ReconstructionPicture) => Promise<void>;
  readonly writeSampleGrid: (file: string, images: Uint8Array, shape: ImageShape) => Promise<void>;
  /** Aborts at the next point from which the task can go on. */
  readonly signal: AbortSignal;
}

/** A name that tells tasks apart in progress lines and error messages. */
export function taskName(task: Task): string {
  switch (task.kind) {
    case 'reference':
      return 'reference classifier';
    case 'pretraining':
      return `pre-training, seed ${task.seed}`;
    case 'generator':
      return task.seed === null ? `generator ${task.name}` : `generator ${task.name}, seed ${task.seed}`;
    case 'matcher':
      return task.seed === null ? `index ${task.name}` : `index ${task.name}, seed ${task.seed}`;
    case 'cell':
      return `${task.strategy}, seed ${task.seed}`;
  }
}

/** Carries out one task; the abort reason is thrown if the signal aborts it. */
export async function runTask(task: Task, context: TaskContext): Promise<void> {
  switch (task.kind) {
    case 'reference':
      return trainReference(context);
    case 'pretraining':
      return pretrain(task.seed, context);
    case 'generator':
      return trainExperimentGenerator(task.name, task.seed, context);
    case 'matcher':
      return makeMatcher(task.name, task.seed, context);
    case 'cell':
      return runCell(task.strategy, task.seed, context);
  }
}

/** Trains the oracle's stand-in on all true training labels and measures it on the test split. */
async function trainReference({
  run,
  config,
  dataDirs,
  onLine,
  onStatus,
  signal,
}: TaskContext): Promise<void> {
  const { reference, minConfidence } = config.oracle;
  const dataset = await loadDataset(config.dataset, { dataDirs });
  const everything = reference.allClasses ? await loadAllClasses(config, dataDirs) : dataset;
  const root = rootStream(reference.seed);
  const classifier = await trainClassifier(reference.classifier, everything.train, {
    shape: everything.shape,
    classes: everything.classNames.length,
    weights: root.of('reference', 'weights'),
    order: root.of('reference', 'order'),
    onProgress: ({ update, updates }) => onStatus(`update ${update} of ${updates}`),
    signal,
  });
  const answers = await readImages(
    { classifier, experimentClass: experimentClasses(config, classifier.classes) },
    dataset.test.images,
    minConfidence,
  );
  const read = answers.filter(({ label }) => label !== null).length;
  const right = answers.filter(({ label }, row) => label === dataset.test.labels[row]).length;
  const quality: ReferenceQuality = {
    testAccuracy: read === 0 ? 0 : right / read,
    testAbstentions: 1 - read / answers.length,
    testImages: dataset.test.n,
    trainImages: everything.train.n,
    trainClasses: everything.classNames.length,
    minConfidence,
  };
  await saveClassifier(runPaths.reference(run), classifier);
  await writeFileAtomic(`${runPaths.reference(run)}/quality.json`, `${JSON.stringify(quality, null, 2)}\n`);
  classifier.dispose();
  onLine(
    `reads ${percent(quality.testAccuracy)} of real test images rightly, abstains on ${percent(quality.testAbstentions)}`,
  );
}

async function trainExperimentGenerator(
  name: string,
  seed: number | null,
  context: TaskContext,
): Promise<void> {
  const { run, config, dataDirs, onLine, onStatus, writeSampleGrid, signal } = context;
  const entry = config.generators[name];
  if (entry === undefined) throw new Error(`generator ${name}: expected an entry under "generators"`);
  if (entry.kind === 'folder') {
    const digest = await takeGeneratorFolder(entry.path, runPaths.generator(run, name, seed));
    onLine(`copied from ${entry.path}, SHA-256 ${digest.slice(0, 12)}`);
    return;
  }
  const { seed: sharedSeed, perSeed: _, ...model } = entry;
  const dataset = await loadDataset(config.dataset, { dataDirs });
  const dir = runPaths.generator(run, name, seed);
  const generator = await trainGenerator(
    model,
    { images: dataset.train.images, shape: dataset.shape },
    {
      dir,
      stream: rootStream(seed ?? sharedSeed).of('generator', name),
      onProgress: (progress) => onStatus(describeTraining(progress)),
      onGrid: (step, images) => writeSampleGrid(`${dir}/grids/step-${step}.png`, images, dataset.shape),
      signal,
    },
  );
  generator.dispose();
  onLine(`trained ${model.steps} steps of ${model.batch} images on ${dataset.train.n} pool images`);
}

/** One strategy and one seed, from wherever it stands. */
async function runCell(strategy: string, seed: number, context: TaskContext): Promise<void> {
  const { run, config, dataDirs, onLine, signal } = context;
  const { writeQueryPicture, writeMatchPicture, writeReconstructionPicture } = context;
  const spec = config.strategies.find((candidate) => strategyName(candidate) === strategy);
  if (spec === undefined) throw new Error(`cell ${strategy}: expected a strategy of the config`);
  const cell = runPaths.cell(run, strategy, seed);
  await mkdir(cell, { recursive: true });
  await rm(runPaths.error(cell), { force: true });
  const finished = await readFinishedRounds(cell);
  await cutTimings(cell, finished.length);
  if (isCellFinished(finished, config.rounds)) return;

  const dataset = await loadDataset(config.dataset, { dataDirs });
  const root = rootStream(seed);
  const needs = needsOf(config, spec);
  const held: { dispose(): void }[] = [];
  const hold = <T extends { dispose(): void }>(resource: T): T => {
    held.push(resource);
    return resource;
  };
  try {
    const resources = {
      ...(needs.searched && {
        generator: hold(await loadGenerator(generatorDir(run, config, needs.searched, seed))),
      }),
      ...(needs.matcher && {
        matcher: hold((await openRunMatcher(needs.matcher, dataset, seed, context)).matcher),
      }),
    };
    const reference = needs.reference ? await loadReference(context) : undefined;
    if (reference !== undefined) hold(reference.classifier);
    await runLoop({
      dataset,
      strategy: createStrategy(spec, resources),
      strategyName: strategy,
      oracle: createOracle(config, dataset, root, reference),
      classifier: config.classifier,
      unlabelled: {
        body: await readBody(context, seed),
        pseudoLabels: config.unlabelled?.pseudoLabels,
      },
      initial: config.initial,
      batch: config.batch,
      candidates: config.candidates,
      rounds: config.rounds,
      chargeAbstentions: config.oracle.chargeAbstentions,
      budget: config.budget?.cost,
      stopping: config.stopping,
      root,
      finished,
      replayImages: (round, of) =>
        readImagesNpy(
          of === 'extra' ? runPaths.extraImages(cell, round) : runPaths.queryImages(cell, round),
          dataset.shape,
        ),
      onQueries: (queries) =>
        saveQueries(queries, {
          dataset,
          cell,
          heading: `${strategy}, seed ${seed}`,
          minConfidence: config.oracle.minConfidence,
          writeQueryPicture,
          writeMatchPicture,
          writeReconstructionPicture,
          signal,
        }),
      onRound: async (record, timing) => {
        // Let a pending stop or the parent's death be noticed before anything is written.
        await setImmediate();
        signal.throwIfAborted();
        await appendLineSynced(runPaths.timings(cell), JSON.stringify(timing));
        await appendLineSynced(runPaths.rounds(cell), JSON.stringify(record));
        onLine(
          `round ${record.round} of ${config.rounds}: ${record.labelsCharged} labels paid${costWords(record)}, accuracy ${percent(record.testAccuracy)}${endWords(record)}`,
        );
      },
    });
  } finally {
    for (const resource of held.reverse()) resource.dispose();
  }
}

function costWords({ cost }: RoundRecord): string {
  return cost === undefined ? '' : ` at a cost of ${Number(cost.toPrecision(6))}`;
}

function endWords({ ended }: RoundRecord): string {
  if (ended === undefined) return '';
  return ended === 'budget' ? '; the budget is spent' : `; stopped by the rule ${ended}`;
}

/** A crash between the two appends may leave one timing too many. */
async function cutTimings(cell: string, rounds: number): Promise<void> {
  const file = runPaths.timings(cell);
  if (!existsSync(file)) return;
  const timings = await readLines<TimingRecord>(file);
  if (timings.length <= rounds) return;
  await writeFileAtomic(
    file,
    timings
      .slice(0, rounds)
      .map((timing) => `${JSON.stringify(timing)}\n`)
      .join(''),
  );
}

async function loadReference({ run, config }: TaskContext): Promise<ReferenceClassifier> {
  const classifier = await loadClassifier(runPaths.reference(run));
  return { classifier, experimentClass: experimentClasses(config, classifier.classes) };
}

function loadAllClasses(config: ExperimentConfig, dataDirs: readonly string[]): Promise<Dataset> {
  const { classes: _, ...unrestricted } = config.dataset;
  return loadDataset(unrestricted, { dataDirs });
}

/** For each class of the reference, its class in the experiment. */
function experimentClasses({ dataset, oracle }: ExperimentConfig, classes: number): (number | null)[] {
  const chosen = oracle.reference.allClasses ? dataset.classes : undefined;
  return Array.from({ length: classes }, (_, label) => {
    const position = chosen === undefined ? label : chosen.indexOf(label);
    return position < 0 ? null : position;
  });
}

/** One line on where a training stands. */
export function describeTraining({ step, steps, losses, imagesPerSecond, etaMs }: TrainingProgress): string {
  const figures = Object.entries(losses).map(([name, loss]) => `${spelt(name)} ${loss.toFixed(2)}`);
  return `step ${step} of ${steps}, ${figures.join(', ')}, ${Math.round(imagesPerSecond)} images/s, ${Math.ceil(etaMs / 1000)} s left`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
