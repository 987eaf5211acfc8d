/**
 * Label propagation: labels spread from labelled rows to all others along a graph of near neighbours in feature space.
 *
 *     a_ij = max(0, v_i . v_j)^gamma  where j is one of the k nearest of i, else 0      v = h / |h|, i not j
 *     W = A + A^T,   S = D^-1/2 W D^-1/2,   D the row sums of W
 *     (I - alpha S) F = Y                   column c of Y: 1 / n_c on the labelled rows of class c
 *     pseudo-label i = argmax_c F_ic,       weight i = 1 - H(F_i / sum F_i) / ln C
 *
 * Source: Iscen, Tolias, Avrithis and Chum 2019, "Label propagation for deep semi-supervised learning" (CVPR), equations 5 to
 * 11; Zhou et al. 2003 for the diffusion; in active learning Siméoni, Budnik, Avrithis and Gravier 2021, "Rethinking deep
 * active learning".
 * Reference code: ahmetius/LP-DeepSSL `lp/db_semisuper.py`, for `gamma` 3, `k` 50, `alpha` 0.99, columns of Y that sum to 1,
 * and weights divided by the largest.
 * Differs: none in the formulas. Conjugate gradients end at the tolerance, which theirs (20 steps) may not reach.
 */
import { buildIndex } from '../../matching/indexes/build.ts';
import { IndexConfig } from '../../matching/indexes/config.ts';
import type { Stream } from '../random.ts';
import { checkInteger } from '../shapes.ts';
import { unitRows } from './unit-rows.ts';

export interface PropagationOptions {
  /** Neighbours of a row, itself left out. */
  readonly neighbours?: number;
  /** Power of the cosine. */
  readonly gamma?: number;
  /** How far labels spread, in [0, 1). */
  readonly alpha?: number;
  /** How neighbours are found; exactly if left out. */
  readonly index?: IndexConfig;
}

export const PROPAGATION_DEFAULTS = { neighbours: 50, gamma: 3, alpha: 0.99 } as const;

/** A symmetric matrix without diagonal, its rows one after another. */
export interface SparseMatrix {
  readonly n: number;
  /** `[n + 1]`: where each row's entries begin. */
  readonly starts: Uint32Array;
  readonly columns: Uint32Array;
  readonly values: Float64Array;
}

export interface Propagated {
  /** `[n, classes]`, at least 0: how much of each class arrived. */
  readonly scores: Float64Array;
  /** `[n]`: the class of which most arrived; of equal ones, and where nothing arrived, the first. */
  readonly labels: Uint8Array;
  /** `[n]` in [0, 1]: 1 for the surest rows, 0 where all classes arrived alike or nothing did. */
  readonly weights: Float64Array;
}

/** A residual this small, relative to the right side, ends the conjugate gradients. */
const TOLERANCE = 1e-6;
/**
 * Steps of conjugate gradients at most. The bound `sqrt(k) / 2 ln(2 / tolerance)` with the condition number
 * `k = (1 + alpha) / (1 - alpha)` is 103 at `alpha` 0.99.
 */
const MOST_STEPS = 1000;

/**
 * The normalised graph `S` of rows of features. A row of zeros has no neighbours, and nothing arrives there.
 *
 * Neighbours by an exact index, unless another is asked for: `n^2 size` multiplications in blocks on the backend. Memory: about
 * `50 neighbours` bytes a row while it is made, and up to `24 neighbours` afterwards.
 *
 * @param features `[n, size]`
 * @param stream not moved; what an index draws comes from below it
 */
export async function neighbourGraph(
  features: Float32Array,
  size: number,
  stream: Stream,
  {
    neighbours = PROPAGATION_DEFAULTS.neighbours,
    gamma = PROPAGATION_DEFAULTS.gamma,
    index: kind = IndexConfig.parse({ kind: 'exact' }),
  }: PropagationOptions = {},
): Promise<SparseMatrix> {
  checkInteger('neighbourGraph.neighbours', neighbours, 1);
  const n = features.length / size;
  const k = Math.min(neighbours, n - 1);
  const values = unitRows(features, size);
  const index = await buildIndex(kind, { values, size }, stream);
  try {
    const { rows } = await index.search(values, k + 1);
    return normalisedGraph(affinities(values, size, rows, k, gamma));
  } finally {
    index.dispose();
  }
}

