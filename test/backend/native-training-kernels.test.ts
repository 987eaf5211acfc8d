import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';
import { presentBackends } from './present.ts';

const stream = rootStream(11);

function tensor<R extends tf.Rank>(name: string, shape: tf.ShapeMap[R]): tf.Tensor<R> {
  return tf.tensor(stream.of(name).normals(tf.util.sizeFromShape(shape)), shape);
}

async function numbers(backend: 'cpu' | 'tensorflow', compute: () => tf.Tensor): Promise<number[]> {
  await selectBackend(backend);
  const before = tf.memory().numTensors;
  const result = tf.tidy(compute);
  try {
    return [...(await result.data())];
  } finally {
    result.dispose();
    expect(tf.memory().numTensors).toBe(before);
  }
}

async function expectSame(compute: () => tf.Tensor): Promise<void> {
  const [expected, actual] = [await numbers('cpu', compute), await numbers('tensorflow', compute)];
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  expected.forEach((value, i) => {
    expect(Math.abs(actual[i]! - value)).toBeLessThan(1e-5 * scale);
  });
}

// Skipped where native TensorFlow was not installed with `genal backend install`.
describe.skipIf(!presentBackends.includes('tensorflow'))('native TensorFlow equals plain JavaScript', () => {
  test.each([
    { side: [28, 28], channels: 1, filter: 5, strides: 2, pad: 'same' },
    { side: [9, 7], channels: 3, filter: 5, strides: 2, pad: 'same' },
    { side: [9, 8], channels: 2, filter: 3, strides: 1, pad: 'valid' },
    { side: [8, 9], channels: 4, filter: 4, strides: 3, pad: 'same' },
    { side: [8, 9], channels: 5, filter: 3, strides: 2, pad: 'same' },
  ] as const)('in the gradient of a convolution by its input: %j', async (options) => {
    const { side, channels, filter, strides, pad } = options;
    await expectSame(() => {
      const images = tensor<tf.Rank.R4>('images', [2, ...side, channels]);
      const filters = tensor<tf.Rank.R4>('filters', [filter, filter, channels, 6]);
      return tf.grad((x) => tf.sum(tf.square(tf.conv2d(x as tf.Tensor4D, filters, strides, pad))))(images);
    });
  });

  test('in a transposed convolution to an image of one channel', async () => {
    await expectSame(() => {
      const maps = tensor<tf.Rank.R4>('maps', [3, 7, 7, 8]);
      const filters = tensor<tf.Rank.R4>('filters', [5, 5, 1, 8]);
      return tf.conv2dTranspose(maps, filters, [3, 14, 14, 1], 2, 'same');
    });
  });

  test.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('in a product of matrices, the first transposed: %s, the second: %s', async (first, second) => {
    await expectSame(() => {
      const a = tensor<tf.Rank.R2>('a', first ? [4, 3] : [3, 4]);
      const b = tensor<tf.Rank.R2>('b', second ? [5, 4] : [4, 5]);
      return tf.matMul(a, b, first, second);
    });
  });

  test('in a product of batches, and in one of an empty matrix', async () => {
    await expectSame(() => tf.matMul(tensor<tf.Rank.R3>('a', [2, 3, 4]), tensor<tf.Rank.R3>('b', [2, 4, 5])));
    expect(await numbers('tensorflow', () => tf.matMul(tf.zeros([0, 3]), tf.zeros([3, 2])))).toEqual([]);
  });
});
