/**
 * One round's questions: what the strategy selects, what of it the purse can pay, and what the oracle says to that.
 *
 * The oracle is asked in the strategy's order. Where a budget ends the round early, what was selected after the last
 * answer paid for is neither asked about nor kept.
 */
import { type Dataset, gatherImages, imageSize, type Split } from '../datasets/dataset.ts';
import { initialRows } from '../datasets/splits.ts';
import type { Stream } from '../random.ts';
import { type PoolIndex, poolIndex } from '../shapes.ts';
import { agreementDiagnostics } from './answer-diagnostics.ts';
import { type ExtraImages, extraImages, replayExtra } from './extra-training.ts';
import { LabelledSet } from './labelled-set.ts';
import type { MatchedQueries } from './matched-queries.ts';
import type { Oracle } from './oracle.ts';
import type { Purse } from './purse.ts';
import type { Reconstructions } from './reconstructions.ts';
import type { Answer, RoundRecord } from './round-record.ts';
import type { Diagnostics, Round, SelectionTimes, Strategy, StrategyMemory } from './strategy.ts';

export interface AskOptions {
  readonly dataset: Dataset;
  readonly strategy: Strategy;
  /** Names the strategy's stream. */
  readonly strategyName: string;
  readonly oracle: Oracle;
  readonly initial: {
    readonly size: number;
    readonly balanced: boolean;
    /** Classes that have labels at first; all if left out. */
    readonly classes?: readonly number[] | undefined;
  };
  /** Queries a round. */
  readonly batch: number;
  /** The root stream of the seed. */
  readonly root: Stream;
  /** The images synthesised in a finished round, to be asked about or as extra training images, as bytes. */
  readonly replayImages: (round: number, of: 'queries' | 'extra') => Promise<Uint8Array>;
}

/** What a round asked and was told. */
export interface Asked {
  /** The rows bought, or null if the images were synthesised. */
  readonly rows: readonly PoolIndex[] | null;
  /** Bytes `[answers.length, height, width, channels]`. */
  readonly images: Uint8Array;
  readonly answers: readonly Answer[];
  /** The strategy's; of all it selected, also where not all of that could be paid. */
  readonly diagnostics: Diagnostics;
  /** Where the time went, if the strategy says so. */
  readonly times?: SelectionTimes | undefined;
  readonly matches?: AskedMatches | undefined;
  readonly reconstructions?: Reconstructions | undefined;
  /** What the strategy adds to the training; neither asked about nor charged. */
  readonly extra?: ExtraImages | undefined;
  readonly memory?: StrategyMemory | undefined;
  /** Whether the budget ended before the batch. */
  readonly isCut?: boolean;
}

/** The images that rows were bought in place of. */
export interface AskedMatches extends MatchedQueries {
  /** What the reference reads in them: neither charged nor shown to the strategy. Empty without a reference. */
  readonly readings: readonly Answer[];
}

/**
 * The initial set of a seed: the same rows for every strategy. RangeError if they are of one class alone.
 */
export function drawInitialRows(
  dataset: Dataset,
  { size, ...options }: AskOptions['initial'],
  root: Stream,
): PoolIndex[] {
  return initialRows(dataset.train.labels, size, options, root.of('initial'));
}

/** Asks about the initial set. RangeError if the purse cannot pay all of it. */
export function askInitial({ dataset, initial, oracle, root }: AskOptions, purse: Purse): Asked {
  const asked = askRows(drawInitialRows(dataset, initial, root), dataset, oracle, purse);
  if (asked.isCut) {
    throw new RangeError(
      `runLoop.budget: expected enough for the ${initial.size} labels before the first round, got enough for ${asked.answers.length}`,
    );
  }
  return asked;
}

/** Lets the strategy select, and asks as far as the purse reaches. Error if it selects another number than `batch`. */
export async function ask(
  asking: Pick<Round, 'round' | 'classifier' | 'pool' | 'labelled' | 'memory'>,
  options: AskOptions,
  purse: Purse,
): Promise<Asked> {
  const { dataset, strategy, strategyName, batch, oracle, root } = options;
  const size = imageSize(dataset.shape);
  const started = performance.now();
  const selection = await strategy.select({
    ...asking,
    batch,
    stream: root.of('strategy', strategyName, asking.round),
    arrivals: () => arrivals(dataset, root),
  });
  if (selection.kind === 'synthesised') {
    const { images, diagnostics } = selection;
    const count = images.length / size;
    if (count !== batch)
      throw new Error(`${strategyName}: expected ${batch} synthesised images, got ${count}`);
    const all = await oracle.answerImages(images);
    const answers = all.slice(0, purse.affordable(all));
    return {
      rows: null,
      images: images.slice(0, answers.length * size),
      answers,
      diagnostics,
      isCut: answers.length < count,
    };
  }
  if (selection.rows.length !== batch) {
    throw new Error(`${strategyName}: expected ${batch} pool rows, got ${selection.rows.length}`);
  }
  const selectMs = performance.now() - started;
  const { rows, diagnostics, times, matched, reconstructions, memory } = selection;
  const asked = {
    ...askRows(rows, dataset, oracle, purse),
    diagnostics,
    times,
    reconstructions,
    memory,
  };
  const count = asked.answers.length;
  if (count === 0) return asked;
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
  const images = matched.images.slice(0, count * size);
  const queries = matched.queries.slice(0, count);
  const readings = oracle.canRead ? await oracle.answerImages(images) : [];
  return {
    ...asked,
    matches: { ...matched, images, queries, readings },
    diagnostics: { ...diagnostics, ...agreementDiagnostics(readings, asked.answers) },
  };
}

/** What a finished round asked and was told, from its record. */
export async function replay(record: RoundRecord, { dataset, replayImages }: AskOptions): Promise<Asked> {
  const { round, selected, answers, diagnostics, extra, memory } = record;
  const rows = selected?.map((row) => poolIndex(row, dataset.train.n)) ?? null;
  const images =
    rows === null
      ? await replayImages(round, 'queries')
      : gatherImages(dataset.train.images, dataset.shape, rows);
  const added = extra && (await replayExtra(extra, dataset, () => replayImages(round, 'extra')));
  return { rows, images, answers, diagnostics, extra: added, memory };
}

function askRows(rows: readonly PoolIndex[], dataset: Dataset, oracle: Oracle, purse: Purse): Asked {
  const all = oracle.answerRows(rows);
  const answers = all.slice(0, purse.affordable(all));
  const paid = rows.slice(0, answers.length);
  return {
    rows: paid,
    images: gatherImages(dataset.train.images, dataset.shape, paid),
    answers,
    diagnostics: {},
    isCut: paid.length < rows.length,
  };
}

function arrivals({ train }: Dataset, root: Stream): PoolIndex[] {
  return root
    .of('arrivals')
    .permutation(train.n)
    .map((row) => poolIndex(row));
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