/**
 * Spreads labels over a graph.
 *
 * Cost: `classes` solutions by conjugate gradients, each step one pass over the graph. Memory: `8 (classes + 5)` bytes a row.
 *
 * @param labelled rows and their classes
 * @throws RangeError if there is no label, a row or class does not exist, or alpha is not in [0, 1)
 */
export function propagateLabels(
  graph: SparseMatrix,
  labelled: { readonly rows: readonly number[]; readonly labels: ArrayLike<number> },
  classes: number,
  { alpha = PROPAGATION_DEFAULTS.alpha }: PropagationOptions = {},
): Propagated {
  checkInteger('propagateLabels.classes', classes, 2);
  if (!(alpha >= 0 && alpha < 1)) {
    throw new RangeError(`propagateLabels.alpha: expected a number in [0, 1), got ${alpha}`);
  }
  const byClass: number[][] = Array.from({ length: classes }, () => []);
  labelled.rows.forEach((row, at) => {
    const label = labelled.labels[at] as number;
    if (!(row >= 0 && row < graph.n) || byClass[label] === undefined) {
      throw new RangeError(
        `propagateLabels.labelled: expected rows below ${graph.n} and classes below ${classes}, got row ${row} of class ${label}`,
      );
    }
    byClass[label].push(row);
  });
  if (labelled.rows.length === 0) throw new RangeError('propagateLabels.labelled: expected labels, got none');

  const scores = new Float64Array(graph.n * classes);
  byClass.forEach((rows, label) => {
    if (rows.length === 0) return;
    const right = new Float64Array(graph.n);
    for (const row of rows) right[row] = 1 / rows.length;
    const solution = solve(graph, alpha, right);
    // Exactly there is nothing below 0; what is, is the solver's remainder.
    for (let row = 0; row < graph.n; row++)
      scores[row * classes + label] = Math.max(0, solution[row] as number);
  });
  return { scores, ...judge(scores, classes) };
}

function judge(scores: Float64Array, classes: number): Pick<Propagated, 'labels' | 'weights'> {
  const n = scores.length / classes;
  const labels = new Uint8Array(n);
  const weights = new Float64Array(n);
  for (let row = 0; row < n; row++) {
    const own = scores.subarray(row * classes, (row + 1) * classes);
    const sum = own.reduce((total, score) => total + score, 0);
    if (sum === 0) continue;
    labels[row] = own.indexOf(Math.max(...own));
    const entropy = own.reduce(
      (total, score) => (score > 0 ? total - (score / sum) * Math.log(score / sum) : total),
      0,
    );
    weights[row] = Math.max(0, 1 - entropy / Math.log(classes));
  }
  const largest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  return { labels, weights: largest > 0 ? weights.map((weight) => weight / largest) : weights };
}

/** `W = A + A^T` of the `k + 1` nearest of each row, the row itself among them or beaten by equal ones. */
function affinities(
  values: Float32Array,
  size: number,
  nearest: ArrayLike<number>,
  k: number,
  gamma: number,
): SparseMatrix {
  const n = values.length / size;
  /** `[n, k]`: the neighbours of each row that are joined to it, then -1, and how strongly. */
  const joined = new Int32Array(n * k).fill(-1);
  const strengths = new Float64Array(n * k);
  const rowOf = (row: number) => values.subarray(row * size, (row + 1) * size);
  for (let row = 0; row < n; row++) {
    let taken = 0;
    let next = row * k;
    for (let at = row * (k + 1); at < (row + 1) * (k + 1) && taken < k; at++) {
      const other = nearest[at] as number;
      if (other === row) continue;
      taken++;
      const cosine = dot(rowOf(row), rowOf(other));
      if (cosine <= 0) continue;
      joined[next] = other;
      strengths[next++] = cosine ** gamma;
    }
  }
  return symmetric(n, k, joined, strengths);
}

