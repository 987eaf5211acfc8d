import { beforeAll, describe, expect, test } from 'vitest';
import {
  neighbourGraph,
  propagateLabels,
  type SparseMatrix,
} from '../../src/acquisition/label-propagation.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';

beforeAll(() => selectBackend('cpu'));

const stream = rootStream(1);

/** Rows around the four axes, row i around axis i mod 4. */
const size = 6;
const n = 60;
const features = stream
  .of('features')
  .normals(n * size)
  .map((noise, at) => 0.4 * noise + (Math.floor(at / size) % 4 === at % size ? 2 : 0));

const dense = ({ n: rows, starts, columns, values }: SparseMatrix) => {
  const matrix = Array.from({ length: rows }, () => new Array<number>(rows).fill(0));
  for (let row = 0; row < rows; row++) {
    for (let at = starts[row]!; at < starts[row + 1]!; at++) matrix[row]![columns[at]!]! += values[at]!;
  }
  return matrix;
};

/** The formulas of the paper as matrices. */
function graphByDefinition(rows: Float32Array, k: number, gamma: number): number[][] {
  const count = rows.length / size;
  const points = Array.from({ length: count }, (_, i) => {
    const row = [...rows.subarray(i * size, (i + 1) * size)];
    const length = Math.hypot(...row);
    return row.map((value) => (length > 0 ? value / length : 0));
  });
  const cosine = (i: number, j: number) =>
    points[i]!.reduce((sum, value, axis) => sum + value * points[j]![axis]!, 0);
  const a = points.map((_, i) => {
    const others = points.map((__, j) => j).filter((j) => j !== i);
    const near = others.sort((one, two) => cosine(i, two) - cosine(i, one)).slice(0, k);
    return points.map((__, j) => (near.includes(j) ? Math.max(0, cosine(i, j)) ** gamma : 0));
  });
  const w = a.map((row, i) => row.map((value, j) => value + a[j]![i]!));
  const sums = w.map((row) => row.reduce((sum, value) => sum + value, 0));
  return w.map((row, i) => row.map((value, j) => (value === 0 ? 0 : value / Math.sqrt(sums[i]! * sums[j]!))));
}

/** Solves by elimination. */
function eliminate(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (let pivot = 0; pivot < rows.length; pivot++) {
    const best = rows
      .slice(pivot)
      .reduce(
        (most, row, i) => (Math.abs(row[pivot]!) > Math.abs(rows[most]![pivot]!) ? pivot + i : most),
        pivot,
      );
    [rows[pivot], rows[best]] = [rows[best]!, rows[pivot]!];
    for (let row = pivot + 1; row < rows.length; row++) {
      const factor = rows[row]![pivot]! / rows[pivot]![pivot]!;
      for (let column = pivot; column <= rows.length; column++)
        rows[row]![column]! -= factor * rows[pivot]![column]!;
    }
  }
  const solution = new Array<number>(rows.length).fill(0);
  for (let row = rows.length - 1; row >= 0; row--) {
    const known = solution.reduce(
      (sum, value, column) => (column > row ? sum + rows[row]![column]! * value : sum),
      0,
    );
    solution[row] = (rows[row]![rows.length]! - known) / rows[row]![row]!;
  }
  return solution;
}

const labelled = { rows: [0, 1, 2, 3, 4, 9], labels: [0, 1, 2, 3, 0, 1] };

