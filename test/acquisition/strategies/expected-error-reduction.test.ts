import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { lastLayerMap } from '../../../src/acquisition/last-layer-rows.ts';
import { fitSoftmax, softmaxOf } from '../../../src/acquisition/softmax-regression.ts';
import {
  createExpectedErrorReduction,
  expectedErrors,
} from '../../../src/acquisition/strategies/expected-error-reduction.ts';
import { ExpectedErrorReductionConfig } from '../../../src/acquisition/strategies/expected-error-reduction-config.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { rootStream } from '../../../src/random.ts';
import { keepsItsPromises } from './pool-strategy-promises.ts';

const reference = JSON.parse(
  readFileSync(new URL('../../fixtures/active-learning/expected-error.json', import.meta.url), 'utf8'),
) as {
  readonly size: number;
  readonly classes: number;
  readonly penalty: number;
  readonly labelled: readonly number[];
  readonly labels: readonly number[];
  readonly pool: readonly number[];
  readonly weights: readonly number[];
  readonly errors: Readonly<Record<'log' | 'zero-one', readonly number[]>>;
};
const { size, classes, penalty } = reference;
const labelled = {
  values: Float64Array.from(reference.labelled),
  size,
  labels: Uint8Array.from(reference.labels),
  classes,
};
const pool = Float64Array.from(reference.pool);
const every = Array.from({ length: pool.length / size }, (_, row) => row);

beforeAll(() => selectBackend('cpu'));

/** Plain descent from zeros, thousands of steps. */
function slowly(rows: { values: number[][]; labels: number[] }): number[][] {
  let weights = Array.from({ length: size }, () => new Array<number>(classes).fill(0));
  for (let step = 0; step < 4000; step++) {
    const gradient = weights.map((row) => row.map((weight) => penalty * weight));
    rows.values.forEach((x, at) => {
      const scores = weights[0]!.map((_, k) =>
        x.reduce((sum, value, axis) => sum + value * weights[axis]![k]!, 0),
      );
      const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
      scores.forEach((score, k) => {
        const residual = Math.exp(score) / sum - (k === rows.labels[at] ? 1 : 0);
        for (const [axis, value] of x.entries()) gradient[axis]![k]! += value * residual;
      });
    });
    weights = weights.map((row, axis) => row.map((weight, k) => weight - 0.05 * gradient[axis]![k]!));
  }
  return weights;
}

describe('softmax regression', () => {
  test("ends at scikit-learn's weights, from wherever it starts", () => {
    const start = Float64Array.from(rootStream(1).normals(size * classes));
    for (const weights of [fitSoftmax(labelled, penalty), fitSoftmax(labelled, penalty, start)]) {
      weights.forEach((weight, at) => {
        expect(Math.abs(weight - reference.weights[at]!)).toBeLessThan(1e-6);
      });
    }
  });

  test('brings the gradient to 0 also where the loss is too large to show the last steps', () => {
    const [n, width, kinds] = [100, 17, 10];
    const stream = rootStream(1);
    const values = Float64Array.from(stream.of('values').normals(n * width));
    const labels = Array.from({ length: n }, () => stream.integer(kinds));
    const fitted = { values, size: width, labels, classes: kinds };
    for (let changed = 0; changed < 10; changed++) {
      labels[changed] = (labels[changed]! + 1) % kinds;
      const weights = fitSoftmax(fitted, 1);
      const gradient = Array.from(weights); // the penalty's part
      softmaxOf(values, width, weights, kinds).forEach((p, at) => {
        const [row, k] = [Math.floor(at / kinds), at % kinds];
        const residual = p - (labels[row] === k ? 1 : 0);
        for (let axis = 0; axis < width; axis++) {
          gradient[axis * kinds + k]! += residual * values[row * width + axis]!;
        }
      });
      expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(2e-7);
    }
  });

  test('does not halve its steps to nothing where the loss is too large to show them', () => {
    const [n, width, kinds] = [100, 17, 10];
    const stream = rootStream(1);
    const values = Float64Array.from(stream.of('values').normals(n * width));
    const drawn = Array.from({ length: n }, () => stream.integer(kinds));
    // The loss reads each label once: reading the first counts its evaluations.
    let evaluations = 0;
    const labels = new Proxy(drawn, {
      get: (of, key) => {
        if (key === '0') evaluations++;
        return Reflect.get(of, key);
      },
    });
    const fits = 10;
    for (let changed = 0; changed < fits; changed++) {
      drawn[changed] = (drawn[changed]! + 1) % kinds;
      fitSoftmax({ values, size: width, labels, classes: kinds }, 1);
    }
    expect(evaluations).toBeGreaterThan(10 * fits);
    expect(evaluations).toBeLessThan(100 * fits);
  });

  test('stays finite where rows are large, and refuses to go without a penalty', () => {
    const large = { ...labelled, values: labelled.values.map((value) => 1e4 * value) };
    expect(fitSoftmax(large, 1e-3).every(Number.isFinite)).toBe(true);
    expect(() => fitSoftmax(labelled, 0)).toThrow(
      new RangeError('fitSoftmax.penalty: expected a positive number, got 0'),
    );
  });
});

