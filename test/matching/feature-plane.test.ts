import { describe, expect, test } from 'vitest';
import { featurePlane } from '../../matching/feature-plane.ts';
import { rootStream } from '../../src/random.ts';
import { indexOfPoints } from './plane.ts';

describe('the plane of features', () => {
  test('lies along the two directions of largest variance', async () => {
    const stream = rootStream(2);
    // Variances 9, 4 and 0.01 along orthonormal directions that are no axes.
    const [u, v, w] = [
      [2 / 3, 2 / 3, 1 / 3],
      [-2 / 3, 1 / 3, 2 / 3],
      [1 / 3, -2 / 3, 2 / 3],
    ] as const;
    const scores = Array.from({ length: 400 }, () => [
      3 * stream.normal(),
      2 * stream.normal(),
      0.1 * stream.normal(),
    ]);
    const points = scores.map(([a, b, c]) => [0, 1, 2].map((i) => a! * u[i]! + b! * v[i]! + c! * w[i]! + 5));
    const index = await indexOfPoints(points);
    const placed = featurePlane(index).points(Float32Array.from(points.flat()));
    const correlation = (axis: 0 | 1) => {
      const xs = placed.map((point) => point[axis]);
      const ys = scores.map((score) => score[axis]!);
      const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      const [mx, my] = [mean(xs), mean(ys)];
      const sum = (f: (i: number) => number) => xs.reduce((total, _, i) => total + f(i), 0);
      return (
        sum((i) => (xs[i]! - mx) * (ys[i]! - my)) /
        Math.sqrt(sum((i) => (xs[i]! - mx) ** 2) * sum((i) => (ys[i]! - my) ** 2))
      );
    };
    expect(Math.abs(correlation(0))).toBeGreaterThan(0.99);
    expect(Math.abs(correlation(1))).toBeGreaterThan(0.99);
    index.dispose();
  });

  test.each([
    [
      'that are all equal',
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
    ],
    ['of one number', [[1], [2], [4]]],
    [
      'along one line',
      [
        [0, 0],
        [1, 1],
        [3, 3],
        [4, 4],
      ],
    ],
    ['of a single row', [[1, 2, 3]]],
  ])('has finite places for features %s', async (_, points) => {
    const index = await indexOfPoints(points);
    const placed = featurePlane(index).points(Float32Array.from(points.flat()));
    expect(placed).toHaveLength(points.length);
    expect(placed.flat().every(Number.isFinite)).toBe(true);
    index.dispose();
  });
});
