import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { type FeatureMap, featuresOfBytes } from '../../../matching/features/feature-map.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { rootStream } from '../../../src/random.ts';

const size = 6;
const random = rootStream(3);
const bytes = Uint8Array.from({ length: 300 * size }, () => random.integer(256));

/** Image times a fixed matrix, of some number per feature; remembers the sizes of the batches it saw. */
function linearMap(weight: (pixel: number, feature: number) => number) {
  const batches: number[] = [];
  const kernel = tf.tensor2d(
    Array.from({ length: size * 2 }, (_, i) => weight(Math.floor(i / 2), i % 2)),
    [size, 2],
  );
  const map: FeatureMap = {
    kind: 'linear',
    size: 2,
    version: '0',
    features(images) {
      batches.push(images.shape[0]);
      return tf.tidy(() => tf.matMul(tf.reshape(images, [-1, size]), kernel) as tf.Tensor2D);
    },
    dispose: () => kernel.dispose(),
  };
  return { map, batches };
}

describe.each(['cpu', 'wasm'] as const)('on %s, features of stored images', (backend) => {
  beforeAll(() => selectBackend(backend));

  test('are those of the images in [-1, 1], row by row', async () => {
    const { map } = linearMap((pixel, feature) => (feature === 0 ? 1 : pixel));
    const features = await featuresOfBytes(map, bytes.subarray(0, 2 * size), [2, 3, 1]);
    const expected = [0, 1].flatMap((row) => {
      const image = Array.from(bytes.subarray(row * size, (row + 1) * size), (byte) => byte / 127.5 - 1);
      return [0, 1].map((k) => image.reduce((sum, value, j) => sum + value * (k === 0 ? 1 : j), 0));
    });
    expected.forEach((value, i) => {
      expect(Math.abs(features[i]! - value)).toBeLessThan(1e-5);
    });
    map.dispose();
  });

  test('are the same bits for any choice and order of rows, because all blocks have one size', async () => {
    const { map, batches } = linearMap((pixel, feature) => Math.sin(1 + 3 * pixel + feature));
    const all = await featuresOfBytes(map, bytes, [2, 3, 1]);
    expect(all).toHaveLength(600);
    const rows = [299, 4, 17, 128, 127, 4];
    const some = await featuresOfBytes(map, bytes, [2, 3, 1], rows);
    rows.forEach((row, i) => {
      expect(some.slice(2 * i, 2 * i + 2)).toEqual(all.slice(2 * row, 2 * row + 2));
    });
    expect(new Set(batches)).toEqual(new Set([128]));
    expect(await featuresOfBytes(map, bytes, [2, 3, 1], [])).toHaveLength(0);
    map.dispose();
  });

  test('that are not finite are an error that names the first such row of the pool', async () => {
    // The logarithm of a sum of pixels, which is negative where all are black.
    const { map } = linearMap(() => 1);
    const broken: FeatureMap = {
      ...map,
      features: (images) => tf.tidy(() => tf.log(map.features(images))),
    };
    const images = new Uint8Array(200 * size).fill(255);
    images.fill(0, 150 * size, 151 * size);
    images.fill(0, 190 * size, 191 * size);
    const before = tf.memory().numTensors;
    await expect(featuresOfBytes(broken, images, [2, 3, 1])).rejects.toThrow(
      'featuresOfBytes: expected finite linear features, got NaN for row 150',
    );
    await expect(featuresOfBytes(broken, images, [2, 3, 1], [3, 190, 150])).rejects.toThrow('for row 190');
    expect(tf.memory().numTensors).toBe(before);
    map.dispose();
  });

  test('leave no tensors behind', async () => {
    const { map } = linearMap(() => 1);
    const before = tf.memory().numTensors;
    await featuresOfBytes(map, bytes, [2, 3, 1]);
    expect(tf.memory().numTensors).toBe(before);
    map.dispose();
  });
});

test('bytes that are no whole number of images and rows that are not there are errors', async () => {
  await selectBackend('cpu');
  const { map } = linearMap(() => 1);
  await expect(featuresOfBytes(map, bytes.subarray(1), [2, 3, 1])).rejects.toThrow(
    'featuresOfBytes.bytes: expected images of [2, 3, 1], got 1799 bytes',
  );
  await expect(featuresOfBytes(map, bytes, [2, 3, 1], [300])).rejects.toThrow(
    'expected a row in [0, 300), got 300',
  );
  map.dispose();
});
