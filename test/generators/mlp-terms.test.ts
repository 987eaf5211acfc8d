import * as tf from '@tensorflow/tfjs';
import { beforeEach, expect, test } from 'vitest';
import {
  bernoulliLoss,
  bernoulliPixels,
  divergenceFromPrior,
  gaussians as gaussiansOf,
  sampleGaussians,
} from '../../generators/mlp-terms.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';

beforeEach(async () => {
  await selectBackend('cpu');
});

const MEANS = [
  [0, 0],
  [1, -2],
  [0.5, 0.3],
];
const DEVIATIONS = [
  [1, 1],
  [1, 1],
  [0.4, 2.5],
];

function gaussians() {
  const moments = MEANS.map((row, i) => [
    ...row,
    ...DEVIATIONS[i]!.map((deviation) => 2 * Math.log(deviation)),
  ]);
  return gaussiansOf(tf.tensor2d(moments));
}

test('the divergence from the prior is the closed form, summed over dimensions', async () => {
  const divergences = await divergenceFromPrior(gaussians()).data();
  const expected = MEANS.map((row, i) =>
    row.reduce((sum, mean, j) => {
      const deviation = DEVIATIONS[i]![j]!;
      return sum + (mean ** 2 + deviation ** 2 - 1) / 2 - Math.log(deviation);
    }, 0),
  );
  expect(expected[1]).toBe(2.5);
  expected.forEach((value, i) => {
    expect(divergences[i]).toBeCloseTo(value, 5);
  });
});

test('samples have the mean of log q - log p that the divergence says', async () => {
  // 20 000 samples of the third Gaussian; the difference's deviation is some 4, so four standard errors are 0.12.
  const count = 20_000;
  const logDeviations = DEVIATIONS[2]!.map((deviation) => 2 * Math.log(deviation));
  const one = gaussiansOf(tf.tile(tf.tensor2d([[...MEANS[2]!, ...logDeviations]]), [count, 1]));
  const noise = tf.tensor2d(rootStream(5).normals(2 * count), [count, 2]);
  const samples = await sampleGaussians(one, noise).data();
  let sum = 0;
  samples.forEach((z, i) => {
    const [mean, deviation] = [MEANS[2]![i % 2]!, DEVIATIONS[2]![i % 2]!];
    sum += z ** 2 / 2 - ((z - mean) / deviation) ** 2 / 2 - Math.log(deviation);
  });
  const [, , divergence] = await divergenceFromPrior(gaussians()).data();
  expect(Math.abs(sum / count - divergence!)).toBeLessThan(0.12);
});

test.each(['cpu', 'wasm'] as const)(
  'the Bernoulli loss is summed over pixels and exact at any logit, on %s',
  async (backend) => {
    await selectBackend(backend);
    const logits = [-200, -100, -30, -9, -2, -0.5, 0, 0.5, 3, 12, 30, 100, 200];
    for (const pixel of [0, 0.3, 1]) {
      const losses = await bernoulliLoss(
        tf.tensor2d(logits, [13, 1]),
        tf.fill([13, 1], pixel) as tf.Tensor2D,
      ).data();
      logits.forEach((l, i) => {
        const exact = Math.max(l, 0) - pixel * l + Math.log1p(Math.exp(-Math.abs(l)));
        expect(Math.abs(losses[i]! - exact), `logit ${l}`).toBeLessThan(1e-6 * Math.max(1, Math.abs(l)));
      });
    }
    const [both] = await bernoulliLoss(tf.tensor2d([[1, -1]]), tf.tensor2d([[1, 0]])).data();
    expect(both).toBeCloseTo(2 * Math.log1p(Math.exp(-1)), 6);
  },
);

test.each(['cpu', 'wasm'] as const)(
  'its gradient is that of the same formula by TensorFlow.js, on %s',
  async (backend) => {
    await selectBackend(backend);
    const stream = rootStream(3);
    const logits = tf.tensor2d(
      stream.normals(60).map((value) => 4 * value),
      [5, 12],
    );
    const pixels = tf.tensor2d(stream.uniforms(60), [5, 12]);
    const shares = tf.tensor1d([1, -2, 0.5, 0, 3]);
    const slopeOf = (loss: (l: tf.Tensor2D) => tf.Tensor) =>
      tf
        .grad((l) => tf.sum(tf.mul(shares, loss(l as tf.Tensor2D))))(logits)
        .data();
    const plain = (l: tf.Tensor2D) => tf.sum(tf.sub(tf.softplus(l), tf.mul(l, pixels)), 1);
    const expected = await slopeOf(plain);
    (await slopeOf((l) => bernoulliLoss(l, pixels))).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 6);
    });
  },
);

