/**
 * Precision and recall, density and coverage: how far generated images stay where real ones are, and how much of where
 * the real ones are they reach. A set's region is the union of balls around its rows, each as far as its k-th
 * nearest other row of the set.
 *
 * Source: precision and recall of Kynkaanniemi et al. 2019, "Improved Precision and Recall Metric for Assessing
 *   Generative Models", equations 1 and 2, k = 3. Density and coverage of Naeem et al. 2020, "Reliable Fidelity and
 *   Diversity Metrics for Generative Models", section 3, k = 5.
 * Reference code: the package prdc 0.2 of Naeem et al., from which the fixture's numbers are.
 * Differs: balls of precision and recall are closed, as in the paper's equation; those of prdc are open. Only exact ties
 *   tell them apart.
 */
import type { Stream } from '../../src/random.ts';
import { checkInteger } from '../../src/shapes.ts';
import { checkFeatures, checkSameSize, type Features, gatherFeatures } from './features.ts';
import { BLOCK_ROWS, productBlocks, squaredLengths } from './product-blocks.ts';

export interface PrecisionRecallOptions {
  /** k of precision and recall. Default 3. */
  readonly neighbours?: number;
  /** k of density and coverage. Default 5. */
  readonly densityNeighbours?: number;
  /** Most rows of either set that are compared; of a larger set that many are drawn. Default 5,000. */
  readonly maxRows?: number;
  /** Rows a block of distances, which is all that is held beside numbers a row. Default 256. */
  readonly blockRows?: number;
}

export interface PrecisionRecall {
  /** Share of generated rows inside the region of the real ones, in [0, 1]. */
  readonly precision: number;
  /** Share of real rows inside the region of the generated ones, in [0, 1]. */
  readonly recall: number;
  /** Balls of real rows around a generated row, mean, divided by k. 1 is expected of real rows; no upper bound. */
  readonly density: number;
  /** Share of real rows that have a generated row in their ball, in [0, 1]. */
  readonly coverage: number;
  /** Rows compared. */
  readonly realRows: number;
  readonly generatedRows: number;
}

/**
 * Precision, recall, density and coverage. With `d_k(x)` the distance of a row to its k-th nearest other row of its set,
 * n real rows r and m generated rows g:
 *
 * ```
 * precision = share of g with |g - r| <= d_3(r) for some r     density  = 1/(5 m) sum_{g, r} [ |g - r| < d_5(r) ]
 * recall    = share of r with |r - g| <= d_3(g) for some g     coverage = share of r with |g - r| < d_5(r) for some g
 * ```
 *
 * All four change with n and m; compare figures of equal ones. Distances are float32 of the backend: of rows that are
 * copies of each other, those that lie exactly on the border of a ball may fall on either side.
 *
 * @param stream draws the rows of a set that has more than `maxRows`
 * @throws RangeError if a set has fewer rows than the larger k and one, the sizes differ or a value is not finite
 */
export async function precisionRecall(
  real: Features,
  generated: Features,
  stream: Stream,
  {
    neighbours = 3,
    densityNeighbours = 5,
    maxRows = 5000,
    blockRows = BLOCK_ROWS,
  }: PrecisionRecallOptions = {},
): Promise<PrecisionRecall> {
  checkInteger('precisionRecall.neighbours', neighbours, 1);
  checkInteger('precisionRecall.densityNeighbours', densityNeighbours, 1);
  const fewest = Math.max(neighbours, densityNeighbours) + 1;
  checkInteger('precisionRecall.maxRows', maxRows, fewest);
  checkInteger('precisionRecall.blockRows', blockRows, 1);
  checkFeatures('precisionRecall.real', real, fewest);
  checkFeatures('precisionRecall.generated', generated, fewest);
  checkSameSize('precisionRecall.generated', real, generated);

  const [realRows, generatedRows] = centred(
    atMost(real, maxRows, stream.of('real rows')),
    atMost(generated, maxRows, stream.of('generated rows')),
  );
  const [realRadii, densityRadii] = await radii(realRows, [neighbours, densityNeighbours], blockRows);
  const [generatedRadii] = await radii(generatedRows, [neighbours], blockRows);

  let precise = 0;
  let balls = 0;
  const recalled = new Uint8Array(realRows.n);
  const covered = new Uint8Array(realRows.n);
  for await (const { row: g, squaredDistances } of distanceRows(generatedRows, realRows, blockRows)) {
    const reach = generatedRadii[g] as number;
    let isPrecise = false;
    for (let r = 0; r < realRows.n; r++) {
      const squared = squaredDistances[r] as number;
      if (squared <= (realRadii[r] as number)) isPrecise = true;
      if (squared <= reach) recalled[r] = 1;
      if (squared < (densityRadii[r] as number)) {
        balls++;
        covered[r] = 1;
      }
    }
    if (isPrecise) precise++;
  }
  return {
    precision: precise / generatedRows.n,
    recall: ones(recalled) / realRows.n,
    density: balls / (densityNeighbours * generatedRows.n),
    coverage: ones(covered) / realRows.n,
    realRows: realRows.n,
    generatedRows: generatedRows.n,
  };
}

