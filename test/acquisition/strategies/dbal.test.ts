import { beforeAll, describe, expect, test } from 'vitest';
import { createDbal, nearestToCentres } from '../../../src/acquisition/strategies/dbal.ts';
import { DbalConfig } from '../../../src/acquisition/strategies/dbal-config.ts';
import { createMargin } from '../../../src/acquisition/strategies/margin.ts';
import { selectBackend } from '../../../src/backend/backend.ts';
import { rootStream } from '../../../src/random.ts';
import { keepsItsPromises } from './pool-strategy-promises.ts';
import { bought, toyRound } from './toy-rounds.ts';

beforeAll(() => selectBackend('cpu'));

describe('rows nearest to centres', () => {
  test('are the middle of each heap', async () => {
    const values = Float32Array.of(0, 1, 2.2, 100, 101, 102.2, 200, 201, 202.2);
    const picked = await nearestToCentres(
      { values, size: 1, weights: new Float64Array(9).fill(1) },
      3,
      rootStream(1),
    );
    expect(picked.sort()).toEqual([1, 4, 7]);
  });

  test('lean towards rows of large weight', async () => {
    const values = Float32Array.of(0, 1, 2, 3);
    const weights = Float64Array.of(1, 1, 1, 30);
    expect(await nearestToCentres({ values, size: 1, weights }, 1, rootStream(1))).toEqual([3]);
  });

  test('are filled up by weight where rows repeat', async () => {
    const weights = Float64Array.of(1, 5, 2, 3, 4);
    const picked = await nearestToCentres(
      { values: new Float32Array(5), size: 1, weights },
      3,
      rootStream(1),
    );
    expect(new Set(picked).size).toBe(3);
    expect(picked.slice(1).every((row) => weights[row]! >= 4 || picked[0] === 1)).toBe(true);
  });
});

describe('dbal', () => {
  keepsItsPromises(() => createDbal(DbalConfig.parse({})), { sameForAnyStream: false });

  test('buys among the beta x batch least certain alone', async () => {
    const { rows: uncertain } = await bought(createMargin(), toyRound({ batch: 18 }));
    const { rows, diagnostics } = await bought(createDbal({ beta: 3 }), toyRound());
    expect(diagnostics.candidatesClustered).toBe(18);
    expect(rows.every((row) => uncertain.includes(row))).toBe(true);
  });

  test('is margin sampling for a beta of 1', async () => {
    const margin = await bought(createMargin(), toyRound());
    const dbal = await bought(createDbal({ beta: 1 }), toyRound());
    expect([...dbal.rows].sort()).toEqual([...margin.rows].sort());
    expect(dbal.diagnostics.meanProbabilityMarginSelected).toBeCloseTo(
      margin.diagnostics.meanProbabilityMarginSelected as number,
      6,
    );
  });
});
