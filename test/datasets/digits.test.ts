import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { gatherImages, type Split, toModelRange } from '../../src/datasets/dataset.ts';
import { DIGITS_SHAPE, digitStyle, digitsDataset, drawDigit, drawDigits } from '../../src/datasets/digits.ts';
import { classCounts } from '../../src/datasets/labels.ts';
import { initialRows } from '../../src/datasets/splits.ts';
import { rootStream } from '../../src/random.ts';
import { ridgeAccuracy } from './ridge.ts';

const digits = digitsDataset();

function image(split: Split, row: number): Uint8Array {
  return split.images.subarray(784 * row, 784 * (row + 1));
}

/** Rows in [-1, 1]; with `pooled` the mean of every 2 x 2 pixels, 196 numbers a row. */
function features(split: Split, rows: readonly number[], pooled = false): Float64Array[] {
  return rows.map((row) => {
    const pixels = toModelRange(gatherImages(split.images, DIGITS_SHAPE, [row]));
    if (!pooled) return Float64Array.from(pixels);
    return Float64Array.from({ length: 196 }, (_, at) => {
      const corner = 56 * Math.floor(at / 14) + 2 * (at % 14);
      return (pixels[corner]! + pixels[corner + 1]! + pixels[corner + 28]! + pixels[corner + 29]!) / 4;
    });
  });
}

function range(n: number): number[] {
  return Array.from({ length: n }, (_, row) => row);
}

function labelsOf(split: Split, rows: readonly number[]): number[] {
  return rows.map((row) => split.labels[row]!);
}

describe('the set of drawn digits', () => {
  test('has the sizes asked for, ten classes and the shape of MNIST', () => {
    expect(digits.shape).toEqual([28, 28, 1]);
    expect(digits.classNames).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect([digits.train.n, digits.test.n]).toEqual([10_000, 2_000]);
    expect(digits.train.images.length).toBe(10_000 * 784);
  });

  test('is the same bytes for the same seed, and others for another', () => {
    const small = { trainSize: 50, testSize: 20 };
    expect(digitsDataset({ ...small, seed: 4 })).toEqual(digitsDataset({ ...small, seed: 4 }));
    expect(digitsDataset({ ...small, seed: 5 }).train.images).not.toEqual(
      digitsDataset({ ...small, seed: 4 }).train.images,
    );
    expect(image(digits.test, 0)).not.toEqual(image(digits.train, 0));
  });

  // Results that name this data set hang on its bytes: a change of them is a change of the data set.
  test('has not changed', () => {
    const digest = createHash('sha256')
      .update(digits.train.images.subarray(0, 784 * 100))
      .digest('hex');
    expect(digest).toBe('2ee25e677c8c4611f33e22ad4f1661bccf83eef7c2360275f442a037021cc4c5');
  });

  test('begins with the same images whatever its size', () => {
    const shorter = digitsDataset({ trainSize: 137, testSize: 1 });
    expect(shorter.train.images).toEqual(digits.train.images.subarray(0, 137 * 784));
    expect(shorter.train.labels).toEqual(digits.train.labels.subarray(0, 137));
  });

  test('holds each class once in every ten rows, in changing order', () => {
    const orders = new Set<string>();
    for (let block = 0; block < 100; block++) {
      const order = [...digits.train.labels.subarray(10 * block, 10 * block + 10)];
      expect(order.toSorted()).toEqual(range(10));
      orders.add(order.join(''));
    }
    expect(orders.size).toBe(100);
    expect(classCounts(digits.test.labels, 10)).toEqual(new Array(10).fill(200));
  });

  test('has a black background, full ink and digits inside the image', () => {
    const { images } = digits.train;
    let [black, full, edge] = [0, 0, 0];
    for (let row = 0; row < 1000; row++) {
      const pixels = image(digits.train, row);
      black += pixels.filter((value) => value === 0).length / 784;
      full += Math.max(...pixels) >= 230 ? 1 : 0;
      edge += pixels.some((value, i) => value > 0 && (i < 28 || i >= 756 || i % 28 === 0 || i % 28 === 27))
        ? 1
        : 0;
    }
    expect(black / 1000).toBeGreaterThan(0.7);
    expect(black / 1000).toBeLessThan(0.85);
    expect(full).toBe(1000);
    expect(edge).toBeLessThan(100);
    const mean = images.reduce((sum, value) => sum + value, 0) / images.length / 255;
    expect(mean).toBeGreaterThan(0.14); // MNIST has 0.1307
    expect(mean).toBeLessThan(0.19);
  });

  test('holds no image twice, so no test image was trained on', () => {
    const seen = new Set<string>();
    for (const split of [digits.train, digits.test]) {
      for (const row of range(split.n)) seen.add(Buffer.from(image(split, row)).toString('latin1'));
    }
    expect(seen.size).toBe(12_000);
  });
});

