/**
 * Training images whose labels nobody was asked for: synthesised ones with a label bought for another image, or pool images
 * with a label that the task model gave. They are trained on and never counted among the labelled.
 */
import { type Dataset, gatherImages, imageSize, type Split } from '../datasets/dataset.ts';
import { type PoolIndex, poolIndex } from '../shapes.ts';
import { LabelledSet } from './labelled-set.ts';
import type { Pool } from './pool.ts';
import type { Diagnostics } from './strategy.ts';

/** What a strategy adds to the training of one round, or of all that follow. */
export interface ExtraTraining {
  /** The images: rows that stay unlabelled, or bytes `[labels.length, height, width, channels]`. */
  readonly from:
    | { readonly kind: 'pool'; readonly rows: readonly PoolIndex[] }
    | {
        readonly kind: 'synthesised';
        readonly images: Uint8Array;
        /** For pictures: what each was made of, as many bytes. */
        readonly origins: Uint8Array;
      };
  /** Their classes. */
  readonly labels: readonly number[];
  /** Whether later rounds train on them too; otherwise this round's training does alone. */
  readonly kept: boolean;
  readonly diagnostics: Diagnostics;
}

/** What a round's record tells of them; the bytes of synthesised ones lie beside the pictures. */
export interface ExtraRecord {
  readonly labels: readonly number[];
  readonly kept: boolean;
  /** Pool rows; absent if the images were synthesised. */
  readonly rows?: readonly number[];
}

/** Extra images as bytes, ready to be trained on. */
export interface ExtraImages extends Omit<ExtraRecord, 'rows'> {
  readonly rows?: readonly PoolIndex[];
  /** Bytes `[labels.length, height, width, channels]` */
  readonly images: Uint8Array;
  /** Of synthesised ones, while the round is being taken: see {@link ExtraTraining}. */
  readonly origins?: Uint8Array;
}

/**
 * The images of what a strategy adds.
 *
 * @throws Error if labels, images and classes disagree
 */
export function extraImages(
  name: string,
  { from, labels, kept }: ExtraTraining,
  dataset: Dataset,
): ExtraImages {
  const size = imageSize(dataset.shape);
  const count = from.kind === 'pool' ? from.rows.length : from.images.length / size;
  if (count !== labels.length) {
    throw new Error(`${name}: expected ${labels.length} extra training images, one a label, got ${count}`);
  }
  const strange = labels.find(
    (label) => !Number.isInteger(label) || !(label >= 0 && label < dataset.classNames.length),
  );
  if (strange !== undefined) {
    throw new Error(
      `${name}: expected classes in [0, ${dataset.classNames.length}) for extra training images, got ${strange}`,
    );
  }
  if (from.kind === 'synthesised') return { labels, kept, images: from.images, origins: from.origins };
  return {
    labels,
    kept,
    rows: from.rows,
    images: gatherImages(dataset.train.images, dataset.shape, from.rows),
  };
}

/** What the record of a round says of its extra images. */
export function extraRecord({ labels, kept, rows }: ExtraImages): ExtraRecord {
  return { labels, kept, ...(rows !== undefined && { rows }) };
}

/**
 * The extra images of a finished round.
 *
 * @param replay gives the bytes of synthesised ones
 */
export async function replayExtra(
  { labels, kept, rows }: ExtraRecord,
  dataset: Dataset,
  replay: () => Promise<Uint8Array>,
): Promise<ExtraImages> {
  if (rows === undefined) return { labels, kept, images: await replay() };
  const inPool = rows.map((row) => poolIndex(row, dataset.train.n));
  return { labels, kept, rows: inPool, images: gatherImages(dataset.train.images, dataset.shape, inPool) };
}

/** The extra images that the task model of the latest round is trained on. */
export class ExtraSet {
  readonly #imageSize: number;
  readonly #kept: LabelledSet;
  #passing: LabelledSet;
  readonly #keptRows: PoolIndex[] = [];
  #passingRows: readonly PoolIndex[] = [];

  /** @param imageSize bytes an image */
  constructor(imageSize: number) {
    this.#imageSize = imageSize;
    this.#kept = new LabelledSet(imageSize);
    this.#passing = new LabelledSet(imageSize);
  }

  get n(): number {
    return this.#kept.n + this.#passing.n;
  }

  /** Those of them that are rows of the pool. */
  get rows(): readonly PoolIndex[] {
    return [...this.#keptRows, ...this.#passingRows];
  }

  /**
   * Takes what a round adds, and leaves off what was for the round before alone.
   *
   * @param pool after the round's purchase
   * @throws Error if a pool row is not unlabelled, or there twice: it would be trained on as two
   */
  take(extra: ExtraImages | undefined, pool: Pool): void {
    this.#passing = new LabelledSet(this.#imageSize);
    this.#passingRows = [];
    if (extra === undefined) return;
    if (extra.rows !== undefined) checkUnlabelled(extra.rows, pool);
    if (extra.kept) this.#keptRows.push(...(extra.rows ?? []));
    else this.#passingRows = extra.rows ?? [];
    (extra.kept ? this.#kept : this.#passing).add(extra.images, extra.labels);
  }

  /** The labelled images, and behind them the extra ones. */
  beside(labelled: Split): Split {
    const parts = [labelled, this.#kept.toSplit(), this.#passing.toSplit()];
    return {
      images: joined(parts.map(({ images }) => images)),
      labels: joined(parts.map(({ labels }) => labels)),
      n: labelled.n + this.n,
    };
  }
}

function checkUnlabelled(rows: readonly PoolIndex[], pool: Pool): void {
  const unlabelled = new Set(pool.candidates);
  for (const row of rows) {
    if (!unlabelled.delete(row)) {
      throw new Error(`ExtraSet.take.extra.rows: expected unlabelled rows, each once, got ${row}`);
    }
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
}
