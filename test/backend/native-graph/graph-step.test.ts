/** Steps as graphs against the same steps as single operations. */
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { selectBackend } from '../../../src/backend/backend.ts';
import { eachStep } from '../../../src/backend/each-step.ts';
import { graphStep } from '../../../src/backend/graph-step.ts';
import { presentBackends } from '../present.ts';
import { type Batch, counts, type Losses, Regression, read, rowsOf, variable } from './regression.ts';

/** Equal to float32's rounding over a few steps: 1e-5 of the largest value. */
function expectClose(actual: Record<string, number[]>, expected: Record<string, number[]>): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    const scale = Math.max(...values.map(Math.abs), 1e-6);
    values.forEach((value, i) => {
      expect(Math.abs(actual[name]![i]! - value), `${name} ${i}`).toBeLessThanOrEqual(1e-5 * scale);
    });
  }
}

// Skipped where native TensorFlow was not installed with `genal backend install`.
describe.skipIf(!presentBackends.includes('tensorflow'))('a step as a graph', () => {
  let before: ReturnType<typeof counts>;
  let open: { dispose(): void }[];
  const opened = <T extends { dispose(): void }>(thing: T): T => {
    open.push(thing);
    return thing;
  };
  const rows = (name: string, n = 5) => opened(rowsOf(name, n));

  beforeAll(async () => {
    await selectBackend('tensorflow');
  });

  beforeEach(() => {
    open = [];
    before = counts();
  });

  afterEach(() => {
    for (const thing of open.reverse()) thing.dispose();
    expect(counts()).toEqual(before);
  });

  test('does what single operations do: losses, weights, moments and statistics', async () => {
    const [alone, graph] = [opened(new Regression()), opened(new Regression())];
    for (const name of ['a', 'b', 'c', 'd']) {
      const batch = rows(name);
      const [expected, actual] = [await alone.take(alone.step, batch), await graph.take(graph.graph, batch)];
      expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-5 * expected);
    }
    expect(graph.graph.obstacle).toBeUndefined();
    expectClose(await graph.values(), await alone.values());
  });

  test('keeps no tensors and makes one graph', async () => {
    const model = opened(new Regression());
    const batch = rows('a');
    await model.take(model.graph, batch);
    const after = counts();
    for (let i = 0; i < 20; i++) await model.take(model.graph, batch);
    expect(counts()).toEqual(after);
    expect(after.graphs).toBe(before.graphs + 1);
  });

  test('goes on from a restored state to the bit', async () => {
    const [whole, resumed] = [opened(new Regression()), opened(new Regression())];
    const batches = ['a', 'b', 'c', 'd'].map((name) => rows(name));
    for (const batch of batches) await whole.take(whole.graph, batch);
    const first = opened(new Regression());
    for (const batch of batches.slice(0, 2)) await first.take(first.graph, batch);
    resumed.adam.restore(await first.adam.state());
    for (const name of ['first', 'second', 'mean'] as const) resumed[name].assign(first[name]);
    for (const batch of batches.slice(2)) await resumed.take(resumed.graph, batch);
    expect(await resumed.values()).toEqual(await whole.values());
  });

  test('shares its optimiser with single operations, other shapes and other graphs', async () => {
    const [alone, mixed] = [opened(new Regression()), opened(new Regression())];
    const another = opened(graphStep(mixed.step));
    const takes: [(batch: Batch) => Losses, tf.Tensor2D][] = [
      [mixed.graph, rows('a')],
      [mixed.step, rows('b')],
      [mixed.graph, rows('c')],
      [mixed.graph, rows('d', 2)],
      [another, rows('e')],
      [mixed.graph, rows('f')],
    ];
    for (const [step, batch] of takes) {
      await alone.take(alone.step, batch);
      await mixed.take(step, batch);
    }
    expectClose(await mixed.values(), await alone.values());
    mixed.graph.dispose();
    expectClose(await mixed.values(), await alone.values());
  });

  test('follows a learning rate and a weight that are set between steps', async () => {
    const [alone, graph] = [opened(new Regression()), opened(new Regression())];
    const batch = rows('a');
    for (const learningRate of [0.1, 0.01, 0.3]) {
      for (const model of [alone, graph]) {
        model.adam.learningRate = learningRate;
        tf.tidy(() => model.second.assign(tf.mul(model.second, learningRate)));
      }
      await alone.take(alone.step, batch);
      await graph.take(graph.graph, batch);
    }
    expectClose(await graph.values(), await alone.values());
  });

  test('computes its numbers once a step', async () => {
    let calls = 0;
    const step = opened(
      graphStep(({ rows }: Batch) => {
        const [scale] = eachStep(() => [++calls]) as [tf.Scalar];
        return { loss: tf.tidy(() => tf.sum(tf.mul(tf.onesLike(rows), scale)) as tf.Scalar) };
      }),
    );
    const batch = rows('a');
    const values: number[] = [];
    for (let i = 0; i < 4; i++) values.push((await read(step, batch))[0]!);
    expect(step.obstacle).toBeUndefined();
    expect([values, calls]).toEqual([[15, 30, 45, 60], 4]);
  });

  test('tells variables apart that hold the same tensor', async () => {
    const first = opened(variable(() => tf.ones([2])));
    const second = opened(variable(() => tf.clone(first)));
    const step = opened(
      graphStep(({ rows }: Batch) =>
        tf.tidy(() => {
          first.assign(tf.mul(first, 2));
          return { loss: tf.sum(tf.mul(tf.sum(rows), second)) as tf.Scalar, total: tf.sum(first) };
        }),
      ),
    );
    const batch = opened(tf.ones([1, 3]) as tf.Tensor2D);
    expect(await read(step, batch)).toEqual([6, 4]);
    expect(await read(step, batch)).toEqual([6, 8]);
    tf.tidy(() => second.assign(tf.tensor1d([3, 4])));
    expect(await read(step, batch)).toEqual([21, 16]);
    expect(step.obstacle).toBeUndefined();
  });

  test('tells inputs apart that were the same tensor once', async () => {
    const step = opened(
      graphStep(({ a, b }: { a: tf.Tensor; b: tf.Tensor }) => ({ difference: tf.sub(a, b) })),
    );
    const [one, two] = [opened(tf.tensor1d([1])), opened(tf.tensor1d([2]))];
    for (const [a, b, expected] of [
      [one, one, 0],
      [two, one, 1],
    ] as const) {
      const { difference } = step({ a, b });
      expect(await difference.data()).toEqual(Float32Array.of(expected));
      difference.dispose();
    }
    expect(step.obstacle).toBeUndefined();
  });

  test('takes integers, gathers and groups of inputs', async () => {
    const step = opened(
      graphStep(({ batch }: { batch: { rows: tf.Tensor2D; at: tf.Tensor1D } }) => ({
        loss: tf.tidy(() => tf.sum(tf.gather(batch.rows, batch.at)) as tf.Scalar),
      })),
    );
    const table = opened(tf.tensor2d([[1], [10], [100]]));
    for (const at of [
      [0, 1],
      [2, 2],
    ]) {
      const { loss } = tf.tidy(() => step({ batch: { rows: table, at: tf.tensor1d(at, 'int32') } }));
      expect(await loss.data()).toEqual(Float32Array.of(at[0] === 0 ? 11 : 200));
      loss.dispose();
    }
    expect(step.obstacle).toBeUndefined();
  });

  test('is part of the graph of the step that it is taken in', async () => {
    const [alone, nested] = [opened(new Regression()), opened(new Regression())];
    const outer = opened(graphStep((batch: Batch) => ({ loss: nested.graph(batch).loss })));
    for (const batch of [rows('a'), rows('b')]) {
      await alone.take(alone.step, batch);
      await nested.take(outer, batch);
    }
    expect(outer.obstacle).toBeUndefined();
    expect(counts().graphs).toBe(before.graphs + 1);
    expectClose(await nested.values(), await alone.values());
  });

  test('hands on an error of the step, and changes nothing', async () => {
    const model = opened(new Regression());
    const expected = await model.values();
    expect(() => model.graph({ rows: opened(tf.zeros([2, 7]) as tf.Tensor2D) })).toThrow(/incompatible/);
    expect(await model.values()).toEqual(expected);
    await model.take(model.graph, rows('a'));
    expect(model.graph.obstacle).toBeUndefined();
  });
});
