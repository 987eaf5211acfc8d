import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { cholesky, invertLower } from '../../vaal/cholesky.ts';
import { describeRows, fitInterpolator, relateRows } from '../../vaal/interpolator.ts';
import {
  centred,
  type Kernel,
  kernelBlock,
  kernelMatrix,
  medianDistance,
  pickRows,
  type Rows,
  withConstant,
} from '../../vaal/kernels.ts';
import { greedyNormScores, normGrowth } from '../../vaal/norm-score.ts';

beforeAll(() => selectBackend('cpu'));

const SIZE = 3;
const rows = (name: string, n: number): Rows => ({
  values: rootStream(3)
    .of(name)
    .normals(n * SIZE),
  size: SIZE,
});
const points = ({ values, size }: Rows) =>
  Array.from({ length: values.length / size }, (_, row) => [
    ...values.subarray(row * size, (row + 1) * size),
  ]);

/** `x` of `A x = b`, by elimination. */
function solve(matrix: number[][], right: number[]): number[] {
  const a = matrix.map((row, i) => [...row, right[i]!]);
  for (let i = 0; i < a.length; i++) {
    const pivot = a
      .slice(i)
      .reduce((best, row, at) => (Math.abs(row[i]!) > Math.abs(a[best]![i]!) ? i + at : best), i);
    [a[i], a[pivot]] = [a[pivot]!, a[i]!];
    for (let j = i + 1; j < a.length; j++) {
      const factor = a[j]![i]! / a[i]![i]!;
      for (let k = i; k <= a.length; k++) a[j]![k]! -= factor * a[i]![k]!;
    }
  }
  const x = new Array<number>(a.length).fill(0);
  for (let i = a.length - 1; i >= 0; i--) {
    x[i] =
      (a[i]!.at(-1)! - a[i]!.slice(i + 1, -1).reduce((sum, value, k) => sum + value * x[i + 1 + k]!, 0)) /
      a[i]![i]!;
  }
  return x;
}

const kernelOf = (kernel: Kernel, a: number[], b: number[]) => {
  if (kernel.kind === 'linear') return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const d = Math.hypot(...a.map((value, i) => value - b[i]!));
  return kernel.kind === 'laplace'
    ? Math.exp(-d / kernel.width)
    : Math.exp(-(d ** 2) / (2 * kernel.width ** 2));
};

interface Fit {
  /** The least sum. */
  readonly norm: number;
  readonly at: (x: number[]) => number[];
}

/** The definition: a ridge fit of each class against the rest, solved anew. */
function fitAnew(kernel: Kernel, known: number[][], labels: number[], classes: number, lambda: number): Fit {
  const matrix = known.map((a, i) => known.map((b, j) => kernelOf(kernel, a, b) + (i === j ? lambda : 0)));
  const targets = Array.from({ length: classes }, (_, k) => labels.map((label) => (label === k ? 1 : -1)));
  const weights = targets.map((target) => solve(matrix, target));
  return {
    norm: targets.reduce((sum, target, k) => sum + target.reduce((s, y, i) => s + y * weights[k]![i]!, 0), 0),
    at: (x) => weights.map((of) => of.reduce((sum, w, i) => sum + w * kernelOf(kernel, known[i]!, x), 0)),
  };
}

interface Case {
  readonly kernel: Kernel;
  readonly classes: number;
  readonly labels: number[];
  readonly labelled: Rows;
  readonly pool: Rows;
  readonly references: Rows;
}
const cases: [string, Case][] = (
  [
    ['laplace', { kind: 'laplace', width: 1.3 }, 3],
    ['gaussian', { kind: 'gaussian', width: 0.9 }, 2],
    ['linear', { kind: 'linear' }, 3],
  ] as [string, Kernel, number][]
).map(([name, kernel, classes]) => {
  const made = (of: string, n: number) =>
    kernel.kind === 'linear' ? withConstant(rows(of, n)) : rows(of, n);
  const labels = [0, 1, 0, 1, classes - 1, 0, 1];
  return [
    name,
    {
      kernel,
      classes,
      labels,
      labelled: made('labelled', 7),
      pool: made('pool', 9),
      references: made('references', 5),
    },
  ];
});
const RIDGE = 0.01;
const interpolate = ({ kernel, classes, labels, labelled }: Case) =>
  fitInterpolator({ kernel, rows: labelled, labels: Uint8Array.from(labels), classes, ridge: RIDGE });

