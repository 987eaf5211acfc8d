/**
 * What a round tells of its anchors.
 */
import type { Diagnostics } from '../src/acquisition/strategy.ts';
import { meanDistances } from './anchors.ts';
import type { M2Table } from './round-m2.ts';

/**
 * `anchors` and `classesWithAnchors` are counts; `meanAnchorDistancePool` and `meanAnchorDistanceSelected` the mean, over all
 * candidates and over those taken, of the mean distance to the anchors before the batch, null where no class has any.
 *
 * @param sums `[n]`: summed distances before the batch
 */
export function anchorFigures(
  table: M2Table,
  sums: Float64Array,
  anchors: readonly number[][],
  taken: readonly number[],
): Diagnostics {
  const distances = meanDistances(sums, table, anchors);
  return {
    anchors: anchors.reduce((sum, rows) => sum + rows.length, 0),
    classesWithAnchors: anchors.filter((rows) => rows.length > 0).length,
    meanAnchorDistancePool: meanOf(distances),
    meanAnchorDistanceSelected: meanOf(taken.map((row) => distances[row] ?? null)),
  };
}

function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
