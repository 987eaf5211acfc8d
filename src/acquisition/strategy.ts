/**
 * The one interface of all query strategies.
 *
 * A strategy sees images, the labels that were bought, the trained task model and a random stream. It is
 * handed no hidden label and no test image, so it cannot peek.
 */
import type { Generator } from '../../generators/generator.ts';
import type { Matcher } from '../../matching/matcher.ts';
import type { ImageShape, Split } from '../datasets/dataset.ts';
import type { Stream } from '../random.ts';
import type { PoolIndex } from '../shapes.ts';
import type { ExtraTraining } from './extra-training.ts';
import type { MatchedQueries } from './matched-queries.ts';
import type { Reconstructions } from './reconstructions.ts';
import type { TaskModel } from './task-model/task-model.ts';

/** A finite number or text a round reports about itself, or null where the figure does not exist. */
export type Diagnostic = number | string | null | readonly (number | null)[];
export type Diagnostics = Readonly<Record<string, Diagnostic>>;

/** The unlabelled pool as a strategy sees it: images in model range, never augmented, and no labels. */
export interface PoolView {
  readonly shape: ImageShape;
  readonly classes: number;
  /** Unlabelled rows, ascending. */
  readonly candidates: readonly PoolIndex[];
  /** Bytes `[rows, height, width, channels]` of any rows of the pool. */
  bytes(rows: readonly PoolIndex[]): Uint8Array;
}

/** What a strategy is told again in its next round; plain numbers, so that a record keeps them to the bit. */
export type StrategyMemory = Readonly<Record<string, number>>;

export interface Round {
  readonly round: number;
  /** Queries to make, exactly. */
  readonly batch: number;
  /** The task model trained on everything bought so far, and on what the strategy added. The strategy does not dispose it. */
  readonly classifier: TaskModel;
  readonly pool: PoolView;
  /** All that was bought and answered, synthesised images included: what {@link classifier} was trained on, but for additions. */
  readonly labelled: Split;
  /** This round's own stream; the same for the same root seed, strategy and round. */
  readonly stream: Stream;
  /**
   * All rows of the pool in the order in which a stream brings them, the same for every strategy of a seed. Absent where the
   * pool is no stream, as in `genal select`.
   */
  readonly arrivals?: () => readonly PoolIndex[];
  /** What the strategy kept in the round before; absent in its first. */
  readonly memory?: StrategyMemory | undefined;
}

/** Where the time of a selection went, in milliseconds. */
export interface SelectionTimes {
  /** Synthesising queries. */
  readonly generateMs: number;
  /** Finding pool images for them. */
  readonly matchMs: number;
  /** Asking the task model about pool images, or training and asking networks of the strategy's own. */
  readonly scoreMs: number;
  /** What was done for diagnostics alone, if the strategy says so; in none of the others. */
  readonly diagnosticsMs?: number;
}

/** Pool rows to label, or synthesised images to label: never numbers that could be both. */
export type Selection =
  | {
      readonly kind: 'pool';
      readonly rows: readonly PoolIndex[];
      readonly diagnostics: Diagnostics;
      /** What to be told again in the next round. */
      readonly memory?: StrategyMemory;
      /** If left out, all of it was scoring. */
      readonly times?: SelectionTimes;
      /** If the rows were bought in place of synthesised images. */
      readonly matched?: MatchedQueries;
      /** If an autoencoder was trained to choose them. */
      readonly reconstructions?: Reconstructions;
      /**
       * Adds training images that nobody is asked about. Called once, before the task model is trained anew.
       *
       * @param bought the rows that were answered, in order, with their labels
       */
      readonly extraTraining?: (bought: Split) => Promise<ExtraTraining>;
    }
  | {
      readonly kind: 'synthesised';
      /** Bytes `[batch, height, width, channels]`: what the oracle is shown and the task model trained on. */
      readonly images: Uint8Array;
      readonly diagnostics: Diagnostics;
    };

export interface Strategy {
  select(round: Round): Promise<Selection>;
}

/** What a strategy is built from, beside its own options. Everything stays the caller's. */
export interface StrategyResources {
  readonly generator?: Generator;
  /** Of features that are the same in every round. */
  readonly matcher?: Matcher;
}