/** Growth of a row by the definition: both functions fitted, over all labels. */
function growthByFits(
  of: Case,
  known: number[][],
  labels: number[],
  lambda: number,
  u: number[],
  norm: 'data' | 'function',
) {
  const before = fitAnew(of.kernel, known, labels, of.classes, lambda);
  const after = Array.from({ length: of.classes }, (_, y) => ({
    y,
    ...fitAnew(of.kernel, [...known, u], [...labels, y], of.classes, lambda),
  }));
  const best = after.reduce((least, one) => (one.norm < least.norm ? one : least));
  if (norm === 'function') return { growth: best.norm - before.norm, label: best.y };
  const references = points(of.references);
  const squares = references.map((v) =>
    best.at(v).reduce((sum, value, k) => sum + (value - before.at(v)[k]!) ** 2, 0),
  );
  return { growth: squares.reduce((sum, value) => sum + value, 0) / references.length, label: best.y };
}

describe.each(cases)('with a %s kernel', (_, of) => {
  const near = (got: number, wanted: number, share = 1e-6): void => {
    expect(Math.abs(got - wanted)).toBeLessThan(share * (1 + Math.abs(wanted)));
  };

  test('the interpolator and its norm are those of solving anew', () => {
    const { lambda, squaredNorm, ...rest } = interpolate(of);
    const wanted = fitAnew(of.kernel, points(of.labelled), of.labels, of.classes, lambda);
    near(squaredNorm, wanted.norm);
    const { values } = relateRows({ lambda, squaredNorm, ...rest }, of.pool, of.references);
    points(of.pool).forEach((u, row) => {
      wanted.at(u).forEach((value, k) => {
        near(values[row * of.classes + k]!, value);
      });
    });
  });

  test.each(['data', 'function'] as const)(
    'growths of the %s norm are those of fitting every label of every row',
    (norm) => {
      const interpolator = interpolate(of);
      const { lambda } = interpolator;
      const { values, residuals, products } = relateRows(interpolator, of.pool, of.references);
      points(of.pool).forEach((u, row) => {
        const own = values.subarray(row * of.classes, (row + 1) * of.classes);
        const got = normGrowth(norm, own, residuals[row * 10]! + lambda, products[row * 10]!);
        const { growth, label } = growthByFits(of, points(of.labelled), of.labels, lambda, u, norm);
        near(got, growth);
        expect(own.indexOf(Math.max(...own))).toBe(label);
      });
    },
  );

  test.each(['data', 'function'] as const)(
    'a batch by the %s norm is what fitting anew after every row takes',
    (norm) => {
      const interpolator = interpolate(of);
      const { lambda } = interpolator;
      const relations = relateRows(interpolator, of.pool, of.references);
      const got = greedyNormScores(relations, { classes: of.classes, lambda, norm }, 5, [...Array(9).keys()]);
      const known = points(of.labelled);
      const labels = [...of.labels];
      const taken: number[] = [];
      while (taken.length < 5) {
        const growths = points(of.pool).map((u, row) =>
          taken.includes(row) ? { growth: -1, label: 0 } : growthByFits(of, known, labels, lambda, u, norm),
        );
        const best = growths.reduce(
          (most, { growth }, row) => (growth > growths[most]!.growth ? row : most),
          0,
        );
        taken.push(best);
        known.push(points(of.pool)[best]!);
        labels.push(growths[best]!.label);
      }
      expect(got).toEqual(taken);
    },
  );

  test('figures of many rows on the backend are those of few rows in float64', async () => {
    const interpolator = interpolate(of);
    const before = tf.memory().numTensors;
    const { values, slack, spread } = await describeRows(interpolator, of.pool, of.references);
    expect(tf.memory().numTensors).toBe(before);
    const exact = relateRows(interpolator, of.pool, of.references);
    values.forEach((value, at) => {
      near(value, exact.values[at]!, 1e-3);
    });
    slack.forEach((value, row) => {
      near(value, exact.residuals[row * 10]! + interpolator.lambda, 1e-3);
    });
    spread.forEach((value, row) => {
      near(value, exact.products[row * 10]!, 1e-3);
    });
  });

  test('kernels on the backend are those in float64', async () => {
    const exact = kernelMatrix(of.kernel, of.pool, of.labelled);
    const tensor = ({ values, size }: Rows) => tf.tensor2d(values, [values.length / size, size]);
    const block = await kernelBlock(of.kernel, tensor(of.pool), tensor(of.labelled)).data();
    points(of.pool).forEach((a, i) => {
      points(of.labelled).forEach((b, j) => {
        near(exact[i * 7 + j]!, kernelOf(of.kernel, a, b), 1e-12);
      });
    });
    block.forEach((value, at) => {
      near(value, exact[at]!, 1e-4);
    });
  });
});

