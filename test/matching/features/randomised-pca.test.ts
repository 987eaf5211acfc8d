import * as tf from '@tensorflow/tfjs';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { PCA } from 'ml-pca';
import { beforeAll, describe, expect, test } from 'vitest';
import { orthonormalRows, symmetricEigen } from '../../../matching/features/orthonormal-rows.ts';
import { poolMoments } from '../../../matching/features/pool-rows.ts';
import { type PrincipalComponents, randomisedPca } from '../../../matching/features/randomised-pca.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { DatasetConfig } from '../../../src/datasets/config.ts';
import { listDatasets, loadDataset } from '../../../src/datasets/registry.ts';
import { rootStream } from '../../../src/random.ts';

const start = rootStream(5);
const all = (n: number) => Array.from({ length: n }, (_, row) => row);

/** Rows whose variance falls by `decay` from one hidden direction to the next, around `mean`. */
function waves(n: number, size: number, { mean = 128, height = 40, decay = 0.7, seed = 1 } = {}): Uint8Array {
  const random = rootStream(seed);
  const turns = orthonormalRows(Matrix.from1DArray(size, size, [...random.normals(size * size)]));
  const weights = Matrix.from1DArray(n, size, [...random.normals(n * size)]);
  for (let j = 0; j < size; j++) weights.mulColumn(j, height * decay ** j);
  return Uint8Array.from(weights.mmul(turns).to1DArray(), (value) =>
    Math.max(0, Math.min(255, Math.round(mean + value))),
  );
}

function rowsOf(bytes: Uint8Array, size: number, rows = all(bytes.length / size)): number[][] {
  return rows.map((row) => [...bytes.subarray(row * size, (row + 1) * size)]);
}

/** Largest |loading| difference of two sets of directions, their signs aside. */
function largestTurn(ours: Matrix, theirs: readonly (readonly number[])[]): number {
  return Math.max(
    ...theirs.map((direction, i) => {
      const sign = Math.sign(direction.reduce((dot, loading, j) => dot + loading * ours.get(i, j), 0));
      return Math.max(...direction.map((loading, j) => Math.abs(loading * sign - ours.get(i, j))));
    }),
  );
}

function relative(ours: readonly number[], theirs: readonly number[]): number {
  return Math.max(...ours.map((value, i) => Math.abs(value / (theirs[i] as number) - 1)));
}

