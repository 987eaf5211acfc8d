/**
 * The lines of a cell's `rounds.jsonl` and `timings.jsonl`.
 */
import type { ExtraRecord } from './extra-training.ts';
import type { StoppingKind, StoppingRecord } from './stopping.ts';
import type { Diagnostics, StrategyMemory } from './strategy.ts';

/** One answer of the oracle, in the order of the queries. */
export interface Answer {
  /** The class given, or null if the oracle could not read the query. */
  readonly label: number | null;
  /** The oracle's own certainty in [0, 1]; 1 for the truth of a pool row. */
  readonly confidence: number;
  /** What was paid for it; absent where answers have no prices. */
  readonly cost?: number;
}

/** Why a cell ended before its last round: its budget was spent, or a stopping rule of that kind acted. */
export type EndReason = 'budget' | StoppingKind;

/** Round 0 is the initial set: nothing is selected, and its accuracy is the first point of the curve. */
export interface RoundRecord {
  readonly round: number;
  /** Labelled images the task model was trained on, but for extra ones. */
  readonly labels: number;
  /** Labels paid for so far, the initial set included. */
  readonly labelsCharged: number;
  /** What they and abstentions cost; absent where answers have no prices. */
  readonly cost?: number;
  /** Share of the test split classified rightly, in [0, 1]. */
  readonly testAccuracy: number;
  /**
   * `[classes * classes]`, row-major: how many test images of the row's class were taken for the column's. Absent from records
   * of older versions.
   */
  readonly testConfusion?: readonly number[];
  /** Pool rows bought this round, in order; absent when the queries were synthesised. */
  readonly selected?: readonly number[];
  /** Number of images synthesised this round; absent when pool rows were bought. */
  readonly synthesised?: number;
  readonly answers: readonly Answer[];
  /** Training images that nobody was asked about, of a strategy that adds such. */
  readonly extra?: ExtraRecord;
  readonly diagnostics: Diagnostics;
  /** What the strategy keeps for its next round. */
  readonly memory?: StrategyMemory;
  /** What each stopping rule says, in the config's order; absent without rules. */
  readonly stopping?: readonly StoppingRecord[];
  /** Set in the last round of a cell that ended before its time. */
  readonly ended?: EndReason;
}

/** Whether a cell that left these records, round 0 first, has nothing more to do. */
export function isCellFinished(records: readonly RoundRecord[], rounds: number): boolean {
  return records.length > rounds || records.at(-1)?.ended !== undefined;
}

export interface TimingRecord {
  readonly round: number;
  readonly trainMs: number;
  readonly generateMs: number;
  readonly matchMs: number;
  readonly scoreMs: number;
  /** Of diagnostics alone, where the strategy says so. */
  readonly diagnosticsMs?: number;
  readonly rssBytes: number;
}