function atMost(features: Features, maxRows: number, stream: Stream): Features {
  if (features.n <= maxRows) return features;
  return gatherFeatures(features, stream.permutation(features.n).slice(0, maxRows));
}

/**
 * Both sets less the mean of the real one. Distances stay the same, but `|a|^2 + |b|^2 - 2 a.b` loses fewer digits to
 * cancellation in float32.
 */
function centred(real: Features, generated: Features): [real: Features, generated: Features] {
  const { n, size } = real;
  const mean = new Float64Array(size);
  for (let i = 0; i < real.values.length; i++) {
    mean[i % size] = (mean[i % size] as number) + (real.values[i] as number) / n;
  }
  const less = (features: Features): Features => ({
    ...features,
    values: features.values.map((value, i) => value - (mean[i % size] as number)),
  });
  return [less(real), less(generated)];
}

/** One row's squared distances, at least 0, to all rows of the other set. The array is filled anew for every row. */
interface DistanceRow {
  readonly row: number;
  /** `[b.n]` */
  readonly squaredDistances: Float64Array;
}

async function* distanceRows(
  a: Features,
  b: Features,
  blockRows: number,
): AsyncGenerator<DistanceRow, void, undefined> {
  const lengthsOfA = squaredLengths(a);
  const lengthsOfB = squaredLengths(b);
  const squaredDistances = new Float64Array(b.n);
  for await (const { start, rows, products } of productBlocks(a, b, blockRows)) {
    for (let offset = 0; offset < rows; offset++) {
      const row = start + offset;
      const length = lengthsOfA[row] as number;
      for (let j = 0; j < b.n; j++) {
        const squared = length + (lengthsOfB[j] as number) - 2 * (products[offset * b.n + j] as number);
        squaredDistances[j] = Math.max(0, squared);
      }
      yield { row, squaredDistances };
    }
  }
}

/** For every k, the squared distances `[n]` of the rows to their k-th nearest other row. */
async function radii<const K extends readonly number[]>(
  features: Features,
  ks: K,
  blockRows: number,
): Promise<{ [I in keyof K]: Float64Array }> {
  const found = ks.map(() => new Float64Array(features.n));
  const most = ks.reduce((largest, k) => Math.max(largest, k), 0);
  const nearest = new Float64Array(most);
  for await (const { row, squaredDistances } of distanceRows(features, features, blockRows)) {
    // Left out by its row and not by its distance, so that a copy of it still is its neighbour.
    squaredDistances[row] = Number.POSITIVE_INFINITY;
    smallest(squaredDistances, nearest);
    ks.forEach((k, i) => {
      (found[i] as Float64Array)[row] = nearest[k - 1] as number;
    });
  }
  return found as { [I in keyof K]: Float64Array };
}

/** Fills `nearest` with the smallest values, in rising order. */
function smallest(values: Float64Array, nearest: Float64Array): void {
  nearest.fill(Number.POSITIVE_INFINITY);
  const last = nearest.length - 1;
  for (const value of values) {
    if (value >= (nearest[last] as number)) continue;
    let place = last;
    while (place > 0 && (nearest[place - 1] as number) > value) {
      nearest[place] = nearest[place - 1] as number;
      place--;
    }
    nearest[place] = value;
  }
}

function ones(flags: Uint8Array): number {
  return flags.reduce((sum, flag) => sum + flag, 0);
}
