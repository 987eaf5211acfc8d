import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { repairSecondDerivatives } from '../../src/backend/second-derivatives.ts';
import { rootStream } from '../../src/random.ts';
import { webGpu } from './graphics-card.ts';

// UNREPAIRED=1 shows the figures that TensorFlow.js gives by itself, quoted beside each op below.
const repair = process.env.UNREPAIRED ? () => {} : repairSecondDerivatives;

beforeAll(repair);

const SAMPLES = 3;
const INPUTS = 4;
const HIDDEN = 16;

type Op = (hidden: tf.Tensor2D) => tf.Tensor;

/** Deterministic weights of a two-layer critic whose activation is the op under test. */
const stream = rootStream(3).of('second derivatives');
const samples = stream.normals(SAMPLES * INPUTS);
const weights = stream.normals(INPUTS * HIDDEN).map((value) => value * 0.7);
const head = stream.normals(4 * HIDDEN).map((value) => value * 0.7);

/** `mean((||d f / d x|| - 1)^2)` of `f(x) = sum(op(x W)^2 / 2 + op(x W) * v)`, per sample. */
function penalty(op: Op, w: tf.Tensor): tf.Scalar {
  const critic = (x: tf.Tensor) => {
    const hidden = op(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D));
    const flat = tf.reshape<tf.Rank.R2>(hidden, [SAMPLES, hidden.size / SAMPLES]);
    const probe = tf.tensor1d(head.subarray(0, hidden.size / SAMPLES));
    return tf.sum(tf.add(tf.mul(flat, probe), tf.mul(tf.square(flat), 0.5))) as tf.Scalar;
  };
  const gradients = tf.grad(critic)(tf.tensor2d(samples, [SAMPLES, INPUTS]));
  const norms = tf.sqrt(tf.add(tf.sum(tf.square(gradients), 1), 1e-12));
  return tf.mean(tf.square(tf.sub(norms, 1))) as tf.Scalar;
}

async function valuesOf(compute: () => tf.Tensor): Promise<Float32Array> {
  const result = tf.tidy(compute);
  const values = Float32Array.from(await result.data());
  result.dispose();
  return values;
}

/** The weight gradient along one direction, from the tape and from central differences. */
async function bothDerivatives(op: Op): Promise<{ analytic: number; numeric: number }> {
  const direction = rootStream(4).of('direction').normals(weights.length);
  const gradient = await valuesOf(() =>
    tf.grad((w) => penalty(op, w))(tf.tensor2d(weights, [INPUTS, HIDDEN])),
  );
  const analytic = gradient.reduce((sum, value, i) => sum + value * direction[i]!, 0);
  const step = 2e-3;
  const ends: number[] = [];
  for (const sign of [-1, 1]) {
    const moved = weights.map((value, i) => value + sign * step * direction[i]!);
    ends.push((await valuesOf(() => penalty(op, tf.tensor2d(moved, [INPUTS, HIDDEN]))))[0]!);
  }
  return { analytic, numeric: (ends[1]! - ends[0]!) / (2 * step) };
}

const images = (hidden: tf.Tensor2D) => tf.reshape(hidden, [SAMPLES, 4, 4, 1]) as tf.Tensor4D;
const oneHot = () => tf.oneHot(tf.tensor1d([1, 5, 9], 'int32'), HIDDEN);

