/**
 * k-means of weighted rows: centres that lower `sum_i w_i min_c |x_i - c|^2`.
 *
 * Source: Lloyd 1982; Arthur and Vassilvitskii 2007 for the start, one draw a centre.
 */
import * as tf from '@tensorflow/tfjs';
import type { Stream } from '../random.ts';
import { checkInteger } from '../shapes.ts';
import { bringNearer } from './nearest-centre.ts';
import { drawWeighted } from './weighted-draw.ts';

/** Rows whose products with all centres are held at once. */
const BLOCK = 2048;

export interface WeightedRows {
  /** `[n, size]`, row by row. */
  readonly values: Float32Array;
  readonly size: number;
  /** `[n]`, positive; all 1 if left out. */
  readonly weights?: Float64Array;
}

export interface Clusters {
  /** `[k, size]`: means of their rows. */
  readonly centres: Float64Array;
  /** `[n]`: the cluster of each row. */
  readonly assigned: Int32Array;
  /** Whether no row changed its cluster in the last iteration. */
  readonly converged: boolean;
}

/**
 * `k` clusters. Where rows are fewer than clusters, counted without repetitions, some clusters are empty.
 *
 * Each iteration is a matrix product on the backend in float32, `n k size` multiplications; means are taken in float64. A
 * cluster that loses all its rows starts anew at the row farthest from its centre. Memory: a copy of the rows on the
 * backend, and 2048 rows of products.
 *
 * @param start first centres `[k, size]`; drawn from `stream` by k-means++ if left out
 * @throws RangeError if there are fewer rows than clusters
 */
export async function kMeans(
  rows: WeightedRows,
  k: number,
  stream: Stream,
  { iterations = 100, start }: { readonly iterations?: number; readonly start?: Float64Array } = {},
): Promise<Clusters> {
  const { values, size } = rows;
  const n = values.length / size;
  checkInteger('kMeans.k', k, 1);
  if (k > n) throw new RangeError(`kMeans.k: expected at most ${n}, got ${k}`);
  const weights = rows.weights ?? new Float64Array(n).fill(1);
  const centres = start === undefined ? drawCentres(rows, weights, k, stream) : Float64Array.from(start);
  const assigned = new Int32Array(n).fill(-1);
  const origin = meanOf(rows, weights);
  const blocks = centredBlocks(rows, origin);
  let converged = false;
  try {
    for (let iteration = 0; iteration < iterations && !converged; iteration++) {
      converged = !(await assign(blocks, centres, origin, assigned));
      if (!converged) moveCentres(rows, weights, assigned, centres);
    }
  } finally {
    tf.dispose(blocks);
  }
  return { centres, assigned, converged };
}

/** Squared distance of each row to the centre of its cluster, `[n]`, in float64. */
export function ownDistances(
  { values, size }: WeightedRows,
  { centres, assigned }: Pick<Clusters, 'centres' | 'assigned'>,
): Float64Array {
  return Float64Array.from(assigned, (cluster, row) => {
    let squared = 0;
    for (let axis = 0; axis < size; axis++) {
      squared += ((values[row * size + axis] as number) - (centres[cluster * size + axis] as number)) ** 2;
    }
    return squared;
  });
}

/** k-means++: a row by its weight, then rows by their weight times the squared distance to the nearest centre. */
function drawCentres(
  { values, size }: WeightedRows,
  weights: Float64Array,
  k: number,
  stream: Stream,
): Float64Array {
  const centres = new Float64Array(k * size);
  const nearest = new Float64Array(weights.length).fill(Number.POSITIVE_INFINITY);
  for (let cluster = 0; cluster < k; cluster++) {
    const odds = cluster === 0 ? weights : weights.map((weight, row) => weight * (nearest[row] as number));
    // Every row is a centre already: any one will do, and its cluster will be empty.
    const row = drawWeighted(odds, stream) ?? stream.integer(weights.length);
    centres.set(values.subarray(row * size, (row + 1) * size), cluster * size);
    bringNearer(values, size, nearest, row);
  }
  return centres;
}

/** Puts each row to its nearest centre; of equally near ones the first. True if any row moved. */
async function assign(
  blocks: readonly tf.Tensor2D[],
  centres: Float64Array,
  origin: Float64Array,
  assigned: Int32Array,
): Promise<boolean> {
  const size = origin.length;
  const k = centres.length / size;
  const relative = Float32Array.from(centres, (value, at) => value - (origin[at % size] as number));
  const halves = Float32Array.from({ length: k }, (_, cluster) =>
    relative
      .subarray(cluster * size, (cluster + 1) * size)
      .reduce((sum, value) => sum + (value * value) / 2, 0),
  );
  let moved = false;
  let first = 0;
  for (const block of blocks) {
    // |x - c|^2 = |x|^2 - 2 (x . c - |c|^2 / 2), and |x|^2 is the same for every centre.
    const best = tf.tidy(() =>
      tf.argMax(tf.sub(tf.matMul(block, tf.tensor2d(relative, [k, size]), false, true), halves), 1),
    );
    try {
      for (const [at, cluster] of (await best.data<'int32'>()).entries()) {
        if (assigned[first + at] !== cluster) moved = true;
        assigned[first + at] = cluster;
      }
    } finally {
      best.dispose();
    }
    first += block.shape[0];
  }
  return moved;
}

/** Moves each centre to the weighted mean of its rows. */
function moveCentres(
  rows: WeightedRows,
  weights: Float64Array,
  assigned: Int32Array,
  centres: Float64Array,
): void {
  const { values, size } = rows;
  const k = centres.length / size;
  const mass = new Float64Array(k);
  const sums = new Float64Array(centres.length);
  assigned.forEach((cluster, row) => {
    const weight = weights[row] as number;
    mass[cluster] = (mass[cluster] as number) + weight;
    for (let axis = 0; axis < size; axis++) {
      const at = cluster * size + axis;
      sums[at] = (sums[at] as number) + weight * (values[row * size + axis] as number);
    }
  });
  for (let at = 0; at < sums.length; at++) {
    const total = mass[Math.floor(at / size)] as number;
    if (total > 0) centres[at] = (sums[at] as number) / total;
  }
  const empty = [...mass.keys()].filter((cluster) => mass[cluster] === 0);
  if (empty.length === 0) return;
  const distances = ownDistances(rows, { centres, assigned });
  for (const cluster of empty) {
    const farthest = distances.reduce((best, d, row) => (d > (distances[best] as number) ? row : best), 0);
    if (distances[farthest] === 0) return;
    centres.set(values.subarray(farthest * size, (farthest + 1) * size), cluster * size);
    distances[farthest] = 0;
  }
}

/** Rows relative to the origin, about which float32 products lose least, in blocks on the backend. */
function centredBlocks({ values, size }: WeightedRows, origin: Float64Array): tf.Tensor2D[] {
  const blocks: tf.Tensor2D[] = [];
  for (let start = 0; start < values.length; start += BLOCK * size) {
    const block = values.slice(start, start + BLOCK * size);
    for (let at = 0; at < block.length; at++) {
      block[at] = (block[at] as number) - (origin[at % size] as number);
    }
    blocks.push(tf.tensor2d(block, [block.length / size, size]));
  }
  return blocks;
}

function meanOf({ values, size }: WeightedRows, weights: Float64Array): Float64Array {
  const mean = new Float64Array(size);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (let at = 0; at < values.length; at++) {
    const share = (weights[Math.floor(at / size)] as number) / total;
    mean[at % size] = (mean[at % size] as number) + share * (values[at] as number);
  }
  return mean;
}