describe.each(['cpu', 'wasm'] as const)('on %s, principal components of bytes', (backend) => {
  beforeAll(() => selectBackend(backend));

  test("are those of ml-pca's singular value decomposition, signs aside", async () => {
    const bytes = waves(60, 16);
    const found = await randomisedPca({ bytes, size: 16, rows: all(60) }, start, { keep: { components: 8 } });
    const exact = new PCA(rowsOf(bytes, 16));
    expect(relative(found.eigenvalues, exact.getEigenvalues())).toBeLessThan(1e-5);
    expect(largestTurn(found.components, exact.getLoadings().to2DArray().slice(0, 8))).toBeLessThan(1e-4);
  });

  test('are the eigenvectors of the covariance in float64, signs aside', async () => {
    const bytes = waves(300, 24, { decay: 0.8 });
    const found = await randomisedPca({ bytes, size: 24, rows: all(300) }, start, {
      keep: { components: 6 },
      passes: 6,
    });
    const centred = new Matrix(rowsOf(bytes, 24)).center('column');
    const covariance = centred.transpose().mmul(centred).div(299);
    const exact = new EigenvalueDecomposition(covariance, { assumeSymmetric: true });
    expect(relative(found.eigenvalues, exact.realEigenvalues.reverse())).toBeLessThan(1e-5);
    const vectors = exact.eigenvectorMatrix.transpose().to2DArray().reverse();
    expect(largestTurn(found.components, vectors.slice(0, 6))).toBeLessThan(1e-4);
    expect(Math.abs(covariance.trace() / found.totalVariance - 1)).toBeLessThan(1e-12);
  });

  test('are orthonormal, and each has its largest loading positive', async () => {
    const bytes = waves(80, 20);
    const { components } = await randomisedPca({ bytes, size: 20, rows: all(80) }, start, {
      keep: { components: 12 },
    });
    const gram = components.mmul(components.transpose());
    expect(gram.sub(Matrix.eye(12)).abs().max()).toBeLessThan(1e-12);
    for (const row of components.to2DArray()) expect(Math.max(...row)).toBe(Math.max(...row.map(Math.abs)));
  });

  test('keep four digits under an offset two hundred times the spread', async () => {
    const small = waves(200, 32, { mean: 3, height: 0.9, decay: 0.9 });
    const bright = small.map((byte) => byte + 240);
    const options = { keep: { components: 4 }, passes: 8 };
    const [dark, light] = [
      await randomisedPca({ bytes: small, size: 32, rows: all(200) }, start, options),
      await randomisedPca({ bytes: bright, size: 32, rows: all(200) }, start, options),
    ];
    expect(light.totalVariance).toBe(dark.totalVariance);
    expect(relative(light.eigenvalues, dark.eigenvalues)).toBeLessThan(1e-4);
    expect(largestTurn(light.components, dark.components.to2DArray())).toBeLessThan(1e-3);
  });

  test('are the same at any block size, but for rounding', async () => {
    const bytes = waves(97, 18);
    const pool = { bytes, size: 18, rows: all(97) };
    const whole = await randomisedPca(pool, start, { keep: { components: 5 }, block: 97 });
    for (const block of [1, 10, 48, 1000]) {
      const parts = await randomisedPca(pool, start, { keep: { components: 5 }, block });
      expect(relative(parts.eigenvalues, whole.eigenvalues)).toBeLessThan(1e-6);
      expect(largestTurn(parts.components, whole.components.to2DArray())).toBeLessThan(1e-5);
    }
  });

  test('are the same to the bit from the same seed, and hardly differ from another', async () => {
    const pool = { bytes: waves(90, 30), size: 30, rows: all(90) };
    const run = (seed: number) => randomisedPca(pool, rootStream(seed), { keep: { components: 3 } });
    const [first, again, other] = [await run(1), await run(1), await run(2)];
    expect(again.components.to1DArray()).toEqual(first.components.to1DArray());
    expect(again.eigenvalues).toEqual(first.eigenvalues);
    expect(other.components.to1DArray()).not.toEqual(first.components.to1DArray());
    // The same signs too: they follow a rule, not the start.
    expect(other.components.sub(first.components).abs().max()).toBeLessThan(1e-3);
  });

  test('come from the given rows alone, in any order', async () => {
    const bytes = waves(50, 10);
    const rows = [3, 8, 9, 14, 20, 21, 30, 31, 32, 33, 40, 41, 47, 48];
    const before = await randomisedPca({ bytes, size: 10, rows }, start, { keep: { components: 4 } });
    const changed = bytes.map((byte, i) => (rows.includes(Math.floor(i / 10)) ? byte : 255 - byte));
    const after = await randomisedPca({ bytes: changed, size: 10, rows }, start, { keep: { components: 4 } });
    expect(after).toEqual(before);
    const turned = await randomisedPca({ bytes, size: 10, rows: rows.toReversed() }, start, {
      keep: { components: 4 },
    });
    expect(relative(turned.eigenvalues, before.eigenvalues)).toBeLessThan(1e-5);
    const exact = new PCA(rowsOf(bytes, 10, rows));
    expect(relative(before.eigenvalues, exact.getEigenvalues())).toBeLessThan(1e-5);
  });

  test('are the fewest that reach a share of the variance, growing from 64 until they do', async () => {
    const size = 150;
    const bytes = waves(200, size, { decay: 0.985, height: 25 });
    const pool = { bytes, size, rows: all(200) };
    const centred = new Matrix(rowsOf(bytes, size)).center('column');
    const variances = symmetricEigen(centred.transpose().mmul(centred)).values;
    const total = variances.reduce((sum, value) => sum + value, 0);
    const shares = variances.map((_, i) => variances.slice(0, i + 1).reduce((a, b) => a + b, 0) / total);
    for (const variance of [0.3, 0.94]) {
      const fewest = shares.findIndex((share) => share >= variance) + 1;
      const found = await randomisedPca(pool, start, { keep: { variance, atMost: 150 } });
      const share = shareOf(found);
      expect(share).toBeGreaterThanOrEqual(variance);
      expect(found.eigenvalues.length).toBeGreaterThanOrEqual(fewest);
      expect(found.eigenvalues.length).toBeLessThanOrEqual(fewest + 1);
      expect(found.shortfall).toBeNull();
    }
    // So that 64 components were not enough, and 128 with the spare ones were not all there are.
    expect(shares.findIndex((share) => share >= 0.94)).toBeGreaterThan(64);
  });

  test('stop at the cap, and say so', async () => {
    const pool = { bytes: waves(60, 16, { decay: 0.95 }), size: 16, rows: all(60) };
    const found = await randomisedPca(pool, start, { keep: { variance: 0.9, atMost: 4 } });
    expect(found.eigenvalues).toHaveLength(4);
    expect(found.shortfall).toBe(`kept 4 components with ${shareOf(found)} of the variance, less than 0.9`);
  });

  test('are fewer than asked for where the rows vary in fewer directions, and say so', async () => {
    // Two patterns in any mixture: rank 2 of 12, and constant columns.
    const random = rootStream(4);
    const bytes = Uint8Array.from({ length: 30 * 12 }, () => 0);
    for (let row = 0; row < 30; row++) {
      const [a, b] = [random.integer(60), random.integer(60)];
      for (let j = 0; j < 12; j++) bytes[row * 12 + j] = j < 3 ? 200 : j % 2 === 0 ? a : a + 2 * b;
    }
    const found = await randomisedPca({ bytes, size: 12, rows: all(30) }, start, { keep: { components: 7 } });
    expect(found.eigenvalues).toHaveLength(2);
    expect(found.components.rows).toBe(2);
    expect(found.shortfall).toBe('kept 2 of 7 components: the rows vary in no other direction');
    expect(Math.abs(shareOf(found) - 1)).toBeLessThan(1e-6);
    for (const loading of [0, 1, 2].flatMap((j) => found.components.getColumn(j))) {
      expect(Math.abs(loading)).toBeLessThan(1e-6);
    }
  });

  test('leave no tensors behind', async () => {
    const pool = { bytes: waves(30, 9), size: 9, rows: all(30) };
    await randomisedPca(pool, start, { keep: { components: 2 } });
    const before = tf.memory().numTensors;
    await randomisedPca(pool, start, { keep: { components: 2 }, block: 7 });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('principal components of bytes', () => {
  const bytes = waves(8, 6);
  const pool = { bytes, size: 6, rows: all(8) };

  test('can be as many as there are values a row, or rows less one', async () => {
    const exact = new PCA(rowsOf(bytes, 6)).getEigenvalues();
    const found = await randomisedPca(pool, start, { keep: { components: 6 } });
    expect(relative(found.eigenvalues, exact)).toBeLessThan(1e-4);
    const few = await randomisedPca({ ...pool, rows: [0, 1, 2] }, start, { keep: { components: 2 } });
    expect(few.eigenvalues).toHaveLength(2);
    expect(Math.abs(shareOf(few) - 1)).toBeLessThan(1e-6);
  });

  test.each([
    [{ ...pool, rows: [1] }, {}, 'randomisedPca.pool.rows: expected two or more, got 1'],
    [{ ...pool, rows: [1, 8] }, {}, 'randomisedPca.pool.rows: expected a row in [0, 8), got 8'],
    [{ ...pool, rows: [1, 0.5] }, {}, 'randomisedPca.pool.rows: expected a row in [0, 8), got 0.5'],
    [{ ...pool, rows: [1, 2, 1] }, {}, 'randomisedPca.pool.rows: expected different rows, got 1 twice'],
    [{ ...pool, size: 5 }, {}, 'randomisedPca.pool.bytes: expected rows of 5 bytes, got 48 bytes'],
    [
      pool,
      { keep: { components: 7 } },
      'randomisedPca.keep.components: expected at most 6, the smaller of rows - 1 and values a row, got 7',
    ],
    [
      { ...pool, rows: [0, 1, 2] },
      { keep: { components: 3 } },
      'randomisedPca.keep.components: expected at most 2, the smaller of rows - 1 and values a row, got 3',
    ],
    [
      pool,
      { keep: { variance: 1, atMost: 3 } },
      'randomisedPca.keep.variance: expected a share in (0, 1), got 1',
    ],
    [pool, { passes: 0 }, 'randomisedPca.passes: expected an integer of at least 1, got 0'],
  ])('of what cannot be are an error that names it: %#', async (wrong, options, message) => {
    await expect(randomisedPca(wrong, start, options)).rejects.toThrow(new RangeError(message));
  });

  test('of equal rows are an error', async () => {
    const equal = { bytes: new Uint8Array(60).fill(77), size: 6, rows: all(10) };
    await expect(randomisedPca(equal, start, { keep: { components: 1 } })).rejects.toThrow(
      'randomisedPca.pool: expected rows that differ, got 10 equal ones',
    );
  });

  test('have a total variance that is exact', () => {
    const step = Uint8Array.of(250, 7, 250, 7, 251, 7);
    expect(poolMoments({ bytes: step, size: 2, rows: [0, 1, 2] })).toEqual({
      means: Float64Array.of(751 / 3, 7),
      totalVariance: 1 / 3,
    });
  });
});

describe('orthonormal rows', () => {
  test('are orthonormal to the last bits where directions differ a millionfold, and span the same', () => {
    const random = rootStream(2);
    const rows = Matrix.from1DArray(5, 40, [...random.normals(200)]);
    const steep = Matrix.diag([1, 1e-2, 1e-4, 1e-5, 1e-6]);
    const mixed = Matrix.from1DArray(5, 5, [...random.normals(25)])
      .mmul(steep)
      .mmul(rows);
    const basis = orthonormalRows(mixed);
    expect(basis.rows).toBe(5);
    expect(basis.mmul(basis.transpose()).sub(Matrix.eye(5)).abs().max()).toBeLessThan(1e-13);
    const rest = rows.clone().sub(rows.mmul(basis.transpose()).mmul(basis));
    expect(rest.abs().max()).toBeLessThan(1e-6);
  });

  test('drop what is in the others already', () => {
    const rows = new Matrix([
      [1, 2, 0],
      [2, 4, 0],
      [0, 0, 0],
      [0, 1, 0],
    ]);
    expect(orthonormalRows(rows).rows).toBe(2);
  });
});

const folder = process.env.GENAL_DATA ?? '';
const found =
  folder === '' ? [] : (await listDatasets({ dataDirs: [folder] })).filter((set) => set.folder !== null);
const hasMnist = found.some(({ name }) => name === 'mnist');

test.skipIf(!hasMnist)('principal components of MNIST are those of its covariance', async () => {
  await selectBackend('wasm');
  const config = DatasetConfig.parse({ name: 'mnist', trainLimit: 2000, testLimit: 1 });
  const { train } = await loadDataset(config, { dataDirs: [folder] });
  const pool = { bytes: train.images, size: 784, rows: all(2000) };
  const mnist = await randomisedPca(pool, start, { keep: { components: 20 } });
  // numpy.linalg.eigvalsh(numpy.cov(images.T))[::-1][:20] of the same 2,000 images in float64, NumPy 2.4.6.
  const exact = [
    339168.63, 252799.62, 219019.13, 186881.21, 169563.21, 152594.16, 115397.33, 98996.95, 97527.13, 75017.52,
    70311.24, 66308.39, 58655.06, 54995.95, 53693.31, 50511.75, 42963.94, 40802.35, 40739.47, 39128.41,
  ];
  expect(relative(mnist.eigenvalues.slice(0, 10), exact.slice(0, 10))).toBeLessThan(1e-3);
  expect(relative(mnist.eigenvalues, exact)).toBeLessThan(0.05);
  for (const [i, value] of mnist.eigenvalues.entries()) expect(value).toBeLessThan(exact[i]! * (1 + 1e-5));
});

function shareOf({ eigenvalues, totalVariance }: PrincipalComponents): number {
  return eigenvalues.reduce((sum, value) => sum + value, 0) / totalVariance;
}
