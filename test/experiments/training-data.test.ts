import { expect, test } from 'vitest';
import type { Dataset } from '../../src/datasets/dataset.ts';
import { trainingData } from '../../src/experiments/training-data.ts';
import { rootStream } from '../../src/random.ts';

// Every image says which it is, and its label is that modulo 3.
const split = {
  n: 30,
  images: Uint8Array.from({ length: 30 }, (_, row) => row),
  labels: Uint8Array.from({ length: 30 }, (_, row) => row % 3),
};
const DATASET = {
  shape: [1, 1, 1],
  classNames: ['a', 'b', 'c'],
  train: split,
  test: split,
} as unknown as Dataset;

test('parts the images into those with a label, as many of each class, and all others', () => {
  const { images, labelled } = trainingData(DATASET, 7, rootStream(1));
  expect(labelled?.labels).toHaveLength(7);
  expect([...labelled!.labels]).toEqual([...labelled!.images].map((row) => row % 3));
  const counts = [0, 1, 2].map((label) => labelled!.labels.filter((other) => other === label).length);
  expect(counts.sort()).toEqual([2, 2, 3]);
  expect([...images, ...labelled!.images].sort((a, b) => a - b)).toEqual([...split.images]);
});

test('the same stream knows the same labels, another others', () => {
  const known = (seed: number) => trainingData(DATASET, 7, rootStream(seed)).labelled!.images;
  expect(known(1)).toEqual(known(1));
  expect(known(1)).not.toEqual(known(2));
});

test('a model without labels sees all images and no labels', () => {
  const data = trainingData(DATASET, undefined, rootStream(1));
  expect(data).toEqual({ images: split.images, shape: [1, 1, 1] });
});

test('refuses more labels than there are images', () => {
  expect(() => trainingData(DATASET, 31, rootStream(1))).toThrow(
    'expected at most the 30 rows there are, got 31',
  );
});
