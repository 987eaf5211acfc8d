import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { disposeNetwork } from '../../generators/network.ts';
import {
  createWganGpNetwork,
  criticScores,
  generateWganGpImages,
  type WganGpArchitecture,
  wganGpShapes,
  wganGpSides,
} from '../../generators/wgan-gp-networks.ts';
import { gradientPenalty } from '../../generators/wgan-gp-step.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import type { BackendName } from '../../src/backend/backend-names.ts';
import type { ImageShape } from '../../src/datasets/dataset.ts';
import { rootStream } from '../../src/random.ts';

const native = await selectBackend('tensorflow').then(
  () => true,
  () => false,
);

beforeEach(async () => {
  await selectBackend('cpu');
});

const ARCHITECTURE: WganGpArchitecture = {
  latentSize: 4,
  width: 1,
  generatorNorm: 'none',
  criticNorm: 'none',
  shape: [28, 28, 1],
};

function imagesOf(n: number, shape: ImageShape, seed = 5): tf.Tensor4D {
  const pixels = n * tf.util.sizeFromShape([...shape]);
  const values = rootStream(seed).uniforms(pixels);
  return tf.tensor4d(
    values.map((value) => 2 * value - 1),
    [n, ...shape],
  );
}

test('the default networks are those of the reference code', () => {
  const architecture = { ...ARCHITECTURE, latentSize: 128, width: 64 };
  expect(wganGpSides([28, 28, 1])).toEqual([
    [4, 4],
    [7, 7],
    [14, 14],
    [28, 28],
  ]);
  const { generator, critic } = wganGpShapes(architecture);
  expect(generator.weights).toEqual({
    'dense/weights': [128, 4096],
    'dense/bias': [4096],
    'up0/filters': [5, 5, 128, 256],
    'up0/bias': [128],
    'up1/filters': [5, 5, 64, 128],
    'up1/bias': [64],
    'up2/filters': [5, 5, 1, 64],
    'up2/bias': [1],
  });
  expect(critic.weights).toEqual({
    'down0/filters': [5, 5, 128, 256],
    'down0/bias': [256],
    'down1/filters': [5, 5, 64, 128],
    'down1/bias': [128],
    'down2/filters': [5, 5, 1, 64],
    'down2/bias': [64],
    'score/weights': [4096, 1],
  });
});

test('first weights are uniform with the variances of the reference code', async () => {
  const { critic } = wganGpShapes({ ...ARCHITECTURE, width: 16 });
  const network = createWganGpNetwork(critic, rootStream(1));
  // [5, 5, 32, 64]: fan in 25 * 32, fan out 25 * 64 / 4.
  const variances = { 'down0/filters': 4 / (800 + 400), 'score/weights': 2 / (1024 + 1) };
  for (const [name, variance] of Object.entries(variances)) {
    const values = await network.weights[name]!.data<'float32'>();
    const measured = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
    expect(Math.abs(measured / variance - 1), name).toBeLessThan(0.1);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest / Math.sqrt(3 * variance), name).toBeLessThanOrEqual(1);
    expect(largest / Math.sqrt(3 * variance), name).toBeGreaterThan(0.99);
  }
  expect([...(await network.weights['down0/bias']!.data())]).toEqual(new Array(64).fill(0));
  disposeNetwork(network);
});

test.each([[[28, 28, 1]], [[32, 32, 3]], [[9, 14, 2]]] as const)(
  'images have the shape asked for and lie in [-1, 1]: %j',
  async (shape) => {
    for (const generatorNorm of ['none', 'batch'] as const) {
      const architecture = { ...ARCHITECTURE, generatorNorm, shape };
      const network = createWganGpNetwork(wganGpShapes(architecture).generator, rootStream(1));
      const latents = tf.tensor2d(rootStream(2).normals(8), [2, 4]);
      const before = tf.memory().numTensors;
      const images = generateWganGpImages(architecture, network, latents, { by: 'running' });
      expect(tf.memory().numTensors).toBe(before + 1);
      expect(images.shape).toEqual([2, ...shape]);
      for (const value of await images.data()) expect(Math.abs(value)).toBeLessThanOrEqual(1);
      disposeNetwork(network);
    }
  },
);

test("an image's score does not depend on the others of its batch", async () => {
  for (const criticNorm of ['none', 'layer'] as const) {
    const architecture = { ...ARCHITECTURE, criticNorm };
    const network = createWganGpNetwork(wganGpShapes(architecture).critic, rootStream(1));
    const images = imagesOf(3, architecture.shape);
    const together = await criticScores(architecture, network, images).data();
    for (let row = 0; row < 3; row++) {
      const alone = criticScores(architecture, network, tf.slice(images, row, 1) as tf.Tensor4D);
      expect((await alone.data())[0]).toBe(together[row]);
    }
    expect(new Set(together).size).toBe(3);
    disposeNetwork(network);
  }
});

