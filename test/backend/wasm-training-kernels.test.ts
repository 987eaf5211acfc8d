import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';

beforeAll(async () => {
  await selectBackend('wasm');
});

const stream = rootStream(1).of('kernels');
const normals = (shape: number[]) => ({
  shape,
  values: stream.normals(shape.reduce((product, axis) => product * axis, 1)),
});

/** The result of the same computation on the plain-JavaScript backend, which serves as the reference. */
async function onBoth(run: () => tf.Tensor): Promise<[Float32Array, Float32Array]> {
  const results: Float32Array[] = [];
  for (const backend of ['cpu', 'wasm'] as const) {
    await tf.setBackend(backend);
    const result = tf.tidy(run);
    results.push(Float32Array.from(await result.data()));
    result.dispose();
  }
  return results as [Float32Array, Float32Array];
}

/** float32 sums of a few hundred products in another order. */
function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThanOrEqual(2e-5 * (1 + Math.abs(expected[i]!)) * 5);
  }
}

interface Case {
  readonly size: [number, number];
  readonly filter: [number, number];
  readonly channels: [number, number];
  readonly strides: [number, number];
  readonly pad: 'same' | 'valid' | number;
}

const cases: Case[] = [];
for (const pad of ['same', 'valid'] as const) {
  for (const stride of [1, 2, 3]) {
    for (const channels of [
      [1, 3],
      [3, 1],
      [9, 10],
    ] as [number, number][]) {
      cases.push({ size: [7, 9], filter: [5, 5], channels, strides: [stride, stride], pad });
      cases.push({ size: [8, 6], filter: [4, 3], channels, strides: [stride, stride], pad });
    }
  }
  // A stride longer than the filter, and one that differs by axis: pixels that no window meets.
  cases.push({ size: [9, 8], filter: [2, 2], channels: [9, 2], strides: [3, 3], pad });
  cases.push({ size: [9, 8], filter: [2, 2], channels: [2, 2], strides: [3, 3], pad });
  cases.push({ size: [8, 7], filter: [1, 1], channels: [9, 4], strides: [2, 1], pad });
  cases.push({ size: [5, 5], filter: [5, 5], channels: [8, 8], strides: [1, 2], pad });
}

// Padding wider than the filter: outputs that see nothing but zeros.
for (const inChannels of [1, 9]) {
  for (const stride of [1, 2, 3]) {
    const channels: [number, number] = [inChannels, 2];
    cases.push({ size: [5, 6], filter: [2, 3], channels, strides: [stride, stride], pad: 4 });
  }
}