test('its gradient at logits far out is that of the line it becomes', async () => {
  const slope = tf.grad((l) => tf.sum(bernoulliLoss(l as tf.Tensor2D, tf.tensor2d([[1, 0, 1, 0]]))));
  const values = [...(await slope(tf.tensor2d([[-200, -200, 200, 200]])).data())];
  expect(values.map((value) => value + 0)).toEqual([-1, 0, 0, 1]);
});

test.each(['cpu', 'wasm'] as const)(
  'gradients of samples and divergences, first and second, are those of the plain formulas, on %s',
  async (backend) => {
    await selectBackend(backend);
    const stream = rootStream(4);
    const noise = tf.tensor2d(stream.normals(6), [3, 2]);
    const shares = tf.tensor1d([0.7, -1.3, 2]);
    const column = tf.reshape(shares, [3, 1]);
    const ours = (moments: tf.Tensor) => {
      const posteriors = gaussiansOf(moments as tf.Tensor2D);
      const ofLatents = tf.sum(tf.mul(column, tf.square(sampleGaussians(posteriors, noise))));
      return tf.add(ofLatents, tf.sum(tf.mul(shares, tf.square(divergenceFromPrior(posteriors)))));
    };
    const plain = (moments: tf.Tensor) => {
      const [means, logs] = tf.split(moments, 2, 1) as [tf.Tensor, tf.Tensor];
      const latents = tf.add(means, tf.mul(tf.exp(tf.div(logs, 2)), noise));
      const sums = tf.sum(tf.sub(tf.sub(tf.add(logs, 1), tf.square(means)), tf.exp(logs)), 1);
      const ofLatents = tf.sum(tf.mul(column, tf.square(latents)));
      return tf.add(ofLatents, tf.sum(tf.mul(shares, tf.square(tf.mul(sums, -0.5)))));
    };
    const moments = tf.tensor2d(stream.normals(12), [3, 4]);
    const weights = tf.tensor2d(stream.normals(12), [3, 4]);
    const first = (f: (moments: tf.Tensor) => tf.Tensor) => tf.grad(f);
    const second = (f: (moments: tf.Tensor) => tf.Tensor) =>
      tf.grad((at) => tf.sum(tf.mul(weights, tf.grad(f)(at))));
    for (const order of [first, second]) {
      const expected = await order(plain)(moments).data();
      const got = await order(ours)(moments).data();
      expected.forEach((value, i) => {
        expect(Math.abs(got[i]! - value)).toBeLessThan(2e-5 * Math.max(1, Math.abs(value)));
      });
    }
  },
);

test('pixels are the brightness, or drawn with it as probability', async () => {
  const images = tf.tensor4d([-1, 1, 0, -0.5], [1, 2, 2, 1]);
  expect([...(await bernoulliPixels(images).data())]).toEqual([0, 1, 0.5, 0.25]);
  const drawnWith = async (noise: number) => {
    const drawn = bernoulliPixels(images, tf.fill([1, 2, 2, 1], noise) as tf.Tensor4D);
    expect(drawn.shape).toEqual([1, 4]);
    expect(drawn.dtype).toBe('float32');
    return [...(await drawn.data())];
  };
  expect(await drawnWith(-1)).toEqual([0, 1, 1, 1]);
  expect(await drawnWith(-0.3)).toEqual([0, 1, 1, 0]);
  expect(await drawnWith(1 - 2 ** -23)).toEqual([0, 1, 0, 0]);
});

test('no tensor is left over by a term or its gradient', () => {
  const moments = tf.tensor2d([[1, 2, 0, -1]]);
  const posteriors = gaussiansOf(moments);
  const before = tf.memory().numTensors;
  tf.dispose(gaussiansOf(moments));
  tf.dispose(divergenceFromPrior(posteriors));
  tf.dispose(sampleGaussians(posteriors, posteriors.means));
  tf.dispose(bernoulliLoss(moments, moments));
  tf.dispose(tf.grad((l) => tf.sum(bernoulliLoss(l as tf.Tensor2D, moments)))(moments));
  expect(tf.memory().numTensors).toBe(before);
});
