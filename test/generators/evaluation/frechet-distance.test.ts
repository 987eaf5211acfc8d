import { describe, expect, test } from 'vitest';
import { frechetDistance, frechetOfMoments } from '../../../generators/evaluation/frechet-distance.ts';
import { type Moments, moments } from '../../../generators/evaluation/moments.ts';
import { rootStream } from '../../../src/random.ts';
import fixture from '../../fixtures/evaluation/frechet-distance.json' with { type: 'json' };
import { normalRows, shuffled, waves, withValue } from './waves.ts';

/** A normal distribution with independent features. */
function independent(mean: readonly number[], variances: readonly number[]): Moments {
  const size = mean.length;
  const covariance = new Float64Array(size * size);
  variances.forEach((variance, i) => {
    covariance[i * size + i] = variance;
  });
  return { mean: Float64Array.from(mean), covariance, size };
}

/** Standard normals in two dimensions, stretched by the roots of `variances` and turned by `angle`. */
function turned(variances: readonly [number, number], angle: number): Moments {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const [p, q] = variances;
  const cross = (p - q) * c * s;
  return {
    mean: new Float64Array(2),
    covariance: Float64Array.of(p * c * c + q * s * s, cross, cross, p * s * s + q * c * c),
    size: 2,
  };
}

describe('moments', () => {
  test('are those of numpy.mean and numpy.cov', () => {
    const { n, size, mean, covariance } = fixture.moments;
    const ours = moments(waves(0.3, 1, 0.2, n, size));
    mean.forEach((value, i) => {
      expect(ours.mean[i]).toBeCloseTo(value, 6);
    });
    covariance.forEach((value, i) => {
      expect(ours.covariance[i]).toBeCloseTo(value, 6);
    });
  });

  test('of more rows than a block are those of a loop over all rows', () => {
    const features = normalRows(rootStream(3), 700, 3, 5);
    const { mean, covariance } = moments(features);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        let sum = 0;
        for (let row = 0; row < 700; row++) {
          sum += (features.values[row * 3 + i]! - mean[i]!) * (features.values[row * 3 + j]! - mean[j]!);
        }
        expect(covariance[i * 3 + j]).toBeCloseTo(sum / 699, 12);
      }
    }
  });
});

describe('the Fréchet distance', () => {
  test.each(fixture.cases)(
    'of $rowsOfA and $rowsOfB rows of $size features is that of scipy',
    ({ rowsOfA, rowsOfB, size, distance }) => {
      const a = waves(0.3, 1, 0.2, rowsOfA, size);
      const b = waves(1.1, 1.4, -0.1, rowsOfB, size);
      expect(Math.abs(frechetDistance(a, b) / distance - 1)).toBeLessThan(1e-6);
      expect(Math.abs(frechetDistance(b, a) / distance - 1)).toBeLessThan(1e-6);
    },
  );

  test('of equal covariances is the squared distance of the means', () => {
    const distance = frechetOfMoments(
      independent([1, 2, 3], [4, 1, 0.5]),
      independent([2, 0, 5], [4, 1, 0.5]),
    );
    expect(distance).toBeCloseTo(9, 12);
  });

  test('of independent features is the sum of squared differences of standard deviations', () => {
    const distance = frechetOfMoments(independent([0, 0], [4, 9]), independent([0, 0], [1, 0]));
    expect(distance).toBeCloseTo((2 - 1) ** 2 + 3 ** 2, 12);
  });

  test('of covariances that do not commute is that of the formula for two dimensions', () => {
    // tr (A B)^1/2 of 2 x 2 matrices is sqrt(tr AB + 2 sqrt(det AB)).
    const a = turned([4, 1], 0.3);
    const b = turned([9, 0.25], 1.2);
    const ab = a.covariance.reduce((sum, value, i) => sum + value * b.covariance[i]!, 0);
    const shared = Math.sqrt(ab + 2 * Math.sqrt(4 * 1 * 9 * 0.25));
    expect(frechetOfMoments(a, b)).toBeCloseTo(5 + 9.25 - 2 * shared, 12);
  });

  test('of samples comes near that of their distributions', () => {
    const stream = rootStream(1);
    const distance = frechetDistance(
      normalRows(stream.of('a'), 4000, 4),
      normalRows(stream.of('b'), 4000, 4, 1.5),
    );
    expect(Math.abs(distance - 4 * 1.5 ** 2)).toBeLessThan(0.4);
  });

  test.each([
    [200, 8],
    [6, 8],
    [2, 3],
  ])('of %i rows of %i features with themselves is 0', (n, size) => {
    const features = waves(0.3, 1, 0.2, n, size);
    expect(frechetDistance(features, features)).toBeLessThan(1e-12);
  });

  test('of rows that are all equal is the squared distance of the two points', () => {
    const a = { values: new Float32Array(12).fill(1), n: 4, size: 3 };
    const b = { values: new Float32Array(6).fill(3), n: 2, size: 3 };
    expect(frechetDistance(a, b)).toBeCloseTo(12, 12);
  });

  test('does not depend on the order of the rows', () => {
    const stream = rootStream(2);
    const [a, b] = [waves(0.3, 1, 0.2, 50, 5), waves(1.1, 1.4, -0.1, 60, 5)];
    const other = frechetDistance(shuffled(a, stream), shuffled(b, stream));
    expect(other).toBeCloseTo(frechetDistance(a, b), 10);
  });

  test('names what is wrong', () => {
    const a = waves(0.3, 1, 0.2, 5, 3);
    expect(() => frechetDistance(a, waves(0.3, 1, 0.2, 5, 4))).toThrow(
      'frechetDistance.b: expected 3 features a row, got 4',
    );
    expect(() => frechetDistance(a, waves(0.3, 1, 0.2, 1, 3))).toThrow(
      'moments.features: expected at least 2 rows, got 1',
    );
    expect(() => frechetDistance(a, withValue(a, 2, Number.NaN))).toThrow(
      'moments.features: expected finite features, got NaN in row 2',
    );
    expect(() => moments({ ...a, n: 4 })).toThrow('moments.features: expected 4 x 3 = 12 values, got 15');
    expect(() => frechetOfMoments(independent([0, 0], [1, -1]), independent([0, 0], [1, 1]))).toThrow(
      'frechetOfMoments.a: expected a covariance, got one with the eigenvalue -1',
    );
  });
});
