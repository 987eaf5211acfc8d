/**
 * What a strategy tells of pool rows that it bought in place of images it synthesised: for pictures and figures, never
 * for training.
 */
import type { PoolIndex } from '../shapes.ts';

/** A place in the plane of the first two principal components of the features. */
export type PlanePoint = readonly [x: number, y: number];

/** One synthesised image and the pool image bought in its place. */
export interface MatchedQuery {
  /** The row bought. */
  readonly row: PoolIndex;
  /** Euclidean, between feature vectors. */
  readonly distance: number;
  /** How many candidates are nearer; more than 0 if they went to other queries, or the rule preferred another. */
  readonly rank: number;
  /** Whether the row that the rule prefers went to another query. */
  readonly collided: boolean;
  /** The candidates nearest to the synthesised image, nearest first, at most {@link NEIGHBOURS_TOLD}. */
  readonly neighbours: readonly { readonly row: PoolIndex; readonly distance: number }[];
  /** What the task model makes of the image, in {@link MatchedQueries.measure}. */
  readonly uncertainty: {
    /** Of the sample that the search started from. */
    readonly start: number;
    /** Of the synthesised image. */
    readonly end: number;
    /** Of the row bought. */
    readonly matched: number;
  };
  readonly synthesisedAt: PlanePoint;
  readonly matchedAt: PlanePoint;
}

/** A round's matches, in the order of the rows bought. */
export interface MatchedQueries {
  /** Bytes `[batch, height, width, channels]` of the synthesised images. */
  readonly images: Uint8Array;
  /** `entropy` of the softmax in nats, the higher the less certain; `margin` of the two best scores, the lower. */
  readonly measure: 'entropy' | 'margin';
  readonly queries: readonly MatchedQuery[];
  /** Where some of the candidates lie, and all rows labelled before the round. */
  readonly plane: { readonly candidates: readonly PlanePoint[]; readonly labelled: readonly PlanePoint[] };
}

/** Neighbours of a query that are told. */
export const NEIGHBOURS_TOLD = 5;

/** What lies beside a round's pictures as JSON: {@link MatchedQueries} without images, and what the oracle said. */
export interface MatchedRound extends Omit<MatchedQueries, 'images'> {
  readonly round: number;
  /** Labels bought for the rows, null for an abstention; in the order of the queries. */
  readonly labels: readonly (number | null)[];
  /** What the reference reads in the synthesised images; null where it cannot tell. Not paid for, and told nobody. */
  readonly readings: readonly (number | null)[];
}