describe('the graph', () => {
  test('is that of the definition: symmetric, normalised, without diagonal', async () => {
    for (const neighbours of [1, 5, 59, 200]) {
      const graph = dense(await neighbourGraph(features, size, stream, { neighbours, gamma: 3 }));
      const expected = graphByDefinition(features, neighbours, 3);
      graph.forEach((row, i) => {
        for (const [j, value] of row.entries()) expect(value).toBeCloseTo(expected[i]![j]!, 5);
        expect(row[i]).toBe(0);
      });
    }
  });

  test('joins nothing to a row of zeros, and does not lose equal rows', async () => {
    const some = Float32Array.of(1, 0, 1, 0, 1, 0, 0, 0, -1, 0);
    const graph = dense(await neighbourGraph(some, 2, stream, { neighbours: 2 }));
    expect(graph[3]).toEqual([0, 0, 0, 0, 0]);
    expect(graph[4]).toEqual([0, 0, 0, 0, 0]);
    expect(graph[0]![1]).toBeCloseTo(0.5, 6);
    expect(graph[0]![2]).toBeCloseTo(0.5, 6);
  });
});

describe('propagated labels', () => {
  test('equal a dense solution', async () => {
    for (const alpha of [0, 0.5, 0.99]) {
      const graph = await neighbourGraph(features, size, stream, { neighbours: 6 });
      const { scores } = propagateLabels(graph, labelled, 4, { alpha });
      const matrix = dense(graph).map((row, i) => row.map((value, j) => (i === j ? 1 : 0) - alpha * value));
      for (let label = 0; label < 4; label++) {
        const own = labelled.rows.filter((_, at) => labelled.labels[at] === label);
        const right = Array.from({ length: n }, (_, row) => (own.includes(row) ? 1 / own.length : 0));
        const solution = eliminate(matrix, right);
        for (const [row, value] of solution.entries())
          expect(scores[row * 4 + label]).toBeCloseTo(Math.max(0, value), 5);
      }
    }
  });

  test('of two rows are the closed form', () => {
    const pair: SparseMatrix = {
      n: 2,
      starts: Uint32Array.of(0, 1, 2),
      columns: Uint32Array.of(1, 0),
      values: Float64Array.of(1, 1),
    };
    const { scores, labels, weights } = propagateLabels(pair, { rows: [0], labels: [1] }, 2, { alpha: 0.6 });
    const all = 1 / (1 - 0.36);
    for (const [at, value] of [0, all, 0, 0.6 * all].entries()) expect(scores[at]).toBeCloseTo(value, 9);
    expect([...labels]).toEqual([1, 1]);
    expect([...weights]).toEqual([1, 1]);
  });

  test('reach the cluster of each label, surest where one class is alone', async () => {
    const graph = await neighbourGraph(features, size, stream, { neighbours: 6 });
    const { labels, weights } = propagateLabels(graph, labelled, 4);
    const right = [...labels].filter((label, row) => label === row % 4).length;
    expect(right).toBeGreaterThanOrEqual(57);
    expect(Math.max(...weights)).toBe(1);
    expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
  });

  test('have weight 0 where nothing arrives and where classes arrive alike', () => {
    const path: SparseMatrix = {
      n: 4,
      starts: Uint32Array.of(0, 1, 3, 4, 4),
      columns: Uint32Array.of(1, 0, 2, 1),
      values: Float64Array.of(0.7, 0.7, 0.7, 0.7),
    };
    const { labels, weights } = propagateLabels(path, { rows: [0, 2], labels: [0, 1] }, 2);
    expect(weights[1]).toBeCloseTo(0, 9);
    expect([weights[3], labels[3]]).toEqual([0, 0]);
    expect(weights[0]).toBeGreaterThan(0);
  });

  test('are refused without labels, for strange rows, and for an alpha that does not converge', async () => {
    const graph = await neighbourGraph(features, size, stream, { neighbours: 2 });
    expect(() => propagateLabels(graph, { rows: [], labels: [] }, 4)).toThrow('expected labels, got none');
    expect(() => propagateLabels(graph, { rows: [60], labels: [0] }, 4)).toThrow('got row 60 of class 0');
    expect(() => propagateLabels(graph, { rows: [0], labels: [4] }, 4)).toThrow('got row 0 of class 4');
    expect(() => propagateLabels(graph, labelled, 4, { alpha: 1 })).toThrow(
      'alpha: expected a number in [0, 1)',
    );
  });
});
