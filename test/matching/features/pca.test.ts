import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { FeatureConfig, PcaConfig } from '../../../matching/features/config.ts';
import { featuresOfBytes } from '../../../matching/features/feature-map.ts';
import { fitPca, type PcaFeatures, pcaFeatures } from '../../../matching/features/pca.ts';
import { loadPca, savePca } from '../../../matching/features/saved-pca.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { type ImageShape, imageTensor, toModelRange } from '../../../src/datasets/dataset.ts';
import { rootStream } from '../../../src/random.ts';
import { temporaryFolder } from '../../datasets/files.ts';

interface Reference {
  readonly shape: ImageShape;
  readonly bytes: readonly number[];
  readonly mean: readonly number[];
  readonly components: readonly number[][];
  readonly eigenvalues: readonly number[];
  readonly shares: readonly number[];
  readonly scores: readonly number[][];
  readonly whitened: readonly number[][];
  readonly componentsFor95: number;
  readonly truncatedSingularValues: readonly number[];
}

const file = new URL('../../fixtures/matching/pca.json', import.meta.url);
const reference = JSON.parse(readFileSync(file, 'utf8')) as Reference;
const bytes = Uint8Array.from(reference.bytes);
const { shape } = reference;
const pixels = 12;
const n = 40;
const all = Array.from({ length: n }, (_, row) => row);
const stream = rootStream(9);

function fitted(options: Partial<PcaConfig> = {}, rows: readonly number[] = all, images = bytes) {
  const config = PcaConfig.parse({ kind: 'pca', keep: { components: 5 }, ...options });
  return fitPca(images, shape, rows, { config, stream });
}

/** The same map with other parameters. */
function withScale(pca: PcaFeatures, scale: Float32Array) {
  return pcaFeatures(pca.config, pca.shape, { ...pca.parameters, scale }, pca.fit);
}

function largestDifference(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  expect(ours.length).toBe(theirs.length);
  return Array.from(ours).reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i]!)), 0);
}

