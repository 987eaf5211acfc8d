import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { greedyCentresBeside } from '../../../src/acquisition/greedy-centres.ts';
import { nearestSquared } from '../../../src/acquisition/nearest-centre.ts';
import { createCoreSet } from '../../../src/acquisition/strategies/core-set.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { rootStream } from '../../../src/random.ts';
import { keepsItsPromises } from './pool-strategy-promises.ts';
import { bought, images, SIZE, toyRound } from './toy-rounds.ts';

interface Reference {
  readonly size: number;
  readonly labelled: readonly number[];
  readonly candidates: readonly number[];
  readonly nearest: readonly number[];
  readonly 'scikit-activeml': readonly number[];
  readonly 'small-text': readonly number[];
}
const reference = JSON.parse(
  readFileSync(new URL('../../fixtures/active-learning/core-set.json', import.meta.url), 'utf8'),
) as Reference;

beforeAll(() => selectBackend('cpu'));

const stream = rootStream(5);

/** The definition: every distance anew for every pick, `rows` and `centres` as lists of points. */
function bruteForce(rows: number[][], centres: number[][], count: number): number[] {
  const distance = (a: number[], b: number[]) => Math.hypot(...a.map((value, axis) => value - b[axis]!));
  const taken: number[] = [];
  while (taken.length < count) {
    const all = [...centres, ...taken.map((row) => rows[row]!)];
    const nearest = rows.map((row, at) =>
      taken.includes(at) ? -1 : Math.min(...all.map((centre) => distance(row, centre))),
    );
    taken.push(nearest.indexOf(Math.max(...nearest)));
  }
  return taken;
}

const points = (values: ArrayLike<number>, size: number) =>
  Array.from({ length: values.length / size }, (_, row) =>
    Array.from({ length: size }, (_axis, axis) => values[row * size + axis]!),
  );

describe('greedyCentresBeside', () => {
  const none = new Float32Array(0);
  const { size } = reference;
  const candidates = Float32Array.from(reference.candidates);
  const labelled = Float32Array.from(reference.labelled);

  test('takes the rows that scikit-activeml and small-text take, from the same distances', async () => {
    const nearest = await nearestSquared(candidates, labelled, size);
    reference.nearest.forEach((distance, row) => {
      expect(Math.abs(Math.sqrt(nearest[row]!) - distance)).toBeLessThan(1e-6);
    });
    const count = reference['small-text'].length;
    const { rows } = await greedyCentresBeside(candidates, labelled, size, count, stream);
    expect(rows).toEqual(reference['scikit-activeml']);
    expect(rows).toEqual(reference['small-text']);
  });

  test('takes what brute force takes', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const features = rootStream(seed).normals(50 * 4);
      const centres = rootStream(seed)
        .of('centres')
        .normals(5 * 4);
      const brute = bruteForce(points(features, 4), points(centres, 4), 20);
      expect((await greedyCentresBeside(features, centres, 4, 20, stream)).rows).toEqual(brute);
    }
  });

  test('covers points on a line as one would by hand', async () => {
    const line = Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const zero = Float32Array.of(0); // is labelled
    const { rows, radiusBefore, radiusAfter } = await greedyCentresBeside(line, zero, 1, 3, stream);
    expect(rows.slice(0, 2)).toEqual([10, 5]);
    expect(radiusBefore).toBe(10);
    expect(radiusAfter).toBe(2);
    // What is left is 2 or 3, 7 or 8: equally far, so the stream decides.
    const thirds = new Set<number>();
    for (let seed = 1; seed <= 40; seed++) {
      thirds.add((await greedyCentresBeside(line, zero, 1, 3, rootStream(seed))).rows[2]!);
    }
    expect([...thirds].sort()).toEqual([2, 3, 7, 8]);
  });

  test('takes every row once where many are equal, and without a centre to start from', async () => {
    const features = new Float32Array(30 * 3).fill(1);
    const { rows, radiusBefore, radiusAfter } = await greedyCentresBeside(features, none, 3, 30, stream);
    expect(new Set(rows).size).toBe(30);
    expect(radiusBefore).toBeNull();
    expect(radiusAfter).toBe(0);
  });

  test('refuses to take more than there are', async () => {
    await expect(greedyCentresBeside(new Float32Array(4), none, 2, 3, stream)).rejects.toThrow(
      new RangeError('greedyCentres.count: expected at most 2, got 3'),
    );
  });
});

describe('core-set', () => {
  keepsItsPromises(() => createCoreSet());

  test('takes what brute force takes on pixels, which are the features of a linear model', async () => {
    const pixels = points(
      Array.from(images, (byte) => byte / 127.5 - 1),
      SIZE,
    );
    const { rows } = await bought(createCoreSet(), toyRound({ batch: 9 }));
    expect(rows).toEqual(bruteForce(pixels.slice(20), pixels.slice(0, 10), 9).map((row) => row + 20));
  });

  test('leaves no candidate as far from the labelled images as the farthest was', async () => {
    const { diagnostics } = await bought(createCoreSet(), toyRound({ batch: 30 }));
    const { coverRadiusBefore, coverRadiusAfter } = diagnostics as Record<string, number>;
    expect(coverRadiusAfter).toBeLessThan(0.8 * coverRadiusBefore!);
  });
});
