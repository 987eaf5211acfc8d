import { expect, test } from 'vitest';
import { meanPairwiseDistance, searchDiagnostics } from '../../src/queries/diagnostics.ts';
import type { LatentSearch } from '../../src/queries/latent-search.ts';

const SHAPE = [1, 2, 1] as const;

const SEARCH: LatentSearch = {
  queries: 4,
  objective: 'boundary',
  latents: Float32Array.of(3, 4, 0, 1, 0, 2, 0, 0),
  images: Uint8Array.of(0, 0, 255, 255, 0, 255, 255, 0),
  startImages: Uint8Array.of(0, 0, 0, 0, 0, 0, 51, 51),
  objectiveStart: Float32Array.of(1, 2, 3, 2),
  objectiveEnd: Float32Array.of(0, 0.25, 0.25, 0.5),
  objectiveEndQuantised: Float32Array.of(0.125, 0.25, 0.5, 1),
  crossed: Uint8Array.of(1, 0, 1, 1),
};

test('every figure is what its definition says', () => {
  const diagnostics = searchDiagnostics(SEARCH, { shape: SHAPE, classes: 2, tolerance: 0.125 });
  expect(diagnostics).toEqual({
    objective: 'boundary',
    objectiveStart: 2,
    objectiveEnd: 0.25,
    objectiveEndQuantised: 0.46875,
    // Within an eighth of the mean start, 0.25: the first two.
    shareReached: 0.5,
    shareCrossed: 0.75,
    // Two pairs differ by 2 in both pixels, four in one: (2 x 2 + 4 sqrt(2)) / 6.
    meanPairwiseDistance: expect.closeTo((4 + 4 * Math.SQRT2) / 6, 6),
    // Three of six pairs differ by 51 / 127.5.
    meanPairwiseDistanceRandom: expect.closeTo(0.2, 6),
    latentNormMean: 2,
  });
});

test('the entropy has reached its goal when it is near minus ln classes', () => {
  const search: LatentSearch = {
    ...SEARCH,
    objective: 'entropy',
    objectiveStart: new Float32Array(4),
    objectiveEndQuantised: Float32Array.from([1, 0.96, 0.94, 0], (share) => -share * Math.log(3)),
  };
  expect(searchDiagnostics(search, { shape: SHAPE, classes: 3, tolerance: 0.05 }).shareReached).toBe(0.5);
});

test('a single query has no pair, and says so by null', () => {
  const search: LatentSearch = {
    queries: 1,
    objective: 'boundary',
    latents: SEARCH.latents.slice(0, 2),
    images: SEARCH.images.slice(0, 2),
    startImages: SEARCH.startImages.slice(0, 2),
    objectiveStart: SEARCH.objectiveStart.slice(0, 1),
    objectiveEnd: SEARCH.objectiveEnd.slice(0, 1),
    objectiveEndQuantised: SEARCH.objectiveEndQuantised.slice(0, 1),
    crossed: SEARCH.crossed.slice(0, 1),
  };
  const diagnostics = searchDiagnostics(search, { shape: SHAPE, classes: 2, tolerance: 0.1 });
  expect(diagnostics.meanPairwiseDistance).toBeNull();
  expect(diagnostics.meanPairwiseDistanceRandom).toBeNull();
  expect(diagnostics.latentNormMean).toBe(5);
});

test('a start without a number leaves null, not NaN, and spoils no other figure', () => {
  const search: LatentSearch = { ...SEARCH, objectiveStart: Float32Array.of(1, Number.NaN, 3, 2) };
  const diagnostics = searchDiagnostics(search, { shape: SHAPE, classes: 2, tolerance: 0.1 });
  expect(diagnostics.objectiveStart).toBeNull();
  expect(diagnostics.shareReached).toBeNull();
  expect(diagnostics.objectiveEnd).toBe(0.25);
});

test('pixels count in model range: black and white are 2 apart, equal images 0', () => {
  expect(meanPairwiseDistance(Uint8Array.of(0, 0, 255, 255), 2)).toBeCloseTo(2, 6);
  expect(meanPairwiseDistance(Uint8Array.of(7, 9, 7, 9), 2)).toBe(0);
});
