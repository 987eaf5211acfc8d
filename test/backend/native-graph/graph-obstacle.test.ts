/** Steps that run as single operations, or may not be repeated as they are. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectBackend } from '../../../src/backend/backend.ts';
import { graphStep } from '../../../src/backend/graph-step.ts';
import { presentBackends } from '../present.ts';
import { type Batch, counts, Regression, read, rowsOf } from './regression.ts';

describe.skipIf(!presentBackends.includes('tensorflow'))('a step that a graph cannot repeat', () => {
  const constant = { make: () => tf.keep(tf.tensor1d([2, 3, 4])) };

  beforeAll(async () => {
    await selectBackend('tensorflow');
  });

  test.each([
    [
      'reads values',
      'reads values from the device',
      (rows: tf.Tensor2D) => {
        const [first] = tf.sum(rows).dataSync() as unknown as [number];
        return tf.mul(rows, first > 0 ? 2 : 3);
      },
    ],
    ['draws', 'does something else each time', (rows: tf.Tensor2D) => tf.mul(rows, tf.randomUniform([3]))],
    [
      'uses what is neither input nor variable',
      'uses a tensor that is neither an input nor a variable',
      (rows: tf.Tensor2D, held: tf.Tensor) => tf.mul(rows, held),
    ],
  ])('because it %s runs as single operations', async (_, obstacle, compute) => {
    const held = constant.make();
    // The engine hands it to TensorFlow when it is first used.
    tf.neg(held).dispose();
    const before = counts();
    const step = graphStep(({ rows }: Batch) => ({ sum: tf.tidy(() => compute(rows, held)) }));
    const rows = rowsOf('a', 2);
    const negative = tf.neg(rows) as tf.Tensor2D;
    for (const batch of [rows, negative]) {
      const [actual] = await read(step, batch);
      expect(step.obstacle).toBe(obstacle);
      expect(Number.isFinite(actual)).toBe(true);
    }
    tf.dispose([rows, negative]);
    step.dispose();
    expect(counts()).toEqual(before);
    held.dispose();
  });

  test('counts its steps once all the same', async () => {
    const model = new Regression();
    const step = graphStep((batch: Batch) => {
      const { loss } = model.step(batch);
      return { loss: tf.mul(loss, tf.randomUniform([])) as tf.Scalar };
    });
    const batch = rowsOf('a', 3);
    for (let i = 0; i < 3; i++) await read(step, batch);
    expect(step.obstacle).toBe('does something else each time');
    expect(model.adam.step).toBe(3);
    step.dispose();
    model.dispose();
    batch.dispose();
  });

  test('may use constants if it says so', async () => {
    const held = constant.make();
    const step = graphStep(({ rows }: Batch) => ({ products: tf.mul(rows, held) }), { usesConstants: true });
    const batch = tf.ones([1, 3]) as tf.Tensor2D;
    for (let i = 0; i < 2; i++) expect(await read(step, batch)).toEqual([2, 3, 4]);
    expect(step.obstacle).toBeUndefined();
    step.dispose();
    tf.dispose([batch, held]);
  });

  test('tells a constant from the variable that it was taken from', async () => {
    const moving = tf.tidy(() => tf.variable(tf.tensor1d([2, 3, 4])));
    const held = tf.clone(moving);
    const step = graphStep(
      ({ rows }: Batch) =>
        tf.tidy(() => {
          moving.assign(tf.add(moving, rows.reshape([3])));
          return { products: tf.mul(moving, held) };
        }),
      { usesConstants: true },
    );
    const batch = tf.ones([1, 3]) as tf.Tensor2D;
    expect(await read(step, batch)).toEqual([6, 12, 20]);
    expect(await read(step, batch)).toEqual([8, 15, 24]);
    expect(step.obstacle).toBeUndefined();
    step.dispose();
    tf.dispose([batch, held, moving]);
  });
});

test('on another engine a step is a plain call', async () => {
  await selectBackend('cpu');
  const step = graphStep(({ rows }: Batch) => ({ loss: tf.sum(rows) }));
  const rows = tf.ones([2, 3]) as tf.Tensor2D;
  expect(await read(step, rows)).toEqual([6]);
  expect(step.obstacle).toBe('the engine has no graphs');
  rows.dispose();
});