/** Both directions of each join: twice its strength where either row names the other, once where one alone does. */
function symmetric(n: number, k: number, joined: Int32Array, strengths: Float64Array): SparseMatrix {
  /** The strength that `row` joins `other` with, 0 if it does not. */
  const strength = (row: number, other: number): number => {
    for (let at = row * k; at < (row + 1) * k && joined[at] !== -1; at++) {
      if (joined[at] === other) return strengths[at] as number;
    }
    return 0;
  };
  const back = Float64Array.from(joined, (other, at) =>
    other < 0 ? 0 : strength(other, Math.floor(at / k)),
  );
  const starts = new Uint32Array(n + 1);
  const more = (row: number): void => {
    starts[row + 1] = (starts[row + 1] as number) + 1;
  };
  joined.forEach((other, at) => {
    if (other < 0) return;
    more(Math.floor(at / k));
    if (back[at] === 0) more(other);
  });
  for (let row = 0; row < n; row++) starts[row + 1] = (starts[row + 1] as number) + (starts[row] as number);
  const columns = new Uint32Array(starts[n] as number);
  const values = new Float64Array(columns.length);
  const next = Uint32Array.from(starts);
  const put = (row: number, column: number, value: number): void => {
    const at = next[row] as number;
    columns[at] = column;
    values[at] = value;
    next[row] = at + 1;
  };
  joined.forEach((other, at) => {
    if (other < 0) return;
    const row = Math.floor(at / k);
    const value = (strengths[at] as number) + (back[at] as number);
    put(row, other, value);
    if (back[at] === 0) put(other, row, value);
  });
  return { n, starts, columns, values };
}

/** `D^-1/2 W D^-1/2`; rows without entries stay without. */
export function normalisedGraph({ n, starts, columns, values }: SparseMatrix): SparseMatrix {
  const scales = new Float64Array(n);
  for (let row = 0; row < n; row++) {
    const sum = values.subarray(starts[row], starts[row + 1]).reduce((total, value) => total + value, 0);
    scales[row] = sum > 0 ? 1 / Math.sqrt(sum) : 0;
  }
  const scaled = Float64Array.from(values);
  for (let row = 0; row < n; row++) {
    for (let at = starts[row] as number; at < (starts[row + 1] as number); at++) {
      scaled[at] =
        (values[at] as number) * (scales[row] as number) * (scales[columns[at] as number] as number);
    }
  }
  return { n, starts, columns, values: scaled };
}

/** `(I - alpha S) x = right` by conjugate gradients: the matrix is symmetric and positive definite, since |S| is at most 1. */
function solve(graph: SparseMatrix, alpha: number, right: Float64Array): Float64Array {
  const solution = new Float64Array(graph.n);
  const residual = Float64Array.from(right);
  let direction = Float64Array.from(right);
  let squared = dot(residual, residual);
  const enough = TOLERANCE ** 2 * squared;
  for (let step = 0; step < MOST_STEPS && squared > enough; step++) {
    const image = diffused(graph, alpha, direction);
    const length = squared / dot(direction, image);
    for (let row = 0; row < graph.n; row++) {
      solution[row] = (solution[row] as number) + length * (direction[row] as number);
      residual[row] = (residual[row] as number) - length * (image[row] as number);
    }
    const next = dot(residual, residual);
    const turn = next / squared;
    direction = direction.map((value, row) => (residual[row] as number) + turn * value);
    squared = next;
  }
  return solution;
}

/** `(I - alpha S) x` */
function diffused(
  { n, starts, columns, values }: SparseMatrix,
  alpha: number,
  x: Float64Array,
): Float64Array {
  const image = new Float64Array(n);
  for (let row = 0; row < n; row++) {
    let sum = 0;
    for (let at = starts[row] as number; at < (starts[row + 1] as number); at++) {
      sum += (values[at] as number) * (x[columns[at] as number] as number);
    }
    image[row] = (x[row] as number) - alpha * sum;
  }
  return image;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
