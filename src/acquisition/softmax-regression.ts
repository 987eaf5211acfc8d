/**
 * Softmax regression with a squared penalty, to its one minimum, on the host in float64.
 *
 *     minimise over W:   sum_i -ln softmax(x_i W)_{y_i}  +  penalty / 2 |W|^2
 *
 * Source: the limited-memory quasi-Newton method of Nocedal and Wright 2006, "Numerical Optimization", algorithms 7.4 and 3.1.
 */
import { checkInteger } from '../shapes.ts';

/** Steps whose curvature is remembered. */
const MEMORY = 8;
const MOST_STEPS = 1000;
/** The largest entry of the gradient at which the minimum is taken for reached, in nats per unit of a weight. */
const TOLERANCE = 1e-7;
/** Relative error of a loss, a sum of many terms in float64. */
const ROUNDING = 1e-14;

/** Labelled rows. A constant column, if there is to be one, is one of their features, and penalised as they are. */
export interface LabelledRows {
  /** `[n, size]`, row by row. */
  readonly values: Float64Array;
  readonly size: number;
  /** `[n]`, below `classes`. */
  readonly labels: ArrayLike<number>;
  readonly classes: number;
}

/**
 * Weights `[size, classes]` of the minimum. Each step costs `2 n size classes` multiplications.
 *
 * @param start weights to begin at, kept; zeros if left out. The minimum does not depend on it
 * @throws RangeError if the penalty is not positive: without one there may be no minimum
 */
export function fitSoftmax(rows: LabelledRows, penalty: number, start?: Float64Array): Float64Array {
  checkInteger('fitSoftmax.rows.classes', rows.classes, 2);
  if (!(penalty > 0)) throw new RangeError(`fitSoftmax.penalty: expected a positive number, got ${penalty}`);
  let weights: Float64Array =
    start === undefined ? new Float64Array(rows.size * rows.classes) : Float64Array.from(start);
  let { loss, gradient } = lossOf(rows, weights, penalty);
  const pairs: CurvaturePair[] = [];
  for (let step = 0; step < MOST_STEPS && largest(gradient) > TOLERANCE; step++) {
    const direction = towards(gradient, pairs);
    const slope = dot(direction, gradient);
    let length = pairs.length === 0 ? 1 / Math.max(1, largest(gradient)) : 1;
    let next = moved(weights, direction, length);
    let found = lossOf(rows, next, penalty);
    // Armijo's condition, to rounding: near the minimum losses differ by less, and the gradient alone says where it is.
    const most = loss + ROUNDING * Math.abs(loss);
    while (found.loss > most + 1e-4 * length * slope && length > 1e-12) {
      length /= 2;
      next = moved(weights, direction, length);
      found = lossOf(rows, next, penalty);
    }
    if (length <= 1e-12) break;
    const [s, y] = [difference(next, weights), difference(found.gradient, gradient)];
    const curvature = dot(s, y);
    if (curvature > 0) pairs.push({ s, y, curvature });
    if (pairs.length > MEMORY) pairs.shift();
    weights = next;
    ({ loss, gradient } = found);
  }
  return weights;
}

/**
 * Class probabilities `[n, classes]` of rows `[n, size]` under weights `[size, classes]`.
 */
export function softmaxOf(
  values: Float64Array,
  size: number,
  weights: Float64Array,
  classes: number,
): Float64Array {
  const n = values.length / size;
  const probs = new Float64Array(n * classes);
  for (let row = 0; row < n; row++) {
    const own = probs.subarray(row * classes, (row + 1) * classes);
    for (let axis = 0; axis < size; axis++) {
      const value = values[row * size + axis] as number;
      if (value === 0) continue;
      for (let k = 0, at = axis * classes; k < classes; k++, at++) {
        own[k] = (own[k] as number) + value * (weights[at] as number);
      }
    }
    const top = own.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      own[k] = Math.exp((own[k] as number) - top);
      sum += own[k] as number;
    }
    for (let k = 0; k < classes; k++) own[k] = (own[k] as number) / sum;
  }
  return probs;
}

interface CurvaturePair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  /** `s . y`, positive. */
  readonly curvature: number;
}

function lossOf(
  { values, size, labels, classes }: LabelledRows,
  weights: Float64Array,
  penalty: number,
): { loss: number; gradient: Float64Array } {
  const residuals = softmaxOf(values, size, weights, classes);
  const gradient = weights.map((weight) => penalty * weight);
  let loss = (penalty / 2) * dot(weights, weights);
  for (let row = 0; row < labels.length; row++) {
    const own = row * classes + (labels[row] as number);
    loss -= Math.log(Math.max(Number.MIN_VALUE, residuals[own] as number));
    residuals[own] = (residuals[own] as number) - 1;
    for (let axis = 0; axis < size; axis++) {
      const value = values[row * size + axis] as number;
      if (value === 0) continue;
      for (let k = 0, at = axis * classes; k < classes; k++, at++) {
        gradient[at] = (gradient[at] as number) + value * (residuals[row * classes + k] as number);
      }
    }
  }
  return { loss, gradient };
}

/** The direction of descent, by the two loops over the remembered steps. */
function towards(gradient: Float64Array, pairs: readonly CurvaturePair[]): Float64Array {
  let direction: Float64Array = gradient.map((value) => -value);
  const shares: number[] = [];
  for (const { s, y, curvature } of [...pairs].reverse()) {
    const share = dot(s, direction) / curvature;
    shares.push(share);
    direction = moved(direction, y, -share);
  }
  const last = pairs.at(-1);
  if (last !== undefined) {
    const scale = last.curvature / dot(last.y, last.y);
    direction = direction.map((value) => value * scale);
  }
  for (const { s, y, curvature } of pairs) {
    const share = (shares.pop() as number) - dot(y, direction) / curvature;
    direction = moved(direction, s, share);
  }
  return direction;
}

function moved(from: Float64Array, direction: Float64Array, length: number): Float64Array {
  return from.map((value, at) => value + length * (direction[at] as number));
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, at) => value - (b[at] as number));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
