import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import {
  batchOf,
  type Dataset,
  fromModelRange,
  gatherImages,
  imageSize,
  imageTensor,
  selectClasses,
  toModelRange,
} from '../../src/datasets/dataset.ts';

const shape = [1, 2, 1] as const;

/** Image of row r is [10 r, 10 r + 1]; labels go 0, 1, 2, 0, 1, 2, ... */
function tiny(n: number): Dataset['train'] {
  return {
    images: Uint8Array.from({ length: 2 * n }, (_, i) => 10 * Math.floor(i / 2) + (i % 2)),
    labels: Uint8Array.from({ length: n }, (_, row) => row % 3),
    n,
  };
}

const dataset: Dataset = {
  name: 'tiny',
  shape,
  classNames: ['a', 'b', 'c'],
  train: tiny(7),
  test: tiny(4),
  notes: ['a note'],
};

describe('the pixel range of models', () => {
  test('spans [-1, 1] with 0 at 127.5', () => {
    expect([...toModelRange(Uint8Array.of(0, 51, 255))]).toEqual([-1, Math.fround(-0.6), 1]);
  });

  test('every byte comes back', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, value) => value);
    expect(fromModelRange(toModelRange(bytes))).toEqual(bytes);
  });

  test('values outside are clamped, not wrapped', () => {
    expect([...fromModelRange(Float32Array.of(-1.5, 1.001, -1.0001, 9))]).toEqual([0, 255, 0, 255]);
  });
});

describe('gathering rows', () => {
  test('takes rows in the order given, with repeats', () => {
    expect([...gatherImages(dataset.train.images, shape, [2, 0, 2])]).toEqual([20, 21, 0, 1, 20, 21]);
  });

  test.each([7, -1, 0.5])('refuses row %s', (row) => {
    expect(() => gatherImages(dataset.train.images, shape, [row])).toThrow(
      `gatherImages.rows: expected a row in [0, 7), got ${row}`,
    );
  });

  test('a batch is one tensor in [-1, 1] and leaves nothing else behind', async () => {
    const before = tf.memory().numTensors;
    const batch = batchOf(dataset.train, shape, [1, 3]);
    expect(tf.memory().numTensors).toBe(before + 1);
    expect(batch.shape).toEqual([2, 1, 2, 1]);
    expect(await batch.data()).toEqual(toModelRange(Uint8Array.of(10, 11, 30, 31)));
    batch.dispose();
  });

  test('no rows are a tensor without rows', () => {
    const none = imageTensor(new Uint8Array(0), shape);
    expect(none.shape).toEqual([0, 1, 2, 1]);
    none.dispose();
  });

  test('pixels a row are height x width x channels', () => {
    expect(imageSize([2, 3, 5])).toBe(30);
  });
});

describe('selecting classes', () => {
  test('keeps the rows of those classes in order and relabels them as named', () => {
    const two = selectClasses(dataset, [2, 0]);
    expect(two.classNames).toEqual(['c', 'a']);
    expect([...two.train.labels]).toEqual([1, 0, 1, 0, 1]); // rows 0 2 3 5 6
    expect([...two.train.images].filter((_, i) => i % 2 === 0)).toEqual([0, 20, 30, 50, 60]);
    expect(two.test.n).toBe(3);
    expect(two.notes).toEqual(['a note']);
  });

  test.each([
    [[1], 'selectClasses.classes: expected two or more different classes, got [1]'],
    [[1, 1], 'selectClasses.classes: expected two or more different classes, got [1,1]'],
    [[0, 3], 'selectClasses.classes: expected classes in [0, 3) of tiny, got 3'],
    [[0, -1], 'selectClasses.classes: expected classes in [0, 3) of tiny, got -1'],
  ])('refuses %j', (classes, message) => {
    expect(() => selectClasses(dataset, classes)).toThrow(message);
  });
});
