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
 * A cell ends early, with the reason in its last record, where its budget is spent or a stopping rule acts.
 *
 * Between asking and training a strategy may add images that nobody is asked about. They are neither charged nor among the
 * labelled, and stay in the pool if they are from there.
 */
import { confusionOf, shareRight } from '../classifiers/predict.ts';
import { type Dataset, gatherImages, imageSize, type Split } from '../datasets/dataset.ts';
import type { PoolIndex } from '../shapes.ts';
import { answerDiagnostics, extraDiagnostics, pseudoLabelDiagnostics } from './answer-diagnostics.ts';
import { type Asked, type AskOptions, ask, askInitial, drawInitialRows, replay } from './asking.ts';
import { candidateSubset } from './candidate-subset.ts';
import { ExtraSet, extraRecord } from './extra-training.ts';
import { LabelledSet } from './labelled-set.ts';
import { Pool } from './pool.ts';
import { Purse } from './purse.ts';
import { isCellFinished, type RoundRecord, type TimingRecord } from './round-record.ts';
import { StoppingRules } from './stopping.ts';
import type { StoppingRule } from './stopping-config.ts';
import type { PoolView, StrategyMemory } from './strategy.ts';
import type { TaskModelConfig } from './task-model/config.ts';
import type { TaskModel } from './task-model/task-model.ts';
import { trainTaskModel, type UnlabelledUse } from './task-model/train.ts';

export interface LoopOptions extends AskOptions {
  readonly classifier: TaskModelConfig;
  /** What the task model learns from unlabelled images, in every round alike; nothing if left out. */
  readonly unlabelled?: Omit<UnlabelledUse, 'taken'> | undefined;
  /** How many unlabelled rows a round's queries are chosen from, see candidate-subset.ts; all if left out. */
  readonly candidates?: number | undefined;
  /** Rounds after the initial one. */
  readonly rounds: number;
  /** Whether an answer "cannot read it" costs as much as a label. */
  readonly chargeAbstentions: boolean;
  /** The most that may be paid for answers, in the unit of the oracle's prices; no end if left out. */
  readonly budget?: number | undefined;
  /** Rules that say when to stop; none if left out. */
  readonly stopping?: readonly StoppingRule[] | undefined;
  /** Records of the rounds already finished, from round 0 on. */
  readonly finished: readonly RoundRecord[];
  /** Called with what a round asked, before its record is handed out. */
  readonly onQueries: (queries: RoundQueries) => Promise<void>;
  /** Called once a round, in order. */
  readonly onRound: (record: RoundRecord, timing: TimingRecord) => Promise<void>;
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
  const purse = new Purse({ ...options, prices: options.oracle.prices });
  const stopping = stoppingRules(options);
  let memory: StrategyMemory | undefined;
  const take = (asked: Asked): void => {
    buy(asked, pool, labelled);
    extra.take(asked.extra, pool);
    pool.assertConserved();
    purse.pay(asked.answers);
    memory = asked.memory;
  };

  for (const record of finished) take(await replay(record, options));
  if (isCellFinished(finished, options.rounds)) return;
  const trainOn = (round: number) =>
    train(round, extra.beside(labelled.toSplit()), extra.rows, pool, options);
  const standing = () => ({ pool: viewOf(pool, dataset), paid: purse.cost ?? purse.labels });
  let classifier = finished.length > 0 ? await trainOn(finished.length - 1) : null;
  try {
    if (classifier !== null) await stopping.resume(finished, { classifier, ...standing() });
    for (let round = finished.length; round <= options.rounds; round++) {
      const selectStarted = performance.now();
      const asked =
        classifier === null
          ? askInitial(options, purse)
          : await ask(
              {
                round,
                classifier,
                pool: chosenFrom(round, pool, options),
                labelled: labelled.toSplit(),
                memory,
              },
              options,
              purse,
            );
      const selectMs = performance.now() - selectStarted;
      take(asked);
      const isBuying = asked.answers.length > 0;
      if (classifier !== null && isBuying) await options.onQueries({ ...asked, round, classifier });
      const trainStarted = performance.now();
      // A budget that does not buy the first answer leaves the model what it was.
      if (classifier === null || isBuying) {
        classifier?.dispose();
        classifier = await trainOn(round);
      }
      const trainMs = performance.now() - trainStarted;
      const testConfusion = await confusionOf(classifier, dataset.test);
      const said = isBuying
        ? await stopping.ask({ classifier, ...standing(), diagnostics: asked.diagnostics })
        : [];
      const ended = asked.isCut || purse.isSpent ? 'budget' : stopping.acting(said);

      await options.onRound(
        {
          round,
          labels: labelled.n,
          labelsCharged: purse.labels,
          ...(purse.cost !== undefined && { cost: purse.cost }),
          testAccuracy: shareRight(testConfusion, classifier.classes),
          testConfusion,
          ...(asked.rows === null ? { synthesised: asked.answers.length } : { selected: asked.rows }),
          answers: asked.answers,
          ...(asked.extra && { extra: extraRecord(asked.extra) }),
          diagnostics: {
            ...asked.diagnostics,
            ...answerDiagnostics(asked.answers, dataset.classNames.length),
            ...(asked.extra && extraDiagnostics(asked.extra, extra.n, dataset.train.labels)),
            ...pseudoLabelDiagnostics(classifier.pseudoLabels, dataset.train.labels),
          },
          ...(asked.memory && { memory: asked.memory }),
          ...(said.length > 0 && { stopping: said }),
          ...(ended && { ended }),
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
      if (ended !== undefined) return;
    }
  } finally {
    classifier?.dispose();
  }
}

/** Their stop sets are of what is unlabelled after the initial set, wherever the cell is taken up. */
function stoppingRules({ stopping = [], dataset, initial, root }: LoopOptions): StoppingRules {
  if (stopping.length === 0) return new StoppingRules([], [], root);
  const pool = new Pool(dataset.train.n, drawInitialRows(dataset, initial, root));
  return new StoppingRules(stopping, pool.candidates, root.of('stopping'));
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

/** @param taken rows of the pool among the labelled */
function train(
  round: number,
  labelled: Split,
  taken: readonly PoolIndex[],
  pool: Pool,
  options: LoopOptions,
): Promise<TaskModel> {
  const { classifier, dataset, root, unlabelled } = options;
  return trainTaskModel(classifier, labelled, viewOf(pool, dataset), {
    shape: dataset.shape,
    classes: dataset.classNames.length,
    weights: root.of('weights'),
    order: root.of('order', round),
    unlabelled: { ...unlabelled, taken },
  });
}

/** What a strategy may choose from in a round. */
function chosenFrom(round: number, pool: Pool, { dataset, candidates, root }: LoopOptions): PoolView {
  const view = viewOf(pool, dataset);
  if (candidates === undefined) return view;
  const stream = root.of('candidates', round);
  return { ...view, candidates: candidateSubset(view.candidates, candidates, pool.size, stream) };
}

/** Images, and which rows are unlabelled. */
function viewOf(pool: Pool, dataset: Dataset): PoolView {
  return {
    shape: dataset.shape,
    classes: dataset.classNames.length,
    candidates: pool.candidates,
    bytes: (rows) => gatherImages(dataset.train.images, dataset.shape, rows),
  };
}
