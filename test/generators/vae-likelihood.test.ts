import * as tf from '@tensorflow/tfjs';
import { beforeEach, expect, test } from 'vitest';
import { gaussianLoss, imagesOfMeans, squaredErrors } from '../../generators/mlp-terms.ts';
import { VaeConfig } from '../../generators/vae-config.ts';
import { likelihoodOf } from '../../generators/vae-likelihood.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';

beforeEach(async () => {
  await selectBackend('cpu');
});

test('the Gaussian loss is the negative logarithm of the density, which is 1 in all', async () => {
  // A Riemann sum of exp(-loss) over one pixel, its mean inside the range and its deviation small.
  const steps = 4000;
  const [mean, deviation] = [0.3, 0.15];
  const pixels = tf.linspace(-1, 1, steps).expandDims(1) as tf.Tensor2D;
  const losses = await gaussianLoss(
    tf.fill([steps, 1], mean) as tf.Tensor2D,
    pixels,
    deviation,
  ).data<'float32'>();
  const total = losses.reduce((sum, loss) => sum + Math.exp(-loss), 0) * (2 / (steps - 1));
  expect(total).toBeCloseTo(1, 4);
  const [two] = await gaussianLoss(tf.tensor2d([[0.5, -1]]), tf.tensor2d([[0.2, 0]]), 0.6).data();
  const one = (error: number) => error ** 2 / (2 * 0.36) + Math.log(0.6) + Math.log(2 * Math.PI) / 2;
  expect(two).toBeCloseTo(one(0.3) + one(1), 5);
});

test('by default it is the sum of squared errors and half of log pi a pixel', async () => {
  const likelihood = likelihoodOf(VaeConfig.parse({ kind: 'vae', likelihood: 'gaussian' }));
  const [loss] = await likelihood.loss(tf.tensor2d([[0.5, -1, 0]]), tf.tensor2d([[0.2, 0, 0]])).data();
  expect(loss).toBeCloseTo(0.09 + 1 + (3 / 2) * Math.log(Math.PI), 5);
});

test.each(['cpu', 'wasm'] as const)(
  'gradients of the squared errors, first and second, are those of the plain formula, on %s',
  async (backend) => {
    await selectBackend(backend);
    const stream = rootStream(3);
    const means = tf.tensor2d(stream.normals(12), [3, 4]);
    const pixels = tf.tensor2d(stream.uniforms(12), [3, 4]);
    const weights = tf.tensor2d(stream.normals(12), [3, 4]);
    const shares = tf.tensor1d([1, -2, 0.5]);
    const sumOf = (errors: (m: tf.Tensor2D) => tf.Tensor) => (m: tf.Tensor) =>
      tf.sum(tf.mul(shares, tf.square(errors(m as tf.Tensor2D))));
    const ours = sumOf((m) => squaredErrors(m, pixels));
    const plain = sumOf((m) => tf.sum(tf.square(tf.sub(m, pixels)), 1));
    const first = (f: (m: tf.Tensor) => tf.Tensor) => tf.grad(f);
    const second = (f: (m: tf.Tensor) => tf.Tensor) =>
      tf.grad((at) => tf.sum(tf.mul(weights, tf.grad(f)(at))));
    for (const order of [first, second]) {
      const expected = await order(plain)(means).data();
      (await order(ours)(means).data()).forEach((value, i) => {
        expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected[i]!)));
      });
    }
  },
);

test.each(['cpu', 'wasm'] as const)(
  'images are the means, cut off at black and white, and follow them where they are not, on %s',
  async (backend) => {
    await selectBackend(backend);
    const means = tf.tensor2d([[-3, -0.5, 0, 0.75, 1.5, 1]]);
    expect([...(await imagesOfMeans(means, [2, 3, 1]).data())]).toEqual([-1, -0.5, 0, 0.75, 1, 1]);
    const slope = tf.grad((m) => tf.sum(tf.square(imagesOfMeans(m as tf.Tensor2D, [2, 3, 1]))))(means);
    expect([...(await slope.data())].slice(0, 5)).toEqual([0, -1, 0, 1.5, 0]);
  },
);

test('pixels of a Gaussian are those of the images, of the others their brightness or a draw by it', async () => {
  const images = tf.tensor4d([-1, 1, 0, -0.5], [1, 2, 2, 1]);
  const of = (likelihood: VaeConfig['likelihood']) =>
    likelihoodOf(VaeConfig.parse({ kind: 'vae', likelihood }));
  expect([...(await of('gaussian').pixels(images).data())]).toEqual([-1, 1, 0, -0.5]);
  expect([...(await of('real').pixels(images).data())]).toEqual([0, 1, 0.5, 0.25]);
  expect(of('gaussian').noise([1, 2, 2, 1], rootStream(1))).toBeUndefined();
  expect(of('real').noise([1, 2, 2, 1], rootStream(1))).toBeUndefined();
  const noise = of('binarised').noise([1, 2, 2, 1], rootStream(1))!;
  const drawn = await of('binarised').pixels(images, noise).data();
  expect([...drawn].every((value) => value === 0 || value === 1)).toBe(true);
  expect([...drawn].slice(0, 2)).toEqual([0, 1]);
});

test('no tensor is left over by a likelihood', () => {
  const images = tf.zeros([2, 2, 2, 1]) as tf.Tensor4D;
  const means = tf.zeros([2, 4]) as tf.Tensor2D;
  const before = tf.memory().numTensors;
  for (const name of ['binarised', 'real', 'gaussian'] as const) {
    const likelihood = likelihoodOf(VaeConfig.parse({ kind: 'vae', likelihood: name }));
    const noise = likelihood.noise([2, 2, 2, 1], rootStream(1));
    const pixels = likelihood.pixels(images, noise);
    tf.dispose([likelihood.loss(means, pixels), likelihood.images(means, [2, 2, 1]), pixels, noise ?? []]);
    expect(tf.memory().numTensors).toBe(before);
  }
});
