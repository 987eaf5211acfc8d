import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { memorisation } from '../../../generators/evaluation/memorisation.ts';
import { nearestImages } from '../../../generators/evaluation/nearest-images.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import type { ImageShape } from '../../../src/datasets/dataset.ts';
import fixture from '../../fixtures/evaluation/nearest-images.json' with { type: 'json' };

beforeAll(async () => {
  await selectBackend('cpu');
});

const shape = fixture.shape as unknown as ImageShape;

/** The same bytes as `images` of nearest-images.py. */
function bytes(n: number, size: number, step: number): Uint8Array {
  let state = step;
  return Uint8Array.from({ length: n * size }, () => {
    state = (state * 48271) % 2147483647;
    return state % 256;
  });
}

describe('the nearest images', () => {
  test.each([200, 64, 7])('are those of scikit-learn, with %i training images a block', async (blockRows) => {
    const { neighbours } = fixture;
    const images = bytes(fixture.queries, 12, 7);
    const found = await nearestImages(images, bytes(fixture.training, 12, 11), shape, {
      neighbours,
      blockRows,
    });
    expect([...found.rows]).toEqual(fixture.rows);
    fixture.distances.forEach((distance, i) => {
      expect(found.distances[i]).toBeCloseTo(distance, 12);
    });
  });

  test('of a copy is the image it was copied from, at distance 0', async () => {
    const training = bytes(50, 784, 3);
    const copied = [49, 0, 17];
    const images = Uint8Array.from(
      copied.flatMap((row) => [...training.subarray(row * 784, (row + 1) * 784)]),
    );
    const { rows, distances } = await nearestImages(images, training, [28, 28, 1], { blockRows: 16 });
    expect([...rows]).toEqual(copied);
    expect([...distances]).toEqual([0, 0, 0]);
  });

  test('of the farthest images are 2 apart: white from black', async () => {
    const { distances } = await nearestImages(new Uint8Array(12).fill(255), new Uint8Array(12), shape);
    expect(distances[0]).toBe(2);
  });

  test('are the lower rows of equally near ones, across blocks too', async () => {
    const training = new Uint8Array(6 * 12).fill(9);
    const options = { neighbours: 3, blockRows: 2 };
    const { rows } = await nearestImages(new Uint8Array(12).fill(4), training, shape, options);
    expect([...rows]).toEqual([0, 1, 2]);
    training.fill(5, 2 * 12, 3 * 12);
    const pair = await nearestImages(new Uint8Array(12).fill(4), training, shape, { neighbours: 2 });
    expect([...pair.rows]).toEqual([2, 0]);
  });

  test('tell one grey level in one pixel of a large image', async () => {
    const size = 28 * 28;
    const training = new Uint8Array(2 * size).fill(255);
    training[5] = 254;
    const { rows, distances } = await nearestImages(new Uint8Array(size).fill(255), training, [28, 28, 1]);
    expect([...rows]).toEqual([1]);
    expect(distances[0]).toBe(0);
  });

  test('leave no tensors', async () => {
    const before = tf.memory().numTensors;
    await nearestImages(bytes(5, 12, 7), bytes(20, 12, 11), shape, { blockRows: 6 });
    expect(tf.memory().numTensors).toBe(before);
  });

  test('name what is wrong', async () => {
    await expect(nearestImages(new Uint8Array(), bytes(5, 12, 7), shape)).rejects.toThrow(
      'nearestImages.images: expected 1 or more images of [2, 2, 3], got 0 bytes',
    );
    await expect(nearestImages(bytes(5, 12, 7), bytes(5, 13, 7), shape)).rejects.toThrow(
      'nearestImages.training: expected 1 or more images of [2, 2, 3], got 65 bytes',
    );
    await expect(nearestImages(bytes(5, 12, 7), bytes(2, 12, 7), shape, { neighbours: 3 })).rejects.toThrow(
      'nearestImages.training: expected 3 or more images of [2, 2, 3], got 24 bytes',
    );
  });
});

describe('the figures of memorising', () => {
  test('are those of numpy.percentile on distances of scikit-learn', async () => {
    const training = bytes(fixture.training, 12, 11);
    const generated = await nearestImages(bytes(fixture.queries, 12, 7), training, shape);
    const heldOut = await nearestImages(bytes(fixture.heldOut, 12, 13), training, shape);
    const figures = memorisation(generated.distances, heldOut.distances);
    expect(figures.threshold).toBeCloseTo(fixture.threshold, 12);
    expect(figures.nearerShare).toBeCloseTo(fixture.nearerShare, 12);
    expect(figures.medianRatio).toBeCloseTo(fixture.medianRatio, 12);
  });

  const hundred = Float64Array.from({ length: 101 }, (_, i) => 1 + i / 100);

  test('of distances like the held-out ones are a share of 0.01 and a ratio of 1', () => {
    expect(memorisation(hundred, hundred)).toEqual({
      threshold: 1.01,
      nearerShare: 1 / 101,
      medianRatio: 1,
      generatedMedian: 1.5,
      heldOutMedian: 1.5,
    });
  });

  test('are a share of 1 if all images are copies, and of a half if half of them are', () => {
    expect(memorisation(new Float64Array(4), hundred)).toMatchObject({ nearerShare: 1, medianRatio: 0 });
    expect(memorisation(Float64Array.of(2, 0, 0, 2), hundred).nearerShare).toBe(0.5);
  });

  test('do not depend on order, and have no ratio if held-out images are copies themselves', () => {
    expect(memorisation(hundred.toReversed(), hundred.toReversed())).toEqual(memorisation(hundred, hundred));
    expect(memorisation(hundred, new Float64Array(3))).toMatchObject({ nearerShare: 0, medianRatio: null });
  });

  test('name what is wrong', () => {
    expect(() => memorisation(new Float64Array(), hundred)).toThrow(
      'memorisation.generatedDistances: expected one or more distances, got none',
    );
    expect(() => memorisation(hundred, Float64Array.of(1, -1))).toThrow(
      'memorisation.heldOutDistances: expected finite distances of at least 0, got -1 at 1',
    );
  });
});