// Without the repair, on cpu, as analytic against numeric: exp 12873 / 24785, sigmoid -0.142 / -0.092, tanh
// -1.14 / -1.35, softmax 1.71 / 2.23, logSoftmax 122 / 193, swish 6.01 / 4.49, pow in its exponent
// 29.1 / 51.0, sigmoidCrossEntropy 3.40 / 3.25, softmaxCrossEntropy 6.58 / 6.05. With "gradient function not found for
// ...": elu (EluGrad), leakyRelu, prelu, selu, minimum, where (Greater), relu6 (LessEqual), clipByValue
// (LogicalAnd), maximum (Less), max, min, logSumExp (Equal), avgPool, resizing. logSigmoid reads a disposed
// tensor. softplus, relu and pow in its base were right.
const ops: [string, Op][] = [
  ['exp', (h) => tf.exp(h)],
  ['sigmoid', (h) => tf.sigmoid(h)],
  ['tanh', (h) => tf.tanh(h)],
  ['elu', (h) => tf.elu(h)],
  ['softmax', (h) => tf.mul(tf.softmax(h), 12)],
  ['logSoftmax', (h) => tf.logSoftmax(h)],
  ['swish', (h) => tf.mul(h, tf.sigmoid(h))],
  ['logSigmoid', (h) => tf.logSigmoid(h)],
  ['softplus', (h) => tf.softplus(h)],
  ['pow, in its exponent', (h) => tf.pow(tf.scalar(1.7), h)],
  ['pow, in its base', (h) => tf.pow(tf.add(tf.square(h), 1), 1.3)],
  ['sigmoidCrossEntropy', (h) => tf.losses.sigmoidCrossEntropy(oneHot(), h, undefined, undefined, 0)],
  [
    'softmaxCrossEntropy',
    (h) => tf.mul(tf.losses.softmaxCrossEntropy(oneHot(), tf.mul(h, 0.5), undefined, undefined, 0), 3),
  ],
  ['leakyRelu', (h) => tf.leakyRelu(h, 0.2)],
  ['prelu', (h) => tf.prelu(h, tf.tensor2d(new Float32Array(HIDDEN).fill(0.3), [1, HIDDEN]))],
  ['selu', (h) => tf.selu(h)],
  ['relu', (h) => tf.relu(h)],
  ['relu6', (h) => tf.relu6(tf.mul(h, 3))],
  ['clipByValue', (h) => tf.mul(h, tf.clipByValue(h, -0.5, 0.8))],
  ['maximum', (h) => tf.square(tf.maximum(h, tf.mul(h, h)))],
  ['minimum', (h) => tf.square(tf.minimum(h, tf.mul(h, h)))],
  ['max', (h) => tf.square(tf.max(h, 1))],
  ['min', (h) => tf.square(tf.min(h, 1))],
  ['logSumExp', (h) => tf.square(tf.logSumExp(h, 1))],
  ['where', (h) => tf.where(tf.greater(h, 0.1), tf.square(h), h)],
  ['avgPool', (h) => tf.square(tf.avgPool(images(h), 2, 2, 'same'))],
  ['avgPool with overlap', (h) => tf.square(tf.avgPool(images(h), 3, 1, 'same'))],
  ['avgPool of odd sizes', (h) => tf.square(tf.avgPool(images(h), 3, 2, 'same'))],
  ['resizeNearestNeighbor', (h) => tf.square(tf.image.resizeNearestNeighbor(images(h), [8, 8]))],
  ['resizeBilinear', (h) => tf.square(tf.image.resizeBilinear(images(h), [7, 6]))],
  [
    'resizeBilinear at pixel centres',
    (h) => tf.square(tf.image.resizeBilinear(images(h), [7, 6], false, true)),
  ],
];

describe.each(['cpu', 'wasm', ...webGpu] as const)(
  'on %s, the penalty differentiates right through',
  (backend) => {
    beforeAll(async () => {
      if (process.env.UNREPAIRED) await tf.setBackend('cpu');
      else await selectBackend(backend);
    });

    test.each(ops)('%s', async (_, op) => {
      const scaled: Op = (h) => tf.mul(op(h), 0.5);
      const { analytic, numeric } = await bothDerivatives(scaled);
      expect(Math.abs(numeric)).toBeGreaterThan(0.05);
      expect(Math.abs(analytic - numeric), `analytic ${analytic}, numeric ${numeric}`).toBeLessThan(
        0.01 * Math.abs(numeric) + 2e-3,
      );
    });
  },
);

// The built-in gradients of the cases marked * are not the adjoint of their op, on cpu or on WebAssembly or both.
const linear: [string, (image: tf.Tensor4D) => tf.Tensor][] = [
  ['avgPool *', (image) => tf.avgPool(image, 3, 1, 'same')],
  ['avgPool of odd sizes *', (image) => tf.avgPool(image, 2, 2, 'same')],
  ['avgPool of whole windows', (image) => tf.avgPool(image, [3, 2], [2, 1], 'valid')],
  ['maxPool *', (image) => tf.maxPool(image, 2, 2, 'same')],
  ['maxPool with overlap *', (image) => tf.maxPool(image, 3, 2, 'same')],
  ['maxPool of whole windows', (image) => tf.maxPool(image, [2, 3], [1, 2], 'valid')],
  ['resizeNearestNeighbor *', (image) => tf.image.resizeNearestNeighbor(image, [8, 7])],
  [
    'resizeNearestNeighbor at pixel centres *',
    (image) => tf.image.resizeNearestNeighbor(image, [8, 7], false, true),
  ],
  ['resizeBilinear *', (image) => tf.image.resizeBilinear(image, [8, 3])],
  ['resizeBilinear with aligned corners *', (image) => tf.image.resizeBilinear(image, [8, 3], true)],
  ['resizeBilinear at pixel centres *', (image) => tf.image.resizeBilinear(image, [8, 3], false, true)],
];

describe.each(['cpu', 'wasm', ...webGpu] as const)(
  'on %s, the first gradient is the adjoint of',
  (backend) => {
    beforeAll(() => selectBackend(backend));

    // A function of degree one has <f(x), dy> = <x, df/dx^T dy>.
    test.each(linear)('%s', async (_, op) => {
      const image = tf.tensor4d(
        rootStream(6)
          .of('image')
          .normals(2 * 5 * 6 * 3),
        [2, 5, 6, 3],
      );
      const products = await valuesOf(() => {
        const out = op(image);
        const dy = tf.tensor(rootStream(6).of('dy').normals(out.size), out.shape);
        const dx = tf.grad((x) => tf.sum(tf.mul(op(x as tf.Tensor4D), dy)))(image);
        return tf.stack([tf.sum(tf.mul(out, dy)), tf.sum(tf.mul(image, dx))]);
      });
      image.dispose();
      expect(Math.abs(products[0]! - products[1]!)).toBeLessThan(1e-4);
    });
  },
);