describe('expected errors', () => {
  test.each(['log', 'zero-one'] as const)("are modAL's on scikit-learn's regression: %s", (loss) => {
    const found = expectedErrors(labelled, pool, every, every, { loss, penalty });
    found.forEach((error, row) => {
      expect(Math.abs(error - reference.errors[loss][row]!)).toBeLessThan(1e-6);
    });
  });

  test('are those of training anew, slowly, for each candidate and class', () => {
    const rowOf = (values: ArrayLike<number>, row: number) =>
      Array.from({ length: size }, (_, axis) => values[row * size + axis]!);
    const before = slowly({
      values: reference.labels.map((_, row) => rowOf(labelled.values, row)),
      labels: [...labelled.labels],
    });
    const probsOf = (x: number[], weights: number[][]) =>
      softmaxOf(Float64Array.from(x), size, Float64Array.from(weights.flat()), classes);
    const found = expectedErrors(labelled, pool, [0, 3], [0, 1, 2, 5], { loss: 'log', penalty });
    for (const [at, candidate] of [0, 3].entries()) {
      const others = [0, 1, 2, 5].filter((row) => row !== candidate);
      let expected = 0;
      probsOf(rowOf(pool, candidate), before).forEach((p, label) => {
        const after = slowly({
          values: [...reference.labels.map((_, row) => rowOf(labelled.values, row)), rowOf(pool, candidate)],
          labels: [...labelled.labels, label],
        });
        const entropy = others
          .flatMap((row) => [...probsOf(rowOf(pool, row), after)])
          .reduce((sum, q) => sum - q * Math.log(q), 0);
        expected += (p * entropy) / others.length;
      });
      expect(Math.abs(found[at]! - expected)).toBeLessThan(1e-6);
    }
  });
});

describe('the inputs of the last layer', () => {
  const features = rootStream(3).normals(50 * 6);

  test('are the features in units of their root mean square, and a constant', () => {
    const map = lastLayerMap(features, 6, 6, rootStream(1));
    const rows = map.rows(features);
    expect(map.size).toBe(7);
    const scale = Math.sqrt(features.reduce((sum, value) => sum + value * value, 0) / features.length);
    expect(rows[0]).toBeCloseTo(features[0]! / scale, 6);
    expect(rows[7 + 2]).toBeCloseTo(features[6 + 2]! / scale, 6);
    expect([rows[6], rows[13]]).toEqual([1, 1]);
  });

  test('keep all inner products where the rows lie in as few directions as are kept', () => {
    // Six features of two directions.
    const plane = Float32Array.from({ length: 50 * 6 }, (_, at) => {
      const row = Math.floor(at / 6);
      return features[2 * row]! * Math.sin(at % 6) + features[2 * row + 1]! * Math.cos(2 * (at % 6));
    });
    const map = lastLayerMap(plane, 6, 3, rootStream(1));
    expect(map.size).toBe(3);
    const rows = map.rows(plane);
    const product = (values: ArrayLike<number>, width: number, a: number, b: number) =>
      Array.from({ length: width }, (_, axis) => values[a + axis]! * values[b + axis]!).reduce(
        (s, v) => s + v,
        0,
      );
    const ratio = product(rows, 2, 0, 0) / product(plane, 6, 0, 0);
    for (let row = 1; row < 50; row++) {
      expect(product(rows, 2, 0, 3 * row)).toBeCloseTo(ratio * product(plane, 6, 0, 6 * row), 4);
    }
  });
});

describe('expected-error-reduction', () => {
  const config = (options: object = {}) =>
    ExpectedErrorReductionConfig.parse({ subset: 8, evaluated: 10, components: 3, ...options });
  keepsItsPromises(() => createExpectedErrorReduction(config()), { sameForAnyStream: false });
});