/**
 * Every operation that a gradient of the penalty is taken through, by the name it has on the tape: with its gradient
 * config for a kernel, undefined for a custom gradient.
 */
function tapedOperations(run: () => void): Map<string, tf.GradConfig | undefined> {
  const engine = tf.engine() as unknown as {
    addTapeNode(name: string, inputs: object, outputs: object, gradient: unknown, ...rest: unknown[]): void;
  };
  const original = engine.addTapeNode;
  const taped = new Map<string, tf.GradConfig | undefined>();
  engine.addTapeNode = function (name, inputs, outputs, gradient, ...rest) {
    taped.set(
      gradient === null || gradient === undefined ? name : `custom gradient in ${name}`,
      tf.getGradient(name),
    );
    original.call(this, name, inputs, outputs, gradient, ...rest);
  };
  try {
    run();
  } finally {
    engine.addTapeNode = original;
  }
  return taped;
}

test('no operation of the critic lacks a second derivative or has a silently wrong one', async () => {
  const backends = ['wasm', ...(native ? (['tensorflow'] as const) : [])] as const;
  const both = backends.flatMap((name) => [[name, 'none'] as const, [name, 'layer'] as const]);
  for (const [backend, criticNorm] of both) {
    await selectBackend(backend);
    const architecture = { ...ARCHITECTURE, criticNorm };
    const network = createWganGpNetwork(wganGpShapes(architecture).critic, rootStream(1));
    const images = imagesOf(2, architecture.shape);
    const taped = tapedOperations(() => {
      tf.variableGrads(() => gradientPenalty(architecture, network, images), Object.values(network.weights));
    });
    expect([...taped.keys()]).toContain('Conv2DBackpropInput');
    for (const [name, config] of taped) {
      // Leaky ReLU's, which layers.test.ts differentiates twice, and reading a variable.
      if (name.startsWith('custom gradient')) continue;
      expect(config, `${name} has a gradient`).toBeDefined();
      // A saved output enters the tape ahead of its operation, and its share of the derivative is lost.
      expect(config?.outputsToSave ?? [], `${name} saves no output`).toEqual([]);
    }
    disposeNetwork(network);
  }
});

describe.each(['wasm', 'tensorflow'] as const)('on %s', (backend: BackendName) => {
  test.skipIf(backend === 'tensorflow' && !native).each([
    [[28, 28, 1], 'none'],
    [[32, 32, 3], 'none'],
    [[28, 28, 1], 'layer'],
    [[32, 32, 3], 'layer'],
  ] as const)(
    "the penalty's gradient by every critic weight equals finite differences in double precision: %j, norm %s",
    async (shape, criticNorm) => {
      await selectBackend(backend);
      const architecture = { ...ARCHITECTURE, criticNorm, shape };
      const network = createWganGpNetwork(wganGpShapes(architecture).critic, rootStream(3));
      // Biases away from 0, so that they matter for the signs.
      for (const [name, variable] of Object.entries(network.weights)) {
        if (/bias|beta/.test(name)) variable.assign(tf.fill(variable.shape, 0.1));
        if (name.endsWith('gamma')) variable.assign(tf.linspace(0.8, 1.3, variable.size));
      }
      const images = imagesOf(2, shape);
      const { value, grads } = tf.variableGrads(
        () => gradientPenalty(architecture, network, images),
        Object.values(network.weights),
      );
      const weights: Record<string, Float64Array> = {};
      for (const [name, variable] of Object.entries(network.weights)) {
        weights[name] = Float64Array.from(await variable.data());
      }
      const penalty = penaltyTwin(shape, criticNorm, Float64Array.from(await images.data()));
      expect((await value.data())[0]! / penalty(weights)).toBeCloseTo(1, 5);
      for (const [name, variable] of Object.entries(network.weights)) {
        const values = weights[name]!;
        const numeric = values.map((weight, i) => {
          values[i] = weight + STEP;
          const above = penalty(weights);
          values[i] = weight - STEP;
          const below = penalty(weights);
          values[i] = weight;
          return (above - below) / (2 * STEP);
        });
        const largest = Math.max(...numeric.map(Math.abs));
        const gradients = await grads[variable.name]?.data();
        if (isWithoutSlope(name, criticNorm)) {
          // It moves no slope but where it changes a sign.
          expect(largest, name).toBeLessThan(1e-6);
          for (const gradient of gradients ?? []) expect(Math.abs(gradient), name).toBeLessThan(1e-6);
          continue;
        }
        expect(largest, name).toBeGreaterThan(1e-4);
        expect(gradients, name).toHaveLength(numeric.length);
        numeric.forEach((slope, i) => {
          const scale = Math.max(Math.abs(slope), 0.01 * largest);
          expect(Math.abs(gradients![i]! - slope) / scale, `${name} ${i}`).toBeLessThan(1e-3);
        });
      }
      disposeNetwork(network);
    },
  );
});

