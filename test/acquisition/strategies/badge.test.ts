import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { GradientEmbeddings } from '../../../src/acquisition/gradient-embeddings.ts';
import { approach, createBadge, seedGradients } from '../../../src/acquisition/strategies/badge.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { probabilities } from '../../../src/classifiers/predict.ts';
import { imageTensor } from '../../../src/datasets/dataset.ts';
import { rootStream } from '../../../src/random.ts';
import { keepsItsPromises } from './pool-strategy-promises.ts';
import { bought, CLASSES, images, SHAPE, SIZE, toyModel, toyRound } from './toy-rounds.ts';

interface Case {
  readonly classes: number;
  readonly size: number;
  readonly probs: readonly number[];
  readonly features: readonly number[];
  readonly picks: readonly number[];
  readonly probabilities: readonly (readonly number[])[];
  readonly 'scikit-activeml': readonly (readonly number[])[];
}
const cases = JSON.parse(
  readFileSync(new URL('../../fixtures/active-learning/badge.json', import.meta.url), 'utf8'),
) as readonly Case[];

beforeAll(() => selectBackend('cpu'));

/** The gradients written out, `[n][size * classes]`. */
function explicit(probs: ArrayLike<number>, classes: number, features: ArrayLike<number>, size: number) {
  return Array.from({ length: probs.length / classes }, (_, row) => {
    const p = Array.from({ length: classes }, (_p, k) => probs[row * classes + k]!);
    const predicted = p.indexOf(Math.max(...p));
    return p.flatMap((value, k) =>
      Array.from(
        { length: size },
        (_h, axis) => (value - (k === predicted ? 1 : 0)) * features[row * size + axis]!,
      ),
    );
  });
}

const squared = (a: number[], b: number[]) => a.reduce((sum, value, at) => sum + (value - b[at]!) ** 2, 0);

const random = (classes: number, size: number, n = 30) => {
  const stream = rootStream(classes);
  const probs = probabilities(stream.normals(n * classes), classes);
  const features = stream.normals(n * size);
  return { probs, features, gradients: new GradientEmbeddings(probs, classes, features, size) };
};

describe('gradient embeddings', () => {
  test.each([
    [2, 3],
    [5, 4],
  ])('of %d classes have the lengths and distances of the gradients written out', (classes, size) => {
    const { probs, features, gradients } = random(classes, size);
    const written = explicit(probs, classes, features, size);
    written.forEach((g, row) => {
      expect(
        Math.abs(
          gradients.squaredNorms[row]! -
            squared(
              g,
              g.map(() => 0),
            ),
        ),
      ).toBeLessThan(1e-6);
      written.forEach((other, at) => {
        expect(Math.abs(gradients.squaredDistance(row, at) - squared(g, other))).toBeLessThan(1e-6);
      });
    });
  });

  test('are the derivative of the loss for the label the model would give', async () => {
    const model = toyModel();
    const pixels = imageTensor(images.subarray(0, 4 * SIZE), SHAPE);
    const scores = await model.scores(pixels).data<'float32'>();
    const probs = probabilities(scores, CLASSES);
    const features = await model.features(pixels).data<'float32'>();
    const gradients = new GradientEmbeddings(probs, CLASSES, features, SIZE);
    for (let row = 0; row < 4; row++) {
      const own = [...scores.subarray(row * CLASSES, (row + 1) * CLASSES)];
      const predicted = own.indexOf(Math.max(...own));
      const loss = (kernel: tf.Tensor) =>
        tf.losses.softmaxCrossEntropy(
          tf.oneHot([predicted], CLASSES),
          tf
            .matMul(
              tf.tensor2d(features.subarray(row * SIZE, (row + 1) * SIZE), [1, SIZE]),
              kernel as tf.Tensor2D,
            )
            .add(model.biases),
        ) as tf.Scalar;
      const gradient = await tf
        .grad(loss)(tf.tensor2d(model.kernel, [SIZE, CLASSES]))
        .data();
      const length = [...gradient].reduce((sum, value) => sum + value * value, 0);
      expect(gradients.squaredNorms[row]).toBeCloseTo(length, 5);
    }
  });

  test('are what finite differences of the loss say, in length and in distance', () => {
    const [classes, size] = [4, 3];
    const stream = rootStream(21);
    const features = stream.normals(3 * size);
    const kernel = [...stream.normals(size * classes)];
    const scoresUnder = (weights: readonly number[], row: number) =>
      Array.from({ length: classes }, (_, k) =>
        weights.reduce(
          (sum, weight, at) =>
            at % classes === k ? sum + weight * features[row * size + Math.floor(at / classes)]! : sum,
          0,
        ),
      );
    const lossOf = (weights: readonly number[], row: number, label: number) => {
      const scores = scoresUnder(weights, row);
      return Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0)) - scores[label]!;
    };
    const scores = [0, 1, 2].flatMap((row) => scoresUnder(kernel, row));
    const probs = probabilities(Float32Array.from(scores), classes);
    const step = 1e-5;
    const differences = [0, 1, 2].map((row) => {
      const own = scores.slice(row * classes, (row + 1) * classes);
      const label = own.indexOf(Math.max(...own));
      const at = (position: number, by: number) =>
        lossOf(
          kernel.map((weight, other) => (other === position ? weight + by : weight)),
          row,
          label,
        );
      return kernel.map((_, position) => (at(position, step) - at(position, -step)) / (2 * step));
    });
    const gradients = new GradientEmbeddings(probs, classes, features, size);
    const zero = kernel.map(() => 0);
    for (const row of [0, 1, 2]) {
      expect(Math.abs(gradients.squaredNorms[row]! - squared(differences[row]!, zero))).toBeLessThan(1e-6);
      for (const other of [0, 1, 2]) {
        const distance = squared(differences[row]!, differences[other]!);
        expect(Math.abs(gradients.squaredDistance(row, other) - distance)).toBeLessThan(1e-6);
      }
    }
  });

  test('are exactly 0 apart where they are equal, and at a length of 0', () => {
    const probs = Float32Array.of(0.3, 0.7, 0.3, 0.7, 0, 1);
    const gradients = new GradientEmbeddings(probs, 2, Float32Array.of(0.1, 0.3, 0.1, 0.3, 5, 6), 2);
    expect(gradients.squaredDistance(0, 1)).toBe(0);
    expect(gradients.squaredNorms[2]).toBe(0);
    expect(gradients.squaredDistance(0, 2)).toBeCloseTo(2 * 0.09 * 0.1, 6);
  });

  test('are as far apart below a limit, and as far as the limit from there on', () => {
    const { gradients } = random(6, 9);
    for (let pick = 0; pick < 30; pick++) {
      for (let row = 0; row < 30; row++) {
        const squared = gradients.squaredDistance(row, pick);
        for (const limit of [0, squared / 2, squared, squared * (1 + 1e-15), 2 * squared, 1e9]) {
          expect(gradients.squaredDistanceBelow(row, pick, limit)).toBe(Math.min(limit, squared));
        }
      }
    }
  });

  test('refuse features of other candidates', () => {
    expect(() => new GradientEmbeddings(new Float32Array(6), 2, new Float32Array(8), 2)).toThrow(
      new RangeError('GradientEmbeddings.features: expected 3 rows of 2, got 8 numbers'),
    );
  });
});