describe.each(['cpu', 'wasm'] as const)('on %s, principal components as features', (backend) => {
  beforeAll(() => selectBackend(backend));

  test("have scikit-learn's mean, components, variances and scores", async () => {
    const pca = await fitted();
    expect(largestDifference(pca.parameters.mean, reference.mean)).toBeLessThan(1e-6);
    expect(largestDifference(pca.parameters.components, reference.components.flat())).toBeLessThan(1e-4);
    const { eigenvalues, totalVariance } = pca.fit;
    expect(largestDifference(eigenvalues, reference.eigenvalues)).toBeLessThan(1e-6);
    const shares = eigenvalues.map((value) => value / totalVariance);
    expect(largestDifference(shares, reference.shares)).toBeLessThan(1e-5);
    const singular = eigenvalues.map((value) => Math.sqrt(value * (n - 1)));
    expect(largestDifference(singular, reference.truncatedSingularValues)).toBeLessThan(1e-5);
    const scores = await featuresOfBytes(pca, bytes, shape);
    expect(largestDifference(scores, reference.scores.flat())).toBeLessThan(1e-4);
    pca.dispose();
  });

  test("whitened have scikit-learn's scores, and unit variance over the pool", async () => {
    const pca = await fitted({ whiten: true, epsilon: 0 });
    const scores = await featuresOfBytes(pca, bytes, shape);
    expect(largestDifference(scores, reference.whitened.flat())).toBeLessThan(2e-3);
    for (let k = 0; k < 5; k++) {
      const column = all.map((row) => scores[row * 5 + k]!);
      const mean = column.reduce((sum, value) => sum + value, 0) / n;
      const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
      expect(Math.abs(mean)).toBeLessThan(1e-5);
      expect(Math.abs(variance - 1)).toBeLessThan(1e-4);
    }
    pca.dispose();
  });

  test('whitened divide by the root of the eigenvalue plus epsilon', async () => {
    const [plain, white] = [await fitted(), await fitted({ whiten: true, epsilon: 0.5 })];
    const [scores, whitened] = [
      await featuresOfBytes(plain, bytes, shape),
      await featuresOfBytes(white, bytes, shape),
    ];
    const expected = scores.map((score, i) => score / Math.sqrt(plain.fit.eigenvalues[i % 5]! + 0.5));
    expect(largestDifference(whitened, expected)).toBeLessThan(1e-6);
    plain.dispose();
    white.dispose();
  });

  test('are as many as 95 % of the variance take', async () => {
    const pca = await fitted({ keep: { variance: 0.95, atMost: 12 } });
    expect(pca.size).toBe(reference.componentsFor95);
    expect(pca.fit.shortfall).toBeNull();
    pca.dispose();
  });

  test("put the pool's mean image at the origin, whatever else is in the batch", async () => {
    const pool = all.slice(0, 25);
    const pca = await fitted({}, pool);
    const mean = Array.from({ length: pixels }, (_, j) => {
      const values = pool.map((row) => bytes[row * pixels + j]! / 127.5 - 1);
      return values.reduce((sum, value) => sum + value, 0) / pool.length;
    });
    // As a generator would make them: the mean image among bright ones, in a batch with a mean of its own.
    const generated = tf.tensor4d([...mean, ...Array(24).fill(0.9)], [3, 4, 3, 1]);
    const features = pca.features(generated);
    const values = await features.data();
    expect(largestDifference(values.subarray(0, 5), new Float32Array(5))).toBeLessThan(1e-6);
    const { components } = pca.parameters;
    const expected = Array.from({ length: 5 }, (_, k) =>
      mean.reduce((sum, value, j) => sum + (0.9 - value) * components[k * pixels + j]!, 0),
    );
    expect(largestDifference(values.subarray(5, 10), expected)).toBeLessThan(1e-5);
    tf.dispose([generated, features]);
    pca.dispose();
  });

  test('know nothing of rows outside the pool', async () => {
    const pool = all.filter((row) => row % 3 !== 1);
    const other = bytes.map((byte, i) => (pool.includes(Math.floor(i / pixels)) ? byte : byte ^ 0xff));
    const [one, two] = [await fitted({}, pool), await fitted({}, pool, other)];
    expect(two.version).toBe(one.version);
    expect(two.fit).toEqual(one.fit);
    one.dispose();
    two.dispose();
  });

  test('keep a NaN in its row', async () => {
    const pca = await fitted();
    const images = tf.tidy(() => {
      const good = imageTensor(bytes.subarray(0, 2 * pixels), shape);
      return tf.concat([good, tf.fill([1, 4, 3, 1], Number.NaN), good]) as tf.Tensor4D;
    });
    const features = pca.features(images);
    const values = await features.data();
    const broken = Array.from(values, (value, i) => (Number.isNaN(value) ? Math.floor(i / 5) : -1));
    expect(new Set(broken.filter((row) => row >= 0))).toEqual(new Set([2]));
    expect(values.slice(0, 10)).toEqual(values.slice(15));
    tf.dispose([images, features]);
    pca.dispose();
  });

  test('leave no tensors behind once disposed', async () => {
    const before = tf.memory().numTensors;
    const pca = await fitted();
    const held = tf.memory().numTensors;
    await featuresOfBytes(pca, bytes, shape);
    expect(tf.memory().numTensors).toBe(held);
    pca.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('are predicted by the model for ml-pca, whitened or not', async () => {
    for (const whiten of [false, true]) {
      const pca = await fitted({ whiten });
      const model = pca.toMlPca();
      const images = all.map((row) => [...toModelRange(bytes.subarray(row * pixels, (row + 1) * pixels))]);
      const scores = await featuresOfBytes(pca, bytes, shape);
      expect(largestDifference(model.predict(images).to1DArray(), scores)).toBeLessThan(1e-5);
      expect(model.getEigenvalues()).toEqual(pca.fit.eigenvalues);
      pca.dispose();
    }
  });

  test('of all directions, ml-pca turns back into the images', async () => {
    const pca = await fitted({ keep: { components: 12 } });
    const model = pca.toMlPca();
    const images = all.map((row) => [...toModelRange(bytes.subarray(row * pixels, (row + 1) * pixels))]);
    expect(largestDifference(model.invert(model.predict(images)).to1DArray(), images.flat())).toBeLessThan(
      1e-5,
    );
    pca.dispose();
  });
});

describe('a version', () => {
  beforeAll(() => selectBackend('cpu'));

  test('is the same for the same parameters, and another for any other', async () => {
    const [one, same] = [await fitted(), await fitted()];
    const versions = new Set([one.version, same.version]);
    expect(versions.size).toBe(1);
    const others = [
      await fitted({ whiten: true }),
      await fitted({ keep: { components: 4 } }),
      await fitted({}, all.slice(1)),
      withScale(one, Float32Array.of(1, 1, 1, 1, 1 + 2 ** -23)),
    ];
    for (const { version } of others) versions.add(version);
    expect(versions.size).toBe(5);
    for (const version of versions) expect(version).toMatch(/^[0-9a-f]{64}$/);
    for (const map of [one, same, ...others]) map.dispose();
  });
});

describe('saved principal components', () => {
  beforeAll(() => selectBackend('cpu'));

  test('come back with the same version, fit and bits', async () => {
    const dir = join(await temporaryFolder(), 'features');
    const pca = await fitted({ whiten: true });
    await savePca(dir, pca);
    const loaded = await loadPca(dir);
    expect(loaded.version).toBe(pca.version);
    expect(loaded.fit).toEqual(pca.fit);
    expect(loaded.config).toEqual(pca.config);
    expect(loaded.shape).toEqual(pca.shape);
    expect(await featuresOfBytes(loaded, bytes, shape)).toEqual(await featuresOfBytes(pca, bytes, shape));
    pca.dispose();
    loaded.dispose();
  });

  test('are refused if the weights are others or the description is damaged', async () => {
    const dir = await temporaryFolder();
    const pca = await fitted();
    await savePca(dir, pca);
    pca.dispose();
    const [weights, model] = [join(dir, 'weights.safetensors'), join(dir, 'model.json')];
    const whole = await readFile(weights);
    const damaged = Buffer.from(whole);
    damaged[damaged.length - 1]! ^= 1;
    await writeFile(weights, damaged);
    await expect(loadPca(dir)).rejects.toThrow(
      `${weights}: expected the weights ${model} was written with, got others`,
    );
    await writeFile(weights, whole);
    const text = await readFile(model, 'utf8');
    await writeFile(model, text.slice(0, -5));
    await expect(loadPca(dir)).rejects.toThrow(`${model}: expected JSON, got something else`);
    const fewer = JSON.parse(text) as { fit: { eigenvalues: number[] } };
    fewer.fit.eigenvalues.pop();
    await writeFile(model, JSON.stringify(fewer));
    await expect(loadPca(dir)).rejects.toThrow(
      `${weights}: expected components of shape [4, 4, 3, 1], got [5, 4, 3, 1]`,
    );
  });
});

describe('principal components', () => {
  beforeAll(() => selectBackend('cpu'));

  test('refuse images of another shape', async () => {
    const pca = await fitted();
    const images = tf.zeros([2, 3, 4, 1]) as tf.Tensor4D;
    expect(() => pca.features(images)).toThrow(
      'PcaFeatures.features.images: expected shape [*, 4, 3, 1], got [2, 3, 4, 1]',
    );
    images.dispose();
    pca.dispose();
  });

  test('refuse parameters that are not finite', async () => {
    const pca = await fitted();
    expect(() => withScale(pca, Float32Array.of(1, 1, Number.NaN, 1, 1))).toThrow(
      'pcaFeatures.parameters.scale: expected finite values, got NaN',
    );
    pca.dispose();
  });
});

describe('the options of features', () => {
  test('are 50 components, not whitened, unless they say otherwise', () => {
    expect(FeatureConfig.parse({ kind: 'pca' })).toEqual({
      kind: 'pca',
      keep: { components: 50 },
      whiten: false,
      epsilon: (2 / 255) ** 2 / 12,
      passes: 3,
      spare: 10,
      block: 2500,
    });
    expect(PcaConfig.parse({ kind: 'pca', keep: { variance: 0.95 } }).keep).toEqual({
      variance: 0.95,
      atMost: 512,
    });
  });

  test.each([
    [{ kind: 'lda' }],
    [{ kind: 'pca', keep: { components: 0 } }],
    [{ kind: 'pca', keep: { variance: 1 } }],
    [{ kind: 'pca', keep: { components: 5, variance: 0.9 } }],
    [{ kind: 'pca', whitened: true }],
  ])('refuse %j', (options) => {
    expect(FeatureConfig.safeParse(options).success).toBe(false);
  });
});