describe('convolution gradients', () => {
  test.each(cases)('equal the cpu backend: %j', async ({ size, filter, channels, strides, pad }) => {
    const [inChannels, outChannels] = channels;
    const images = normals([2, ...size, inChannels]);
    const weights = normals([...filter, inChannels, outChannels]);
    const probe = rootStream(2).of('probe').normals(4000);
    const penalty = (x: tf.Tensor, w: tf.Tensor) => {
      const out = tf.conv2d<tf.Tensor4D>(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad);
      return tf.sum(tf.mul(out, tf.tensor(probe.subarray(0, out.size), out.shape))) as tf.Scalar;
    };
    for (const which of [0, 1]) {
      const [expected, actual] = await onBoth(
        () =>
          tf.grads(penalty)([
            tf.tensor(images.values, images.shape),
            tf.tensor(weights.values, weights.shape),
          ])[which]!,
      );
      expectClose(actual, expected);
    }
  });

  test('equal finite differences', async () => {
    await tf.setBackend('wasm');
    const [images, weights] = [normals([2, 5, 6, 9]), normals([3, 3, 9, 2])];
    const loss = (x: Float32Array, w: Float32Array) =>
      tf.tidy(() =>
        tf.sum(
          tf.square(
            tf.conv2d<tf.Tensor4D>(
              tf.tensor(x, images.shape as [number, number, number, number]),
              tf.tensor(w, weights.shape as [number, number, number, number]),
              2,
              'same',
            ),
          ),
        ),
      );
    const gradients = tf.tidy(() =>
      tf.grads((x, w) =>
        tf.sum(tf.square(tf.conv2d<tf.Tensor4D>(x as tf.Tensor4D, w as tf.Tensor4D, 2, 'same'))),
      )([tf.tensor(images.values, images.shape), tf.tensor(weights.values, weights.shape)]),
    );
    const [dx, dw] = [await gradients[0]!.data(), await gradients[1]!.data()];
    tf.dispose(gradients);
    for (const [analytic, values, of] of [
      [dx, images.values, (moved: Float32Array) => loss(moved, weights.values)],
      [dw, weights.values, (moved: Float32Array) => loss(images.values, moved)],
    ] as const) {
      for (const i of [0, 17, 101]) {
        const ends: number[] = [];
        for (const step of [-0.01, 0.01]) {
          const moved = values.slice();
          moved[i] = moved[i]! + step;
          const result = of(moved);
          ends.push((await result.data())[0]!);
          result.dispose();
        }
        // The loss is of second degree in each argument, so the central difference is exact but for rounding.
        expect(Math.abs(analytic[i]! - (ends[1]! - ends[0]!) / 0.02)).toBeLessThan(
          0.05 * (1 + Math.abs(analytic[i]!)),
        );
      }
    }
  });

  test('transposed convolutions equal the cpu backend, at the sizes of a generator', async () => {
    const [latents, weights] = [normals([2, 3, 3, 8]), normals([5, 5, 9, 8])];
    const [expected, actual] = await onBoth(() =>
      tf.conv2dTranspose<tf.Tensor4D>(
        tf.tensor4d(latents.values, [2, 3, 3, 8]),
        tf.tensor4d(weights.values, [5, 5, 9, 8]),
        [2, 6, 6, 9],
        2,
        'same',
      ),
    );
    expectClose(actual, expected);
  });

  test('refuse channels before pixels', async () => {
    await tf.setBackend('wasm');
    const [x, dy] = [tf.zeros([1, 2, 4, 4]), tf.zeros([1, 3, 4, 4])];
    const attrs = { strides: 1, pad: 'same', dataFormat: 'NCHW', filterShape: [3, 3, 2, 3] };
    expect(() => tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, attrs as never)).toThrow(
      'conv2DBackpropFilter.dataFormat: expected NHWC, got NCHW',
    );
    tf.dispose([x, dy]);
  });
});

describe('matrix products', () => {
  test.each([
    [false, true, [3, 4], [5, 4]],
    [true, false, [4, 3], [4, 5]],
    [true, true, [4, 3], [5, 4]],
    [true, true, [2, 4, 3], [2, 5, 4]],
    [true, true, [1, 4, 1], [1, 5, 4]],
    [false, true, [2, 3, 4], [1, 5, 4]],
  ] as const)(
    'with transposes %s, %s equal the cpu backend: %j x %j',
    async (transposeA, transposeB, a, b) => {
      const [left, right] = [normals([...a]), normals([...b])];
      const [expected, actual] = await onBoth(() =>
        tf.matMul(
          tf.tensor(left.values, left.shape),
          tf.tensor(right.values, right.shape),
          transposeA,
          transposeB,
        ),
      );
      expectClose(actual, expected);
    },
  );

  test('keep bias and activation when fused', async () => {
    const [left, right, bias] = [normals([4, 3]), normals([5, 4]), normals([5])];
    const [expected, actual] = await onBoth(() =>
      tf.fused.matMul({
        a: tf.tensor2d(left.values, [4, 3]),
        b: tf.tensor2d(right.values, [5, 4]),
        transposeA: true,
        transposeB: true,
        bias: tf.tensor1d(bias.values),
        activation: 'relu',
      }),
    );
    expectClose(actual, expected);
  });
});

describe('segment sums', () => {
  test('add the rows of each segment and leave out ids outside', async () => {
    await tf.setBackend('wasm');
    const sums = tf.unsortedSegmentSum(
      tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]),
      tf.tensor1d([2, 0, 2, -1], 'int32'),
      4,
    );
    expect(sums.shape).toEqual([4, 2]);
    expect([...(await sums.data())]).toEqual([3, 4, 0, 0, 6, 8, 0, 0]);
  });

  test("make gather's gradient equal the cpu backend", async () => {
    const table = normals([4, 3]);
    const [expected, actual] = await onBoth(() =>
      tf.grad((x) => tf.sum(tf.square(tf.gather(x, tf.tensor1d([1, 3, 1], 'int32')))))(
        tf.tensor(table.values, table.shape),
      ),
    );
    expectClose(actual, expected);
  });
});

