import { inverse, Matrix } from 'ml-matrix';
import { beforeAll, describe, expect, test } from 'vitest';
import { FisherInformation, type PredictedRows } from '../../../src/acquisition/fisher-information.ts';
import { lastLayerMap } from '../../../src/acquisition/last-layer-rows.ts';
import { selectFromArrays } from '../../../src/acquisition/select-from-arrays.ts';
import { softmaxOf } from '../../../src/acquisition/softmax-regression.ts';
import {
  createVarianceReduction,
  reduceVariance,
} from '../../../src/acquisition/strategies/variance-reduction.ts';
import { VarianceReductionConfig } from '../../../src/acquisition/strategies/variance-reduction-config.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { gatherRows } from '../../../src/gather-rows.ts';
import { rootStream } from '../../../src/random.ts';
import { keepsItsPromises } from './pool-strategy-promises.ts';

beforeAll(() => selectBackend('cpu'));

const [SIZE, CLASSES, PENALTY] = [3, 4, 0.7];
const weights = Float64Array.from(rootStream(2).normals(SIZE * CLASSES));

function drawn(n: number, name: string): PredictedRows {
  const values = Float64Array.from(
    rootStream(1)
      .of(name)
      .normals(n * SIZE),
  );
  return { values, size: SIZE, probs: softmaxOf(values, SIZE, weights, CLASSES), classes: CLASSES };
}

/** d p_k / d W of one row, `[classes][size * classes]`, by central differences. */
function sensitivities({ values }: PredictedRows, row: number): number[][] {
  const x = values.subarray(row * SIZE, (row + 1) * SIZE);
  const step = 1e-6;
  const at = (position: number, by: number) =>
    softmaxOf(
      x,
      SIZE,
      weights.map((weight, other) => (other === position ? weight + by : weight)),
      CLASSES,
    );
  const columns = [...weights.keys()].map((position) => {
    const [up, down] = [at(position, step), at(position, -step)];
    return [...up].map((p, k) => (p - down[k]!) / (2 * step));
  });
  return Array.from({ length: CLASSES }, (_, k) => columns.map((column) => column[k]!));
}

/** The information of the weights by its definition: the mean over labels of squared gradients of ln p. */
function informationOf(rows: readonly (readonly [PredictedRows, number])[]): Matrix {
  const sum = Matrix.identity(SIZE * CLASSES).mul(PENALTY);
  for (const [of, row] of rows) {
    sensitivities(of, row).forEach((gradient, k) => {
      const p = of.probs[row * CLASSES + k]!;
      // d ln p = d p / p, weighted by p.
      sum.add(Matrix.columnVector(gradient).mmul(Matrix.rowVector(gradient)).div(p));
    });
  }
  return sum;
}

function varianceUnder(information: Matrix, judged: PredictedRows): number {
  const covariance = inverse(information);
  return Array.from({ length: judged.values.length / SIZE }, (_, row) => sensitivities(judged, row))
    .flat()
    .reduce((sum, gradient) => {
      const g = Matrix.columnVector(gradient);
      return sum + g.transpose().mmul(covariance).mmul(g).get(0, 0);
    }, 0);
}

describe('the variance of predictions', () => {
  const [labelled, judged, candidates] = [drawn(5, 'labelled'), drawn(6, 'judged'), drawn(7, 'candidates')];
  const known = [0, 1, 2, 3, 4].map((row) => [labelled, row] as const);

  test('is that of derivatives by finite differences, before and after every label', () => {
    const information = new FisherInformation(labelled, judged, PENALTY);
    const before = varianceUnder(informationOf(known), judged);
    expect(information.variance / before).toBeCloseTo(1, 6);
    information.reductions(candidates).forEach((reduction, row) => {
      const after = varianceUnder(informationOf([...known, [candidates, row]]), judged);
      expect(reduction / (before - after)).toBeCloseTo(1, 5);
    });
  });

  test('falls by what was said when a row is added', () => {
    const information = new FisherInformation(labelled, judged, PENALTY);
    const before = information.variance;
    const [first] = information.reductions(candidates);
    const { values, probs } = candidates;
    information.add({
      ...candidates,
      values: values.slice(0, SIZE),
      probs: Array.from(probs).slice(0, CLASSES),
    });
    expect(before - information.variance).toBeCloseTo(first!, 9);
  });

  test('is not lowered by a row of which the model is certain', () => {
    const information = new FisherInformation(labelled, judged, PENALTY);
    const certain = { values: Float64Array.of(1, 2, 3), size: SIZE, probs: [0, 1, 0, 0], classes: CLASSES };
    expect([...information.reductions(certain)]).toEqual([0]);
  });
});