/** What only shifts the inputs of rectifiers, and of no normalisation behind them. */
function isWithoutSlope(name: string, criticNorm: 'none' | 'layer'): boolean {
  return criticNorm === 'none' ? name.endsWith('bias') : name === 'norm0/beta';
}

/** Of the differences, in units of the weights: double precision leaves some nine digits. */
const STEP = 1e-6;

/**
 * The penalty of width 1 in double precision, by loops over the taps of each convolution.
 *
 * @param images `[2, height, width, channels]`, row-major
 */
function penaltyTwin(shape: ImageShape, criticNorm: 'none' | 'layer', images: Float64Array) {
  const sides = wganGpSides(shape);
  const counts = [4, 2, 1, shape[2]];
  const layers = [2, 1, 0].map((level) => ({
    name: `down${level}`,
    outputs: sides[level]![0] * sides[level]![1] * counts[level]!,
    inputs: sides[level + 1]![0] * sides[level + 1]![1] * counts[level + 1]!,
    count: counts[level]!,
    taps: tapsOf(sides[level + 1]!, sides[level]!, counts[level + 1]!, counts[level]!),
  }));
  return (weights: Readonly<Record<string, Float64Array>>): number => {
    let sum = 0;
    for (let row = 0; row < 2; row++) {
      let maps = images.subarray((row * images.length) / 2, ((row + 1) * images.length) / 2);
      const slopes: Float64Array[] = [];
      const norms: { outputs: Float64Array; back: (gradient: Float64Array) => Float64Array }[] = [];
      for (const { name, outputs, count, taps } of layers) {
        const [filters, bias] = [weights[`${name}/filters`]!, weights[`${name}/bias`]!];
        const next = Float64Array.from({ length: outputs }, (_, i) => bias[i % count]!);
        for (let t = 0; t < taps.length; t += 3)
          next[taps[t + 1]!]! += maps[taps[t]!]! * filters[taps[t + 2]!]!;
        const isNormed = criticNorm === 'layer' && name !== 'down2';
        const level = name.slice('down'.length);
        const norm = isNormed
          ? normTwin(next, weights[`norm${level}/gamma`]!, weights[`norm${level}/beta`]!)
          : { outputs: next, back: (gradient: Float64Array) => gradient };
        norms.unshift(norm);
        slopes.unshift(norm.outputs.map((value) => (value > 0 ? 1 : 0.2)));
        maps = norm.outputs.map((value) => (value > 0 ? value : 0.2 * value));
      }
      let gradient = weights['score/weights']!;
      for (const [index, { name, inputs, taps }] of [...layers].reverse().entries()) {
        const filters = weights[`${name}/filters`]!;
        const behind = norms[index]!.back(gradient.map((value, i) => value * slopes[index]![i]!));
        gradient = new Float64Array(inputs);
        for (let t = 0; t < taps.length; t += 3) {
          gradient[taps[t]!]! += behind[taps[t + 1]!]! * filters[taps[t + 2]!]!;
        }
      }
      const norm = Math.sqrt(gradient.reduce((squares, value) => squares + value ** 2, 0) + 1e-12);
      sum += (norm - 1) ** 2;
    }
    return sum / 2;
  };
}

/** Layer norm of one image, channels last, and what it makes of a gradient by its outputs. */
function normTwin(inputs: Float64Array, gamma: Float64Array, beta: Float64Array) {
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const middle = mean(inputs);
  const rate = 1 / Math.sqrt(mean(inputs.map((value) => (value - middle) ** 2)) + 1e-5);
  const normalised = inputs.map((value) => rate * (value - middle));
  return {
    outputs: normalised.map((value, i) => value * gamma[i % gamma.length]! + beta[i % gamma.length]!),
    back: (gradient: Float64Array) => {
      const scaled = gradient.map((value, i) => value * gamma[i % gamma.length]!);
      const [shift, along] = [mean(scaled), mean(scaled.map((value, i) => value * normalised[i]!))];
      return scaled.map((value, i) => rate * (value - shift - normalised[i]! * along));
    },
  };
}

/** Input, output and filter index of every product of a 5x5 convolution with stride 2 and padding 'same'. */
function tapsOf(
  [height, width]: readonly [number, number],
  [outHeight, outWidth]: readonly [number, number],
  channels: number,
  outChannels: number,
): Int32Array {
  const top = Math.floor(((outHeight - 1) * 2 + 5 - height) / 2);
  const left = Math.floor(((outWidth - 1) * 2 + 5 - width) / 2);
  const taps: number[] = [];
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      for (let k = 0; k < 25; k++) {
        const row = 2 * y - top + Math.floor(k / 5);
        const column = 2 * x - left + (k % 5);
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        for (let i = 0; i < channels; i++) {
          for (let o = 0; o < outChannels; o++) {
            taps.push(
              (row * width + column) * channels + i,
              (y * outWidth + x) * outChannels + o,
              (k * channels + i) * outChannels + o,
            );
          }
        }
      }
    }
  }
  return Int32Array.from(taps);
}

afterAll(async () => {
  await selectBackend('cpu');
});