describe('sums and means', () => {
  test.each([
    [[2, 3, 4, 5], [0, 1, 2], false],
    [[2, 3, 4, 5], [2, 0, 1], true],
    [[2, 3, 4, 5], [0, 1], false],
    [[200, 7], 0, false],
    [[5, 7], -1, false],
    [[5, 7], [0, 1], false],
    [[2, 3, 4], [1], true],
    [[3, 1], 0, false],
  ] as [number[], number | number[], boolean][])(
    'of %j over %j equal the cpu backend',
    async (shape, axis, keep) => {
      const { values } = normals(shape);
      for (const reduce of [tf.sum, tf.mean]) {
        const [expected, actual] = await onBoth(() => {
          const result = reduce(tf.tensor(values, shape), axis, keep);
          return tf.concat1d([tf.reshape(result, [-1]) as tf.Tensor1D, tf.tensor1d(result.shape)]);
        });
        expectClose(actual, expected);
      }
    },
  );

  test('of integers stay integers', async () => {
    await tf.setBackend('wasm');
    const sums = tf.sum(tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32'), 0);
    expect(sums.dtype).toBe('int32');
    expect([...(await sums.data())]).toEqual([4, 6]);
    sums.dispose();
  });
});

describe('pooling gradients', () => {
  test.each([
    [2, 2, 'same'],
    [3, 2, 'same'],
    [3, 1, 'same'],
    [2, 1, 'valid'],
    [3, 3, 'valid'],
    [1, 2, 'valid'],
  ] as const)('of maxPool with window %i, stride %i, %s equal the cpu backend', async (size, stride, pad) => {
    const { shape, values } = normals([2, 5, 7, 3]);
    const [expected, actual] = await onBoth(() =>
      tf.grad((x) => tf.sum(tf.square(tf.maxPool(x as tf.Tensor4D, size, stride, pad))))(
        tf.tensor(values, shape),
      ),
    );
    expectClose(actual, expected);
  });

  test('give the first of equal maxima the whole of dy', async () => {
    await tf.setBackend('wasm');
    const dx = tf.tidy(() =>
      tf.grad((x) => tf.sum(tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid')))(tf.ones([1, 2, 2, 1])),
    );
    expect([...(await dx.data())]).toEqual([1, 0, 0, 0]);
    dx.dispose();
  });
});

test('leakyRelu equals the cpu backend', async () => {
  const { shape, values } = normals([3, 5]);
  const [expected, actual] = await onBoth(() => tf.leakyRelu(tf.tensor(values, shape), 0.3));
  expectClose(actual, expected);
});

test('a clone shares its values, and outlives the tensor that it was made of', async () => {
  await tf.setBackend('wasm');
  const backend = tf.backend() as tf.KernelBackend;
  const buffers = backend.numDataIds();
  const original = tf.tensor1d([1, 2, 3]);
  const copy = tf.clone(original);
  expect(backend.numDataIds()).toBe(buffers + 1);
  original.dispose();
  const others = tf.fill([3], 7);
  expect(await copy.data()).toEqual(Float32Array.of(1, 2, 3));
  tf.dispose([copy, others]);
  expect(backend.numDataIds()).toBe(buffers);
});

test('no kernel leaves memory behind', async () => {
  await tf.setBackend('wasm');
  const run = (channels: number) =>
    tf.tidy(() => {
      const gradients = tf.grads((x, w, a) => {
        const features = tf.conv2d<tf.Tensor4D>(x as tf.Tensor4D, w as tf.Tensor4D, 2, 'valid');
        const flat = tf.reshape(features, [2, -1]);
        const product = tf.matMul(flat, a as tf.Tensor2D, false, true);
        const pooled = tf.avgPool(
          tf.maxPool(tf.leakyRelu(features), 2, 1, 'same'),
          2,
          1,
          'same',
        ) as tf.Tensor4D;
        const means = tf.mean(pooled, [0, 1, 2]);
        return tf.add(tf.sum(means), tf.sum(tf.gather(product, tf.tensor1d([0, 0], 'int32'))));
      })([tf.ones([2, 8, 8, channels]), tf.ones([3, 3, channels, 2]), tf.ones([5, 18])]);
      return gradients.length;
    });
  run(1);
  const backend = tf.backend() as tf.KernelBackend;
  const [tensors, buffers] = [tf.memory().numTensors, backend.numDataIds()];
  run(1);
  run(9);
  expect(tf.memory().numTensors).toBe(tensors);
  expect(backend.numDataIds()).toBe(buffers);
});
