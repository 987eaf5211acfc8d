/**
 * One linear support vector machine, two classes, solved exactly.
 *
 * With `x` extended by a constant feature of value `biasScale`, so that the bias is `biasScale` times its weight:
 *
 *   min_w  P(w) = 1/2 |w|^2 + C sum_i loss(y_i w . x_i),   loss(m) = max(0, 1 - m) or max(0, 1 - m)^2
 *   max_a  D(a) = sum_i a_i - 1/2 |w(a)|^2 - d/2 sum_i a_i^2,   w(a) = sum_i a_i y_i x_i,   0 <= a_i <= U
 *
 * with `U = C, d = 0` for the hinge and `U = infinity, d = 1 / (2 C)` for its square.
 *
 * Source: Hsieh, Chang, Lin, Keerthi and Sundararajan 2008, "A dual coordinate descent method for large-scale
 * linear SVM", Algorithm 1, random permutations of section 3.2; the constant feature is LIBLINEAR's `-B`.
 * Differs: no shrinking (3.2), and a fixed number of coordinate steps in place of a tolerance.
 */
import type { Stream } from '../random.ts';
import { checkInteger } from '../shapes.ts';

export interface DualDescentOptions {
  readonly loss: 'hinge' | 'squared-hinge';
  /** Weight of the summed losses against `1/2 |w|^2`. */
  readonly C: number;
  /** Value of the constant feature. */
  readonly biasScale: number;
  /** Coordinate steps; one visits one row. */
  readonly updates: number;
  /** Orders of the rows: pass `k` uses `order.of(k)`, so the stream itself does not move. */
  readonly order: Stream;
}

export interface Hyperplane {
  /** `[size]` */
  readonly weights: Float64Array;
  readonly bias: number;
  /** `P(w)`, the objective reached; an upper bound of the optimum. */
  readonly primal: number;
  /** `D(a)`, a lower bound of the optimum: `primal - dual >= 0` bounds the error of both. */
  readonly dual: number;
}

/**
 * Fits `f(x) = weights . x + bias` by dual coordinate descent, in float64.
 *
 * Rows that are all of one sign have the hyperplane `weights = 0, bias = that sign`: without a penalty on the
 * bias it is the optimum, and the one with the smallest bias.
 *
 * @param rows `[n, size]`, row-major
 * @param targets `[n]`, each 1 or -1
 * @throws RangeError if there is no row, `rows` and `targets` disagree, or a target is neither 1 nor -1
 */
export function fitHyperplane(
  rows: Float32Array,
  targets: Int8Array,
  { loss, C, biasScale, updates, order }: DualDescentOptions,
): Hyperplane {
  const n = targets.length;
  if (n === 0 || rows.length === 0 || rows.length % n !== 0) {
    throw new RangeError(
      `fitHyperplane.rows: expected one row for each of ${n} targets, got ${rows.length} values`,
    );
  }
  checkInteger('fitHyperplane.updates', updates, 1);
  for (const target of targets) {
    if (target !== 1 && target !== -1) {
      throw new RangeError(`fitHyperplane.targets: expected 1 or -1, got ${target}`);
    }
  }
  const size = rows.length / n;
  const sign = targets[0] as number;
  if (targets.every((target) => target === sign)) {
    // |bias| = 1 meets every margin, so the loss is zero and only the penalty on the bias is left.
    const value = 0.5 / biasScale ** 2;
    return { weights: new Float64Array(size), bias: sign, primal: value, dual: value };
  }

  const upper = loss === 'hinge' ? C : Number.POSITIVE_INFINITY;
  const diagonal = loss === 'hinge' ? 0 : 1 / (2 * C);
  const curvatures = new Float64Array(n); // Q_ii + d
  for (let i = 0; i < n; i++) {
    let squared = biasScale * biasScale + diagonal;
    for (let j = i * size; j < (i + 1) * size; j++) squared += (rows[j] as number) ** 2;
    curvatures[i] = squared;
  }

  const alphas = new Float64Array(n);
  const weights = new Float64Array(size);
  let biasWeight = 0;
  for (let pass = 0, done = 0; done < updates; pass++) {
    const permutation = order.of(pass).permutation(n);
    const steps = Math.min(n, updates - done);
    for (let step = 0; step < steps; step++) {
      const i = permutation[step] as number;
      const target = targets[i] as number;
      const alpha = alphas[i] as number;
      const decision = dot(weights, rows, i * size, size) + biasWeight * biasScale;
      const gradient = target * decision - 1 + diagonal * alpha;
      const moved = Math.min(Math.max(alpha - gradient / (curvatures[i] as number), 0), upper);
      if (moved === alpha) continue;
      const change = (moved - alpha) * target;
      alphas[i] = moved;
      biasWeight += change * biasScale;
      for (let j = 0, at = i * size; j < size; j++, at++) {
        weights[j] = (weights[j] as number) + change * (rows[at] as number);
      }
    }
    done += steps;
  }

  let halfNorm = 0.5 * biasWeight * biasWeight;
  for (const weight of weights) halfNorm += 0.5 * weight * weight;
  let losses = 0;
  let dual = -halfNorm;
  for (let i = 0; i < n; i++) {
    const decision = dot(weights, rows, i * size, size) + biasWeight * biasScale;
    const slack = Math.max(0, 1 - (targets[i] as number) * decision);
    losses += loss === 'hinge' ? slack : slack * slack;
    const alpha = alphas[i] as number;
    dual += alpha - 0.5 * diagonal * alpha * alpha;
  }
  return { weights, bias: biasWeight * biasScale, primal: halfNorm + C * losses, dual };
}

function dot(weights: Float64Array, rows: Float32Array, start: number, size: number): number {
  // Four sums in place of one: the additions of one sum wait for each other.
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  const whole = size - (size % 4);
  for (let j = 0, at = start; j < whole; j += 4, at += 4) {
    first += (weights[j] as number) * (rows[at] as number);
    second += (weights[j + 1] as number) * (rows[at + 1] as number);
    third += (weights[j + 2] as number) * (rows[at + 2] as number);
    fourth += (weights[j + 3] as number) * (rows[at + 3] as number);
  }
  for (let j = whole; j < size; j++) first += (weights[j] as number) * (rows[start + j] as number);
  return first + second + (third + fourth);
}