describe('how hard the digits are for a linear model', () => {
  const testRows = range(2_000);
  const testLabels = labelsOf(digits.test, testRows);

  test('twenty labels leave it between 30 and 85 % for every seed, about 60 % balanced and 55 % at random', () => {
    const test = features(digits.test, testRows);
    const accuracies = (balanced: boolean) =>
      [1, 2, 3, 4, 5].map((seed) => {
        const rows = initialRows(digits.train.labels, 20, { balanced }, rootStream(seed));
        return ridgeAccuracy(
          features(digits.train, rows),
          labelsOf(digits.train, rows),
          test,
          testLabels,
          10,
        );
      });
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [balanced, random] = [accuracies(true), accuracies(false)];
    for (const accuracy of [...balanced, ...random]) {
      expect(accuracy).toBeGreaterThan(0.3);
      expect(accuracy).toBeLessThan(0.85);
    }
    expect(mean(balanced)).toBeGreaterThan(0.52);
    expect(mean(balanced)).toBeLessThan(0.68);
    expect(mean(random)).toBeGreaterThan(0.47);
    expect(mean(random)).toBeLessThan(0.63);
  });

  // scikit-learn 1.9, default digits: RidgeClassifier(alpha=10) on the first 20 images scores 0.5785; on the
  // first 5,000 as means of 2 x 2 pixels, 0.9525.
  test('the first twenty images give what scikit-learn gives', () => {
    const rows = range(20);
    const train = features(digits.train, rows);
    const test = features(digits.test, testRows);
    const accuracy = ridgeAccuracy(train, labelsOf(digits.train, rows), test, testLabels, 10);
    expect(Math.abs(accuracy - 0.5785)).toBeLessThan(0.0015);
  });

  test('five thousand labels bring it far above 85 %, to what scikit-learn gives', () => {
    const rows = range(5_000);
    const train = features(digits.train, rows, true);
    const test = features(digits.test, testRows, true);
    const accuracy = ridgeAccuracy(train, labelsOf(digits.train, rows), test, testLabels, 10);
    expect(Math.abs(accuracy - 0.9525)).toBeLessThan(0.0015);
  });

  test('more difficulty makes it worse, none makes it easy', () => {
    const accuracyAt = (difficulty: number) => {
      const style = digitStyle(difficulty);
      const train = drawDigits(300, rootStream(1).of('train'), style);
      const test = drawDigits(300, rootStream(1).of('test'), style);
      const rows = range(300);
      return ridgeAccuracy(
        features(train, rows, true),
        labelsOf(train, rows),
        features(test, rows, true),
        labelsOf(test, rows),
        10,
      );
    };
    const [print, normal, hard] = [accuracyAt(0), accuracyAt(1), accuracyAt(2)];
    expect(print).toBe(1);
    expect(normal).toBeLessThan(0.96);
    expect(hard).toBeLessThan(normal - 0.2);
  });
});

describe('what is refused', () => {
  test.each([-0.1, 2.1, Number.NaN])('difficulty %s', (difficulty) => {
    expect(() => digitsDataset({ difficulty })).toThrow(
      `digitStyle.difficulty: expected a number in [0, 2], got ${difficulty}`,
    );
  });

  test('sizes below 1 and digits that are none', () => {
    expect(() => digitsDataset({ trainSize: 0 })).toThrow(
      'digitsDataset.trainSize: expected an integer of at least 1, got 0',
    );
    expect(() => digitsDataset({ testSize: 1.5 })).toThrow(RangeError);
    expect(() => drawDigit(10, rootStream(1))).toThrow(
      'drawDigit.digit: expected an integer in [0, 10), got 10',
    );
  });
});
