import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildIndex } from '../../../matching/indexes/build.ts';
import { ExactSearcher } from '../../../matching/indexes/exact.ts';
import { LiveRows } from '../../../matching/indexes/live-rows.ts';
import { NearestLists } from '../../../matching/indexes/nearest-lists.ts';
import { factorError } from '../../../matching/indexes/product-precision.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { rootStream } from '../../../src/random.ts';
import { bruteForce, clusteredPool, queriesNear } from './pools.ts';

test.each(['cpu', 'wasm'] as const)('%s multiplies float32 factors as they are', async (backend) => {
  await selectBackend(backend);
  const before = tf.memory().numTensors;
  expect(await factorError()).toBe(0);
  expect(tf.memory().numTensors).toBe(before);
});

interface CpuBackend extends tf.KernelBackend {
  readonly data: { get(id: object): { values: Float32Array } };
  makeTensorInfo(shape: number[], dtype: string, values: Float32Array): tf.TensorInfo;
}

/** Eleven significant bits, as TF32 has. */
function cut(value: number): number {
  const scale = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 10);
  return value === 0 ? 0 : Math.round(value / scale) * scale;
}

/** The plain-JavaScript backend, but its products cut their factors as graphics cards do. */
function registerElevenBits(): void {
  const Backend = tf.findBackend('cpu').constructor as new () => CpuBackend;
  tf.registerBackend('eleven-bits', () => new Backend());
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    tf.registerKernel({ ...kernel, backendName: 'eleven-bits' });
  }
  const { kernelFunc } = tf.getKernel('BatchMatMul', 'cpu');
  tf.unregisterKernel('BatchMatMul', 'eleven-bits');
  tf.registerKernel({
    kernelName: 'BatchMatMul',
    backendName: 'eleven-bits',
    kernelFunc: (call) => {
      const backend = call.backend as CpuBackend;
      const cutOf = ({ dataId, shape, dtype }: tf.TensorInfo) =>
        backend.makeTensorInfo(shape, dtype, backend.data.get(dataId).values.map(cut));
      const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
      return kernelFunc({ ...call, inputs: { a: cutOf(a), b: cutOf(b) } });
    },
  });
}

describe('where factors are cut to eleven bits', () => {
  beforeAll(async () => {
    await selectBackend('cpu');
    registerElevenBits();
    await tf.setBackend('eleven-bits');
  });

  test('the error is measured', async () => {
    const error = await factorError();
    expect(error).toBeGreaterThan(0.9 * 2 ** -11);
    expect(error).toBeLessThanOrEqual(2 ** -11);
  });

  test('an exact index is exact all the same, because it allows for the error', async () => {
    // Far on either side of the mean, where the error is larger than the distances.
    const near = clusteredPool(1000, 12);
    const side = (row: number) => (row % 2 === 0 ? 100 : -100);
    const vectors = { size: 12, values: near.values.map((value, i) => value + side(Math.floor(i / 12))) };
    const queries = queriesNear(vectors, 20);
    const expected = bruteForce(vectors, queries, 8);
    const index = await buildIndex({ kind: 'exact', block: 1024 }, vectors, rootStream(1));
    expect(await index.search(queries, 8)).toMatchObject(expected);
    index.dispose();
    const credulous = new ExactSearcher(
      { kind: 'exact', block: 1024 },
      { vectors, live: new LiveRows(1000) },
      0,
    );
    const lists = new NearestLists(20, 8);
    await credulous.search(queries, lists);
    credulous.dispose();
    expect(lists.finish().rows).not.toEqual(expected.rows);
  });
});
