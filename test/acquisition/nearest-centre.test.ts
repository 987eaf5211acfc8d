import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { squaredDistance } from '../../matching/indexes/vector-index.ts';
import { ApproachingCentres } from '../../src/acquisition/approaching-centres.ts';
import { bringNearer, nearestSquared } from '../../src/acquisition/nearest-centre.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import type { BackendName } from '../../src/backend/backend-names.ts';
import { rootStream } from '../../src/random.ts';

const SIZE = 5;

/** Features on which float32 products say little, and some on which they say all. */
const CASES: Readonly<Record<string, (value: number, at: number) => number>> = {
  'drawn rows': (value: number) => value,
  'rows far from 0': (value: number) => 1e4 + 1e-2 * value,
  'rows of two heaps far apart': (value: number, at: number) =>
    (at % (2 * SIZE) < SIZE ? 3e3 : -3e3) + 1e-2 * value,
  'rows of few values': (value: number) => Math.round(value),
  'rows whose products overflow': (value: number) => 1e25 * value,
};

describe.each(['cpu', 'wasm'] as BackendName[])('on %s', (backend) => {
  beforeAll(() => selectBackend(backend));

  describe.each(Object.entries(CASES))('of %s', (_, change) => {
    const features = rootStream(1)
      .normals(300 * SIZE)
      .map(change);
    const centres = rootStream(2)
      .normals(17 * SIZE)
      .map(change);

    test('the nearest centre is as far as brute force in float64 says, to the bit', async () => {
      const nearest = await nearestSquared(features, centres, SIZE);
      nearest.forEach((squared, row) => {
        const all = Array.from({ length: 17 }, (_all, centre) =>
          squaredDistance(features, row * SIZE, centres, centre * SIZE, SIZE),
        );
        expect(squared).toBe(Math.min(...all));
      });
    });

    test('centres that are the farthest of all, or any, come as near as by differences, to the bit', async () => {
      const approaching = await ApproachingCentres.create(features, SIZE);
      const even = Array.from({ length: 150 }, (_row, at) => 2 * at);
      await approaching.add(even);
      await approaching.add(even.map((row) => row + 1));
      const ours = new Float64Array(300).fill(Number.POSITIVE_INFINITY);
      const plain = Float64Array.from(ours);
      for (let turn = 0; turn < 60; turn++) {
        const farthest = plain.indexOf(Math.max(...plain));
        const centre = turn % 5 === 4 ? turn : farthest;
        ours[centre] = plain[centre] = Number.NEGATIVE_INFINITY;
        await approaching.bringNearer(ours, centre);
        bringNearer(features, SIZE, plain, centre);
        expect(ours).toEqual(plain);
      }
      approaching.dispose();
    });
  });

  test('no tensor is left behind', async () => {
    const features = rootStream(1).normals(20 * SIZE);
    await nearestSquared(features, features, SIZE);
    const before = tf.memory().numTensors;
    expect(Math.max(...(await nearestSquared(features, features, SIZE)))).toBe(0);
    const approaching = await ApproachingCentres.create(features, SIZE);
    await approaching.add([3, 4]);
    await approaching.bringNearer(new Float64Array(20).fill(1), 3);
    approaching.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
