/**
 * The active learning loop of one strategy and one seed.
 *
 *     label the initial set; train; test                                  round 0
 *     repeat: select with the last model; ask; train anew; test           rounds 1 .. R
 *
 * Every strategy of a seed shares the initial set, the model's initial weights and the streams of its training
 * data, so the first point of every curve is the same number. A finished round is replayed from its record
 * instead of computed again, and what follows is what would have followed.
 *
 * Between asking and training a strategy may add images that nobody is asked about. They are neither charged nor among the
 * labelled, and stay in the pool if they are from there.
 */
import { confusionOf, shareRight } from '../classifiers/predict.ts';
import { type Dataset, gatherImages, imageSize, type Split } from '../datasets/dataset.ts';
import { initialRows } from '../datasets/splits.ts';
import type { Stream } from '../random.ts';
import { type PoolIndex, poolIndex } from '../shapes.ts';
import { agreementDiagnostics, answerDiagnostics, extraDiagnostics } from './answer-diagnostics.ts';
import { type ExtraImages, ExtraSet, extraImages, extraRecord, replayExtra } from './extra-training.ts';
import { LabelledSet } from './labelled-set.ts';
import type { MatchedQueries } from './matched-queries.ts';
import type { Oracle } from './oracle.ts';
import { Pool } from './pool.ts';
import type { Reconstructions } from './reconstructions.ts';
import type { Answer, RoundRecord, TimingRecord } from './round-record.ts';
import type { Diagnostics, PoolView, SelectionTimes, Strategy } from './strategy.ts';
import type { TaskModelConfig } from './task-model/config.ts';
import type { TaskModel } from './task-model/task-model.ts';
import { trainTaskModel } from './task-model/train.ts';

export interface LoopOptions {
  readonly dataset: Dataset;
  readonly strategy: Strategy;
  /** Names the strategy's stream. */
  readonly strategyName: string;
  readonly oracle: Oracle;
  readonly classifier: TaskModelConfig;
  readonly initial: {
    readonly size: number;
    readonly balanced: boolean;
    /** Classes that have labels at first; all if left out. */
    readonly classes?: readonly number[] | undefined;
  };
  /** Queries a round. */
  readonly batch: number;
  /** Rounds after the initial one. */
  readonly rounds: number;
  /** Whether an answer "cannot read it" costs as much as a label. */
  readonly chargeAbstentions: boolean;
  /** The root stream of the seed. */
  readonly root: Stream;
  /** Records of the rounds already finished, from round 0 on. */
  readonly finished: readonly RoundRecord[];
  /** The images synthesised in a finished round, to be asked about or as extra training images, as bytes. */
  readonly replayImages: (round: number, of: 'queries' | 'extra') => Promise<Uint8Array>;
  /** Called with what a round asked, before its record is handed out. */
  readonly onQueries: (queries: RoundQueries) => Promise<void>;
  /** Called once a round, in order. */
  readonly onRound: (record: RoundRecord, timing: TimingRecord) => Promise<void>;
}

/** What a round asked and was told. */
interface Asked {
  /** The rows bought, or null if the images were synthesised. */
  readonly rows: readonly PoolIndex[] | null;
  /** Bytes `[answers.length, height, width, channels]`. */
  readonly images: Uint8Array;
  readonly answers: readonly Answer[];
  readonly diagnostics: Diagnostics;
  /** Where the time went, if the strategy says so. */
  readonly times?: SelectionTimes | undefined;
  readonly matches?: AskedMatches | undefined;
  readonly reconstructions?: Reconstructions | undefined;
  /** What the strategy adds to the training; neither asked about nor charged. */
  readonly extra?: ExtraImages | undefined;
}

/** The images that rows were bought in place of. */
export interface AskedMatches extends MatchedQueries {
  /** What the reference reads in them: neither charged nor shown to the strategy. Empty without a reference. */
  readonly readings: readonly Answer[];
}

export interface RoundQueries extends Asked {
  readonly round: number;
  /** The model that the queries were chosen with; alive during the call only. */
  readonly classifier: TaskModel;
}

/** Runs the rounds that are not finished yet. */
export async function runLoop(options: LoopOptions): Promise<void> {
  const { dataset, finished } = options;
  const pool = new Pool(dataset.train.n);
  const labelled = new LabelledSet(imageSize(dataset.shape));
  const extra = new ExtraSet(imageSize(dataset.shape));
  let charged = 0;
  const take = (asked: Asked): void => {
    buy(asked, pool, labelled);
    extra.take(asked.extra, pool);
    pool.assertConserved();
    charged += charge(asked, options.chargeAbstentions);
  };

  for (const record of finished) take(await replay(record, options));
  const trainOn = (round: number) => train(round, extra.beside(labelled.toSplit()), pool, options);
  let classifier = finished.length > 0 ? await trainOn(finished.length - 1) : null;
  try {
    for (let round = finished.length; round <= options.rounds; round++) {
      const selectStarted = performance.now();
      const asked =
        classifier === null ? askInitial(options) : await ask(round, classifier, pool, labelled, options);
      const selectMs = performance.now() - selectStarted;
      take(asked);
      if (classifier !== null) await options.onQueries({ ...asked, round, classifier });

      classifier?.dispose();
      const trainStarted = performance.now();
      classifier = await trainOn(round);
      const trainMs = performance.now() - trainStarted;
      const testConfusion = await confusionOf(classifier, dataset.test);

      await options.onRound(
        {
          round,
          labels: labelled.n,
          labelsCharged: charged,
          testAccuracy: shareRight(testConfusion, classifier.classes),
          testConfusion,
          ...(asked.rows === null ? { synthesised: asked.answers.length } : { selected: asked.rows }),
          answers: asked.answers,
          ...(asked.extra && { extra: extraRecord(asked.extra) }),
          diagnostics: {
            ...asked.diagnostics,
            ...answerDiagnostics(asked.answers, dataset.classNames.length),
            ...(asked.extra && extraDiagnostics(asked.extra, extra.n, dataset.train.labels)),
          },
        },
        {
          round,
          trainMs,
          ...(asked.times ?? {
            generateMs: asked.rows === null ? selectMs : 0,
            matchMs: 0,
            scoreMs: asked.rows === null ? 0 : selectMs,
          }),
          rssBytes: process.resourceUsage().maxRSS * 1024,
        },
      );
    }
  } finally {
    classifier?.dispose();
  }
}