describe('seeding on gradients', () => {
  const weightsOf = ({ classes, size, probs, features, picks }: Case) => {
    const table = Float32Array.from(features);
    const gradients = new GradientEmbeddings(Float32Array.from(probs), classes, table, size);
    const nearest = new Float64Array(gradients.n).fill(Number.POSITIVE_INFINITY);
    const weights = picks.slice(0, -1).map((pick) => {
      approach(gradients, nearest, pick);
      return [...nearest];
    });
    return { gradients, weights };
  };
  const shares = (weights: readonly number[]) => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  };
  const expectClose = (ours: readonly number[], theirs: readonly number[]) =>
    theirs.forEach((probability, row) => {
      expect(Math.abs(ours[row]! - probability)).toBeLessThan(1e-6);
    });

  test.each(cases)(
    'draws as the authors do, by squared distances to what was taken: $classes classes',
    (given) => {
      const { gradients, weights } = weightsOf(given);
      expect(seedGradients(gradients, 1, rootStream(1))).toEqual([given.picks[0]]);
      weights.forEach((nearest, at) => {
        expectClose(shares(nearest), given.probabilities[at]!);
      });
    },
  );

  test.each(cases)('differs from scikit-activeml 1.0.1 in this alone: $classes classes', (given) => {
    const { gradients, weights } = weightsOf(given);
    // It goes on from the lengths it found the first row by, as if a gradient of 0 had been taken before.
    weights.forEach((nearest, at) => {
      const theirs = nearest.map((square, row) => Math.min(square, gradients.squaredNorms[row]!));
      expectClose(shares(theirs), given['scikit-activeml'][at]!);
    });
  });

  test('takes the second as often as its squared distance says', () => {
    const { gradients } = random(3, 4, 8);
    const [first] = seedGradients(gradients, 1, rootStream(1)) as [number];
    const weights = Array.from({ length: 8 }, (_, row) => gradients.squaredDistance(first, row));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const counts = new Array<number>(8).fill(0);
    const times = 4000;
    for (let seed = 1; seed <= times; seed++) counts[seedGradients(gradients, 2, rootStream(seed))[1]!]!++;
    const chiSquared = weights.reduce((sum, weight, row) => {
      const expected = (times * weight) / total;
      return row === first ? sum : sum + (counts[row]! - expected) ** 2 / expected;
    }, 0);
    expect(counts[first]).toBe(0);
    // 6 degrees of freedom: 22.5 is exceeded once in a thousand.
    expect(chiSquared).toBeLessThan(22.5);
  });

  test('takes different rows though all gradients are equal, or 0', () => {
    for (const p of [0.5, 1]) {
      const probs = Float32Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? p : 1 - p));
      const gradients = new GradientEmbeddings(probs, 2, new Float32Array(60).fill(0.3), 3);
      expect(new Set(seedGradients(gradients, 20, rootStream(2))).size).toBe(20);
    }
  });

  test('refuses to take more than there are', () => {
    expect(() => seedGradients(random(3, 4, 5).gradients, 6, rootStream(1))).toThrow(
      new RangeError('seedGradients.count: expected at most 5, got 6'),
    );
  });
});

describe('badge', () => {
  keepsItsPromises(createBadge, { sameForAnyStream: false });

  test('prefers long gradients and reports their lengths', async () => {
    const { diagnostics } = await bought(createBadge(), toyRound({ batch: 10 }));
    expect(diagnostics.meanGradientSelected).toBeGreaterThan(diagnostics.meanGradientPool as number);
  });
});
