/**
 * What a batch of matches tells about itself, as numbers.
 */
import type { Stream } from '../src/random.ts';
import { checkInteger } from '../src/shapes.ts';
import type { MatchedBatch } from './match.ts';
import type { MatchIndex } from './match-index.ts';

/** How uncertain the task model is along a query's way, in one measure: entropies in nats, or margins. */
export interface UncertaintySteps {
  /** `[queries]`, of the image that each search started from. */
  readonly start: ArrayLike<number>;
  /** `[queries]`, of the image it ended with. */
  readonly end: ArrayLike<number>;
  /** `[queries]`, of the pool image matched with it. */
  readonly matched: ArrayLike<number>;
}

/** Means over the queries, and what matching left of what the search had won. */
export interface UncertaintyKept {
  readonly start: number;
  readonly end: number;
  readonly matched: number;
  /** `matched - end`: below 0 for entropies, above 0 for margins, where matching lost uncertainty. */
  readonly change: number;
  /**
   * `(matched - start) / (end - start)`: 1 if nothing was lost, 0 if the matches are as uncertain as images never searched
   * for, below 0 if less; null if the search did not change the mean.
   */
  readonly kept: number | null;
}

/** What matching lost of the uncertainty that was searched for. RangeError unless all are equally many finite numbers. */
export function uncertaintyKept({ start, end, matched }: UncertaintySteps): UncertaintyKept {
  const [before, found, left] = Object.entries({ start, end, matched }).map(([name, values]) => {
    if (values.length !== end.length || values.length === 0) {
      throw new RangeError(
        `uncertaintyKept.${name}: expected one or more values, as many as end, got ${values.length}`,
      );
    }
    const mean = meanOf(Array.from(values));
    if (!Number.isFinite(mean)) {
      throw new RangeError(`uncertaintyKept.${name}: expected finite values, got a mean of ${mean}`);
    }
    return mean;
  }) as [number, number, number];
  return {
    start: before,
    end: found,
    matched: left,
    change: left - found,
    kept: found === before ? null : (left - before) / (found - before),
  };
}

/** How far the matches are, beside how far pool images are from one another. */
export interface MatchDistances {
  readonly mean: number;
  readonly median: number;
  readonly largest: number;
  /** Median distance of pool images to the nearest other one; null if there was none. */
  readonly poolMedian: number | null;
  /** `median / poolMedian`: near 1 if queries lie among the images, far above if beside them; null where undefined. */
  readonly ratio: number | null;
}

/**
 * Distances of a batch beside the pool's own.
 *
 * @param pool what {@link poolDistances} gives, by the same features
 */
export function matchDistances({ matches }: MatchedBatch, pool: ArrayLike<number>): MatchDistances {
  const distances = matches.map(({ distance }) => distance);
  checkInteger('matchDistances.batch.matches', distances.length, 1);
  const median = medianOf(distances);
  const poolMedian = pool.length > 0 ? medianOf(Array.from(pool)) : null;
  return {
    mean: meanOf(distances),
    median,
    largest: distances.reduce((most, distance) => Math.max(most, distance), 0),
    poolMedian,
    ratio: poolMedian === null || poolMedian === 0 ? null : median / poolMedian,
  };
}

/**
 * Distances of some candidates, each to the nearest other one, as the index finds it.
 *
 * @param sample how many are drawn without replacement; all if there are fewer
 * @returns none if there are not two candidates
 */
export async function poolDistances(index: MatchIndex, stream: Stream, sample = 200): Promise<number[]> {
  checkInteger('poolDistances.sample', sample, 1);
  const { candidates } = index;
  if (candidates.length < 2) return [];
  const drawn = stream.choose(candidates, Math.min(sample, candidates.length));
  const lists = await index.search(index.vectorsOf(drawn), 2);
  // An equal image may stand before the row itself; whichever is left is at distance 0 then.
  return lists.map(
    (list, at) => (list.find(({ row }) => row !== drawn[at]) as { distance: number }).distance,
  );
}

/** How often the oracle calls a synthesised image what the matched one is. */
export interface LabelAgreement {
  /** Share of the answered queries in [0, 1]; null if none was answered. */
  readonly agreement: number | null;
  readonly answered: number;
}

/**
 * Agreement of two labels a query.
 *
 * @param synthesised null where the oracle could not tell
 * @param matched null where the oracle gave no label
 */
export function labelAgreement(
  synthesised: readonly (number | null)[],
  matched: readonly (number | null)[],
): LabelAgreement {
  if (synthesised.length !== matched.length) {
    throw new RangeError(
      `labelAgreement.matched: expected ${synthesised.length} labels, got ${matched.length}`,
    );
  }
  const both = synthesised.flatMap((label, query) => {
    const other = matched[query] ?? null;
    return label === null || other === null ? [] : [label === other];
  });
  return {
    agreement: both.length === 0 ? null : both.filter((agree) => agree).length / both.length,
    answered: both.length,
  };
}

/** Images a class, `[classes]`. RangeError for a label that is no class. */
export function labelCounts(labels: readonly number[], classes: number): number[] {
  checkInteger('labelCounts.classes', classes, 1);
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) {
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new RangeError(`labelCounts.labels: expected classes in [0, ${classes}), got ${label}`);
    }
    counts[label] = (counts[label] as number) + 1;
  }
  return counts;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of an even number of values the mean of the two in the middle. */
function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}