/**
 * The initial set of a seed: the same rows for every strategy. RangeError if they are of one class alone.
 */
export function drawInitialRows(
  dataset: Dataset,
  { size, ...options }: LoopOptions['initial'],
  root: Stream,
): PoolIndex[] {
  return initialRows(dataset.train.labels, size, options, root.of('initial'));
}

function askInitial({ dataset, initial, oracle, root }: LoopOptions): Asked {
  return fromRows(drawInitialRows(dataset, initial, root), dataset, oracle, {});
}

async function ask(
  round: number,
  classifier: TaskModel,
  pool: Pool,
  labelled: LabelledSet,
  options: LoopOptions,
): Promise<Asked> {
  const { dataset, strategy, strategyName, batch, oracle, root } = options;
  const started = performance.now();
  const selection = await strategy.select({
    round,
    batch,
    classifier,
    pool: viewOf(pool, dataset),
    labelled: labelled.toSplit(),
    stream: root.of('strategy', strategyName, round),
  });
  if (selection.kind === 'synthesised') {
    const { images, diagnostics } = selection;
    const count = images.length / imageSize(dataset.shape);
    if (count !== batch)
      throw new Error(`${strategyName}: expected ${batch} synthesised images, got ${count}`);
    return { rows: null, images, answers: await oracle.answerImages(images), diagnostics };
  }
  if (selection.rows.length !== batch) {
    throw new Error(`${strategyName}: expected ${batch} pool rows, got ${selection.rows.length}`);
  }
  const selectMs = performance.now() - started;
  const { rows, diagnostics, times, matched, reconstructions } = selection;
  const asked = { ...fromRows(rows, dataset, oracle, diagnostics), times, reconstructions };
  if (selection.extraTraining !== undefined) {
    const added = await selection.extraTraining(answered(asked, dataset));
    const generateMs = performance.now() - started - selectMs;
    const before = times ?? { generateMs: 0, matchMs: 0, scoreMs: selectMs };
    return {
      ...asked,
      extra: extraImages(strategyName, added, dataset),
      diagnostics: { ...diagnostics, ...added.diagnostics },
      times: { ...before, generateMs: before.generateMs + generateMs },
    };
  }
  if (matched === undefined) return asked;
  const readings = oracle.canRead ? await oracle.answerImages(matched.images) : [];
  return {
    ...asked,
    matches: { ...matched, readings },
    diagnostics: { ...diagnostics, ...agreementDiagnostics(readings, asked.answers) },
  };
}

function fromRows(
  rows: readonly PoolIndex[],
  dataset: Dataset,
  oracle: Oracle,
  diagnostics: Diagnostics,
): Asked {
  const images = gatherImages(dataset.train.images, dataset.shape, rows);
  return { rows, images, answers: oracle.answerRows(rows), diagnostics };
}

async function replay(record: RoundRecord, { dataset, replayImages }: LoopOptions): Promise<Asked> {
  const { round, selected, answers, diagnostics, extra } = record;
  const rows = selected?.map((row) => poolIndex(row, dataset.train.n)) ?? null;
  const images =
    rows === null
      ? await replayImages(round, 'queries')
      : gatherImages(dataset.train.images, dataset.shape, rows);
  const added = extra && (await replayExtra(extra, dataset, () => replayImages(round, 'extra')));
  return { rows, images, answers, diagnostics, extra: added };
}

/** The images that got an answer, and their labels. */
function answered({ images, answers }: Asked, { shape }: Dataset): Split {
  const labelled = new LabelledSet(imageSize(shape));
  labelled.add(
    images,
    answers.map(({ label }) => label),
  );
  return labelled.toSplit();
}

/** Moves what was asked out of the pool and what was answered into the training set. */
function buy({ rows, images, answers }: Asked, pool: Pool, labelled: LabelledSet): void {
  if (rows !== null) {
    pool.buy(rows);
    pool.refuse(rows.filter((_, position) => answers[position]?.label === null));
  }
  labelled.add(
    images,
    answers.map(({ label }) => label),
  );
}

function charge({ answers }: Asked, chargeAbstentions: boolean): number {
  return chargeAbstentions ? answers.length : answers.filter(({ label }) => label !== null).length;
}

function train(round: number, labelled: Split, pool: Pool, options: LoopOptions): Promise<TaskModel> {
  const { classifier, dataset, root } = options;
  return trainTaskModel(classifier, labelled, viewOf(pool, dataset), {
    shape: dataset.shape,
    classes: dataset.classNames.length,
    weights: root.of('weights'),
    order: root.of('order', round),
  });
}

/** What a strategy may see: images and which rows are unlabelled. */
function viewOf(pool: Pool, dataset: Dataset): PoolView {
  return {
    shape: dataset.shape,
    classes: dataset.classNames.length,
    candidates: pool.candidates,
    bytes: (rows) => gatherImages(dataset.train.images, dataset.shape, rows),
  };
}
