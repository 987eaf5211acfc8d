import { describe, expect, test } from 'vitest';
import { rootStream } from '../../src/random.ts';
import { anchorFigures } from '../../vaal/anchor-figures.ts';
import { anchorsByClass, meanDistances, summedDistances } from '../../vaal/anchors.ts';
import { bestRow } from '../../vaal/best-row.ts';
import { farthestByClass } from '../../vaal/m2-farthest.ts';
import { normalisedDistances } from '../../vaal/m2-weighted-confidence.ts';
import type { M2Table } from '../../vaal/round-m2.ts';

const SIZE = 3;
const stream = rootStream(8);

/** Latents drawn at random; the likeliest classes are given. */
function table(name: string, predicted: readonly number[], classes: number): M2Table {
  return {
    n: predicted.length,
    latentSize: SIZE,
    classes,
    latents: stream.of(name).normals(predicted.length * SIZE),
    probs: new Float32Array(predicted.length * classes),
    predicted: Uint8Array.from(predicted),
  };
}
const latent = ({ latents }: M2Table, row: number) => [...latents.subarray(row * SIZE, (row + 1) * SIZE)];
const distance = (a: number[], b: number[]) => Math.hypot(...a.map((value, axis) => value - b[axis]!));

const labels = Uint8Array.from([0, 0, 1, 1, 0, 2]);
const labelled = table('labelled', [0, 1, 1, 1, 0, 0], 4);
const pool = table(
  'pool',
  stream
    .of('classes')
    .permutation(24)
    .map((row) => row % 4),
  4,
);

/** The definition, every distance anew for every row taken. */
function bruteForce(first: readonly number[], count: number): number[] {
  const anchors = [0, 1, 2, 3].map((c) =>
    [...labels.keys()]
      .filter((row) => labels[row] === c && labelled.predicted[row] === c)
      .map((row) => latent(labelled, row)),
  );
  const taken: number[] = [];
  for (let turn = 0; taken.length < count; turn++) {
    const c = first[turn % 4]!;
    const rows = [...pool.predicted.keys()].filter(
      (row) => pool.predicted[row] === c && !taken.includes(row),
    );
    if (rows.length === 0) continue;
    const far = rows.map((row) =>
      anchors[c]!.reduce((sum, anchor) => sum + distance(latent(pool, row), anchor), 0),
    );
    const row = rows[far.indexOf(Math.max(...far))]!;
    taken.push(row);
    anchors[c]!.push(latent(pool, row));
  }
  return taken;
}

test('anchors are the labelled images that are classified rightly', () => {
  expect(anchorsByClass(labelled, labels)).toEqual([[0, 4], [2, 3], [], []]);
});

test('distances are summed, and averaged, over the anchors of the likeliest class', () => {
  const anchors = anchorsByClass(labelled, labels);
  const sums = summedDistances(pool, labelled, anchors);
  const means = meanDistances(sums, pool, anchors);
  for (let row = 0; row < pool.n; row++) {
    const own = anchors[pool.predicted[row]!]!;
    const wanted = own.reduce(
      (sum, anchor) => sum + distance(latent(pool, row), latent(labelled, anchor)),
      0,
    );
    expect(sums[row]).toBeCloseTo(wanted, 10);
    if (own.length === 0) expect(means[row]).toBeNull();
    else expect(means[row]).toBeCloseTo(wanted / own.length, 10);
  }
  const told = anchorFigures(pool, sums, anchors, [0, 1, 2, 3, 4, 5]);
  expect(told).toMatchObject({ anchors: 4, classesWithAnchors: 2 });
  const known = means.slice(0, 6).filter((value) => value !== null);
  expect(told.meanAnchorDistanceSelected).toBeCloseTo(known.reduce((a, b) => a + b, 0) / known.length, 10);
});

describe('farthestByClass', () => {
  const pick = (count: number, seed = 1) => {
    const sums = summedDistances(pool, labelled, anchorsByClass(labelled, labels));
    return farthestByClass(pool, sums, count, rootStream(seed));
  };

  test('takes what brute force takes, one class after the other', () => {
    const turns = rootStream(1).of('classes').permutation(4);
    const rows = pick(12);
    // Classes 2 and 3 have no anchor: their first row is drawn, and brute force goes on from it.
    rows.forEach((row, turn) => {
      expect(pool.predicted[row]).toBe(turns[turn % 4]);
    });
    const known = (rows: number[]) => rows.filter((row) => pool.predicted[row]! < 2);
    expect(known(rows)).toEqual(known(bruteForce(turns, 12)));
    const third = rows.filter((row) => pool.predicted[row] === 2);
    const [first, second] = third.map((row) => latent(pool, row)) as [number[], number[]];
    const others = [...pool.predicted.keys()].filter((row) => pool.predicted[row] === 2);
    expect(distance(first, second)).toBeCloseTo(
      Math.max(...others.map((row) => distance(first, latent(pool, row)))),
      10,
    );
  });

  test('draws what is equally far, by seed', () => {
    expect(pick(24)).toEqual(pick(24));
    const firsts = [1, 2, 3, 4, 5, 6].map((seed) => pick(4, seed).find((row) => pool.predicted[row] === 2));
    expect(new Set(firsts).size).toBeGreaterThan(1);
  });

  test('passes over classes that are used up, and refuses more than there is', () => {
    expect([...pick(24)].sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, row) => row));
    expect(() => pick(25)).toThrow('farthestByClass.count: expected at most 24, got 25');
  });
});

test('distances are divided by the largest of their group, and count as far where there is none', () => {
  const distances = [1, 4, null, 2, 0, 0];
  expect([...normalisedDistances(distances, [0, 0, 0, 1, 2, 2])]).toEqual([0.25, 1, 1, 1, 1, 1]);
  expect([...normalisedDistances(distances, [0, 0, 0, 0, 0, 0])]).toEqual([0.25, 1, 1, 0.5, 0, 0]);
});

test('the best row is the first of equal ones by the random order, and no score may be broken', () => {
  const scores = Float64Array.from([1, 3, 3, 2]);
  expect(bestRow([0, 1, 2, 3], scores, [0, 2, 1, 3])).toBe(2);
  expect(bestRow([0, 1, 2, 3], scores, [0, 1, 2, 3])).toBe(1);
  expect(bestRow([0, 3], scores, [0, 1, 2, 3])).toBe(3);
  expect(bestRow([], scores, [])).toBe(-1);
  expect(() => bestRow([0], Float64Array.from([Number.NaN]), [0])).toThrow(
    'expected finite scores, got NaN for row 0',
  );
});