test('a label that is certain already changes nothing, one that is open all the more the less is known near it', () => {
  expect(normGrowth('function', [1, -1], 0.5, 0.1)).toBe(0);
  expect(normGrowth('function', [0, 0], 0.5, 0.1)).toBe(4);
  expect(normGrowth('data', [0, 0], 0.5, 0.1)).toBeCloseTo(0.8, 12);
});

test('equal growths are taken by the random order, and no more rows than there are', () => {
  const n = 4;
  const relations = {
    values: new Float64Array(2 * n),
    residuals: Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0)),
    products: new Float64Array(n * n),
  };
  const options = { classes: 2, lambda: 0.1, norm: 'function' } as const;
  expect(greedyNormScores(relations, options, 4, [2, 0, 3, 1])).toEqual([1, 3, 0, 2]);
  expect(() => greedyNormScores(relations, options, 5, [0, 1, 2, 3])).toThrow(
    'greedyNormScores.count: expected at most 4, got 5',
  );
});

test('a triangle is the root of a positive definite matrix, and its inverse undoes it', () => {
  const matrix = Float64Array.from([4, 2, 0.6, 2, 5, 1, 0.6, 1, 3]);
  const lower = cholesky(matrix, 3);
  const inverse = invertLower(lower, 3);
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) {
      let [product, identity] = [0, 0];
      for (let k = 0; k < 3; k++) {
        product += lower[i * 3 + k]! * lower[j * 3 + k]!;
        identity += inverse[i * 3 + k]! * lower[k * 3 + j]!;
      }
      expect(product).toBeCloseTo(matrix[i * 3 + j]!, 12);
      expect(identity).toBeCloseTo(i === j ? 1 : 0, 12);
    }
  }
  expect(() => cholesky(Float64Array.from([1, 2, 2, 1]), 2)).toThrow(
    'cholesky.matrix: expected a positive definite matrix, got pivot -3 in row 1',
  );
});

test('rows are picked, centred and given a constant; the width is the median distance', () => {
  const three: Rows = { values: Float32Array.from([0, 0, 3, 4, 6, 8]), size: 2 };
  expect([...pickRows(three, [2, 0]).values]).toEqual([6, 8, 0, 0]);
  expect([...withConstant(three).values]).toEqual([0, 0, 1, 3, 4, 1, 6, 8, 1]);
  expect([...centred(three, three).values]).toEqual([-3, -4, 0, 0, 3, 4]);
  expect(medianDistance(three)).toBe(5);
  expect(medianDistance({ values: new Float32Array(6), size: 2 })).toBe(1);
});
