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
import { type RoundQueries, runLoop } from '../acquisition/loop.ts';
import { Oracle, type ReferenceClassifier, readImages } from '../acquisition/oracle.ts';
import type { Answer, TimingRecord } from '../acquisition/round-record.ts';
import { createStrategy, synthesises } from '../acquisition/strategies/registry.ts';
import { appendLineSynced, writeFileAtomic } from '../atomic-write.ts';
import { margins, scoreImages } from '../classifiers/predict.ts';
import { loadClassifier, saveClassifier } from '../classifiers/saved.ts';
import { trainClassifier } from '../classifiers/train.ts';
import type { Dataset, ImageShape } from '../datasets/dataset.ts';
import { loadDataset } from '../datasets/registry.ts';
import { rootStream } from '../random.ts';
import { type ExperimentConfig, generatorOf, isPerSeed, strategyName } from './config.ts';
import { takeGeneratorFolder } from './generator-folder.ts';
import {
  type ReferenceQuality,
  readFinishedRounds,
  readImagesNpy,
  readLines,
  runPaths,
  writeImagesNpy,
} from './run-folder.ts';

/** One piece of work. A generator without a seed serves all seeds. */
export type Task =
  | { readonly kind: 'reference' }
  | { readonly kind: 'generator'; readonly name: string; readonly seed: number | null }
  | { readonly kind: 'cell'; readonly strategy: string; readonly seed: number };

/** What a picture of a round's queries shows. */
export interface QueryPicture {
  readonly heading: string;
  readonly images: Uint8Array;
  readonly shape: ImageShape;
  readonly captions: readonly {
    readonly title: string;
    readonly detail: string;
    readonly tone: 'plain' | 'warning';
  }[];
}

export interface TaskContext {
  readonly run: string;
  readonly config: ExperimentConfig;
  readonly dataDirs: readonly string[];
  /** A finished step worth a line. */
  readonly onLine: (text: string) => void;
  /** Where a long step stands; replaces what was said before. */
  readonly onStatus: (text: string) => void;
  readonly writeQueryPicture: (file: string, picture: QueryPicture) => Promise<void>;
  readonly writeSampleGrid: (file: string, images: Uint8Array, shape: ImageShape) => Promise<void>;
  /** Aborts at the next point from which the task can go on. */
  readonly signal: AbortSignal;
}

/** A name that tells tasks apart in progress lines and error messages. */
export function taskName(task: Task): string {
  switch (task.kind) {
    case 'reference':
      return 'reference classifier';
    case 'generator':
      return task.seed === null ? `generator ${task.name}` : `generator ${task.name}, seed ${task.seed}`;
    case 'cell':
      return `${task.strategy}, seed ${task.seed}`;
  }
}

/** Carries out one task; the abort reason is thrown if the signal aborts it. */
export async function runTask(task: Task, context: TaskContext): Promise<void> {
  switch (task.kind) {
    case 'reference':
      return trainReference(context);
    case 'generator':
      return trainExperimentGenerator(task.name, task.seed, context);
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
  const spec = config.strategies.find((candidate) => strategyName(candidate) === strategy);
  if (spec === undefined) throw new Error(`cell ${strategy}: expected a strategy of the config`);
  const cell = runPaths.cell(run, strategy, seed);
  await mkdir(cell, { recursive: true });
  await rm(runPaths.error(cell), { force: true });
  const finished = await readFinishedRounds(cell);
  await cutTimings(cell, finished.length);
  if (finished.length > config.rounds) return;

  const dataset = await loadDataset(config.dataset, { dataDirs });
  const root = rootStream(seed);
  const generatorName = generatorOf(config, spec);
  const needsGenerator = synthesises(spec) && generatorName !== undefined;
  const generator = needsGenerator
    ? await loadGenerator(generatorDir(run, config, generatorName, seed))
    : undefined;
  const reference = needsGenerator ? await loadReference(context) : undefined;
  try {
    await runLoop({
      dataset,
      strategy: createStrategy(spec, generator === undefined ? {} : { generator }),
      strategyName: strategy,
      oracle: new Oracle({
        truth: dataset.train.labels,
        classes: dataset.classNames.length,
        noise: config.oracle.noise,
        minConfidence: config.oracle.minConfidence,
        stream: root.of('oracle'),
        ...(reference === undefined ? {} : { reference }),
      }),
      classifier: config.classifier,
      initial: config.initial,
      batch: config.batch,
      rounds: config.rounds,
      chargeAbstentions: config.oracle.chargeAbstentions,
      root,
      finished,
      replayImages: (round) => readImagesNpy(runPaths.queryImages(cell, round), dataset.shape),
      onQueries: (queries) => saveQueries(queries, dataset, cell, strategy, seed, context),
      onRound: async (record, timing) => {
        // Let a pending stop or the parent's death be noticed before anything is written.
        await setImmediate();
        signal.throwIfAborted();
        await appendLineSynced(runPaths.timings(cell), JSON.stringify(timing));
        await appendLineSynced(runPaths.rounds(cell), JSON.stringify(record));
        onLine(
          `round ${record.round} of ${config.rounds}: ${record.labelsCharged} labels paid, accuracy ${percent(record.testAccuracy)}`,
        );
      },
    });
  } finally {
    generator?.dispose();
    reference?.classifier.dispose();
  }
}

/** Keeps what was asked: pictures for people, and the bytes of synthesised images for replay. */
async function saveQueries(
  { round, rows, images, answers, classifier }: RoundQueries,
  dataset: Dataset,
  cell: string,
  strategy: string,
  seed: number,
  { config, signal, writeQueryPicture }: TaskContext,
): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
  if (rows === null) await writeImagesNpy(runPaths.queryImages(cell, round), images, dataset.shape);
  const margin = margins(await scoreImages(classifier, images), classifier.classes);
  await writeQueryPicture(runPaths.queryGrid(cell, round), {
    heading: `${strategy}, seed ${seed}, round ${round}`,
    images,
    shape: dataset.shape,
    captions: answers.map((answer, query) => ({
      title: answer.label === null ? 'abstained' : (dataset.classNames[answer.label] as string),
      tone: answer.label === null ? 'warning' : 'plain',
      detail: `margin ${(margin[query] as number).toPrecision(2)}${rows === null ? `, ${certainty(answer, config)}` : ''}`,
    })),
  });
}

/** How sure the reference was, and why it abstained although it was sure. */
function certainty({ label, confidence }: Answer, { oracle }: ExperimentConfig): string {
  const elsewhere = label === null && confidence >= oracle.minConfidence;
  return `${elsewhere ? 'another class' : 'oracle'} ${percent(confidence)}`;
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

/** Where the generator that a cell of this seed draws on lies. */
export function generatorDir(run: string, config: ExperimentConfig, name: string, seed: number): string {
  return runPaths.generator(run, name, isPerSeed(config, name) ? seed : null);
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
