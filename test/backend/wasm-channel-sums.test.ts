import * as tf from '@tensorflow/tfjs';
import { beforeEach, expect, test } from 'vitest';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';

beforeEach(async () => {
  await selectBackend('wasm');
});

test('sums and means of rows of any width are right and write over nothing', async () => {
  // Past 16 000 columns the pooling kernel that sums narrow rows would overwrite what lies beside.
  for (const columns of [2, 4096, 4097, 50_000]) {
    const rows = 10;
    const values = rootStream(1).normals(rows * columns);
    const neighbours = Array.from({ length: 20 }, (_, i) => tf.fill([1000], i));
    const tensor = tf.tensor2d(values, [rows, columns]);
    const [sums, means] = [await tf.sum(tensor, 0).data(), await tf.mean(tensor, 0).data()];
    let worst = 0;
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += values[row * columns + column]!;
      worst = Math.max(worst, Math.abs(sums[column]! - sum), Math.abs(means[column]! - sum / rows));
    }
    expect(worst, `${columns} columns`).toBeLessThan(1e-5);
    for (const [i, neighbour] of neighbours.entries()) {
      expect(new Set(await neighbour.data())).toEqual(new Set([i]));
      // Freeing is where a damaged heap shows.
      neighbour.dispose();
    }
  }
});

test('leading axes of a wide tensor are summed as on cpu, kept or not', async () => {
  const values = rootStream(2).normals(2 * 3 * 5000);
  const run = async () => {
    const tensor = tf.tensor3d(values, [2, 3, 5000]);
    const results = [tf.sum(tensor, 0), tf.mean(tensor, [0, 1]), tf.sum(tensor, [0, 1], true)];
    return Promise.all(
      results.map(async (result) => ({ shape: result.shape, data: await result.data<'float32'>() })),
    );
  };
  const ours = await run();
  await selectBackend('cpu');
  for (const [i, { shape, data }] of (await run()).entries()) {
    expect(ours[i]!.shape).toEqual(shape);
    const worst = data.reduce((most, value, j) => Math.max(most, Math.abs(value - ours[i]!.data[j]!)), 0);
    expect(worst).toBeLessThan(1e-5);
  }
});
