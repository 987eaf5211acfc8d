import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { createEntropy } from '../../../src/acquisition/strategies/entropy.ts';
import {
  createInformationDensity,
  informationDensities,
  meanCosines,
} from '../../../src/acquisition/strategies/information-density.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { keepsItsPromises } from './pool-strategy-promises.ts';
import { bought, toyRound } from './toy-rounds.ts';

const reference = JSON.parse(
  readFileSync(new URL('../../fixtures/active-learning/density.json', import.meta.url), 'utf8'),
) as { size: number; rows: number[]; meanCosine: number[]; modAL: number[] };

beforeAll(() => selectBackend('cpu'));

describe('mean cosines', () => {
  test("are the means of SciPy's cosines of all pairs, without the pairs", () => {
    const ours = meanCosines(Float32Array.from(reference.rows), reference.size);
    reference.meanCosine.forEach((value, row) => {
      expect(Math.abs(ours[row]! - value)).toBeLessThan(1e-6);
    });
  });

  test("are not modAL's density, which is a mean of 1 / (1 + distance)", () => {
    const largest = reference.modAL.map((value, row) => Math.abs(value - reference.meanCosine[row]!));
    expect(Math.max(...largest)).toBeGreaterThan(0.2);
  });

  test('are 1 for rows of one direction, 1/2 for two at right angles, and 0 for a row of zeros', () => {
    const closeTo = (...values: number[]) => values.map((value) => expect.closeTo(value, 6));
    expect([...meanCosines(Float32Array.of(1, 2, 2, 4), 2)]).toEqual(closeTo(1, 1));
    expect([...meanCosines(Float32Array.of(3, 0, 0, 5), 2)]).toEqual(closeTo(0.5, 0.5));
    expect([...meanCosines(Float32Array.of(1, 0, 0, 0), 2)]).toEqual(closeTo(0.5, 0));
  });
});

describe('information density', () => {
  keepsItsPromises(() => createInformationDensity({ beta: 1 }));

  test('is entropy times a power of the density, 0 where that is negative', () => {
    expect([...informationDensities([0.5, 1, 1], [0.5, 0.25, -0.5], 2)]).toEqual([0.125, 0.0625, 0]);
  });

  test('is entropy sampling for a beta of 0', async () => {
    const entropy = await bought(createEntropy(), toyRound());
    const density = await bought(createInformationDensity({ beta: 0 }), toyRound());
    expect(density.rows).toEqual(entropy.rows);
    expect(density.diagnostics.meanInformationDensityPool).toBeCloseTo(
      entropy.diagnostics.meanEntropyPool as number,
      6,
    );
  });
});