test('a batch is the one that adding and inverting anew takes, row by row', () => {
  const features = rootStream(4).normals(12 * 2);
  const labels = rootStream(5).normals(3 * 2);
  const map = Float64Array.from(rootStream(6).normals(2 * 3));
  const probsOf = (of: Float32Array) => Float32Array.from(softmaxOf(Float64Array.from(of), 2, map, 3));
  const config = VarianceReductionConfig.parse({ subset: 12, evaluated: 12 });
  const pool = { features, probs: probsOf(features) };
  const labelled = { features: labels, probs: probsOf(labels) };
  const of = { size: 2, classes: 3 };
  const found = reduceVariance(pool, labelled, of, 4, config, rootStream(1));
  expect(new Set(found.rows).size).toBe(4);
  const drops = found.reductions.reduce((sum, reduction) => sum + reduction, 0);
  expect(found.before - found.after).toBeCloseTo(drops / 12, 9);
  // Among all that are left, each leaves the least variance that any would, by the definition.
  const inputs = lastLayerMap(features, 2, 16, rootStream(1));
  const rowsOf = (of: Float32Array, rows: readonly number[], probs: Float32Array) => ({
    values: inputs.rows(gatherRows(of, 2, rows)),
    size: 3,
    probs: gatherRows(probs, 3, rows),
    classes: 3,
  });
  const every = [...features.keys()].slice(0, 12);
  const varianceWith = (taken: readonly number[]) => {
    const information = new FisherInformation(
      rowsOf(labels, [0, 1, 2], labelled.probs),
      rowsOf(features, every, pool.probs),
      config.penalty,
    );
    information.add(rowsOf(features, taken, pool.probs));
    return information.variance;
  };
  found.rows.forEach((row, turn) => {
    const before = found.rows.slice(0, turn);
    const left = every.filter((other) => !before.includes(other));
    const least = Math.min(...left.map((other) => varianceWith([...before, other])));
    expect(varianceWith([...before, row])).toBeCloseTo(least, 9);
  });
});

test('arrays of a pool give the same rows, without those that are labelled', async () => {
  const features = rootStream(4).normals(20 * 2);
  const probs = Float32Array.from(
    softmaxOf(Float64Array.from(features), 2, Float64Array.from(rootStream(6).normals(6)), 3),
  );
  const config = VarianceReductionConfig.parse({ subset: 9, evaluated: 12 });
  const labelled = [3, 0, 17];
  const left = Array.from({ length: 20 }, (_, row) => row).filter((row) => !labelled.includes(row));
  const of = (rows: readonly number[]) => ({
    features: gatherRows(features, 2, rows),
    probs: gatherRows(probs, 3, rows),
  });
  const found = reduceVariance(of(left), of(labelled), { size: 2, classes: 3 }, 4, config, rootStream(1));
  const arrays = {
    n: 20,
    labelled,
    features: { values: features, size: 2 },
    probabilities: { probs, members: 1, classes: 3 },
  };
  const picked = await selectFromArrays({ kind: 'variance-reduction', ...config }, arrays, 4, rootStream(1));
  expect(picked.rows).toEqual(found.rows.map((row) => left[row]));
  expect(picked.scores).toEqual(found.reductions);
});

describe('variance-reduction', () => {
  const config = VarianceReductionConfig.parse({ subset: 12, evaluated: 10, components: 2 });
  keepsItsPromises(() => createVarianceReduction(config), { sameForAnyStream: false });
});
