import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { parse } from 'npyjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { dimensionOf, neighbourhoodOf } from '../../bench/matching/neighbourhood.ts';
import { writeNpy } from '../../bench/matching/npy.ts';
import { drawPool, fitBootstrap } from '../../bench/matching/smoothed-bootstrap.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';

beforeAll(async () => {
  await selectBackend('wasm');
});

/** Points spread evenly over a square that stands askew in five dimensions. */
function square(n: number) {
  const uniforms = rootStream(1)
    .of('square')
    .uniforms(2 * n);
  const values = new Float32Array(5 * n);
  for (let row = 0; row < n; row++) {
    const [a, b] = [uniforms[2 * row]!, uniforms[2 * row + 1]!];
    values.set([a, b, 2 * a - b, 0.5 * b, 3], 5 * row);
  }
  return { values, size: 5 };
}

describe('a drawn pool', () => {
  test('stays in the plane its real vectors lie in, about where they lie', async () => {
    const before = tf.memory().numTensors;
    const fitted = await fitBootstrap(square(600), rootStream(2));
    expect(tf.memory().numTensors).toBe(before);
    const { values } = drawPool(fitted, 400, rootStream(3));
    for (let row = 0; row < 400; row++) {
      const [a, b, c, d, e] = values.subarray(5 * row, 5 * row + 5) as unknown as [
        number,
        number,
        number,
        number,
        number,
      ];
      expect(Math.abs(2 * a - b - c) + Math.abs(0.5 * b - d) + Math.abs(3 - e)).toBeLessThan(1e-4);
      for (const side of [a, b]) expect(Math.abs(side - 0.5)).toBeLessThan(0.9);
    }
  });

  test('has around every vector the covariance of its neighbours, times the square of the scale', async () => {
    // Three vectors far from one another with two neighbours each: offspring of (0, 0) is
    // 0.1 / sqrt(2) (g (9, 0) + h (0, 12)), of which the spread is 0.1 / sqrt(2) times 9 and 12.
    const real = { values: Float32Array.of(0, 0, 9, 0, 0, 12), size: 2 };
    const fitted = await fitBootstrap(real, rootStream(1), { neighbours: 2, scale: 0.1 });
    const { values } = drawPool(fitted, 30_000, rootStream(2));
    const near = Array.from({ length: 30_000 }, (_, row) => [values[2 * row]!, values[2 * row + 1]!]).filter(
      ([across, up]) => across! < 4.5 && up! < 6,
    );
    expect(near.length / 30_000).toBeCloseTo(1 / 3, 1);
    for (const [axis, length] of [9, 12].entries()) {
      const mean = near.reduce((sum, point) => sum + point[axis]!, 0) / near.length;
      const squares = near.reduce((sum, point) => sum + point[axis]! ** 2, 0) / near.length;
      expect(Math.abs(mean)).toBeLessThan(0.03);
      expect(Math.sqrt(squares) / ((0.1 / Math.SQRT2) * length)).toBeCloseTo(1, 1);
    }
  });

  test('begins with the same vectors however many are drawn, and differs by seed', async () => {
    const fitted = await fitBootstrap(square(50), rootStream(2));
    const few = drawPool(fitted, 10, rootStream(3)).values;
    expect(drawPool(fitted, 30, rootStream(3)).values.subarray(0, 50)).toEqual(few);
    expect(drawPool(fitted, 10, rootStream(4)).values).not.toEqual(few);
  });

  test('needs more real vectors than neighbours', async () => {
    await expect(fitBootstrap(square(30), rootStream(1))).rejects.toThrow(
      'fitBootstrap.real: expected more than 30 vectors, got 30',
    );
  });
});

describe('the neighbourhood', () => {
  test('is of two dimensions for a square in five', async () => {
    const before = tf.memory().numTensors;
    const { n, nearest, dimension } = await neighbourhoodOf(square(2000), rootStream(5), 300);
    expect(tf.memory().numTensors).toBe(before);
    expect(n).toBe(2000);
    expect(dimension).toBeGreaterThan(1.8);
    expect(dimension).toBeLessThan(2.2);
    expect(nearest.low).toBeLessThan(nearest.median);
  });

  test('has the dimension that distances give by hand', () => {
    // ln(4 / 1) + ln(4 / 2) = 3 ln 2, over two of the four distances that are left.
    const list = [1, 2, 4, 4];
    expect(dimensionOf([list])).toBeCloseTo(2 / (3 * Math.log(2)), 12);
    expect(dimensionOf([list, [0, 1, 1, 1]])).toBe(dimensionOf([list]));
  });
});

test('NumPy reads what is written for it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'genal-npy-'));
  try {
    const cases = [
      [Float32Array.of(1.5, -2, 3, 4, 5, 6), [2, 3], 'f4'],
      [Float64Array.of(0.1, 0.2), [2], 'f8'],
      [Uint8Array.of(7, 8, 9, 255), [1, 4], 'u1'],
    ] as const;
    for (const [values, shape, type] of cases) {
      const file = join(dir, `${type}.npy`);
      await writeNpy(file, values, shape);
      const bytes = await readFile(file);
      expect((bytes.length - values.byteLength) % 64).toBe(0);
      const read = parse(
        bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
      );
      expect(read.shape).toEqual(shape);
      expect([...(read.data as Float32Array)]).toEqual([...values]);
    }
  } finally {
    await rm(dir, { recursive: true });
  }
});
