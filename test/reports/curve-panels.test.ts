import { describe, expect, test } from 'vitest';
import { renderSvg } from '../../src/reports/chart.ts';
import { curvesSpec, inPanels } from '../../src/reports/curve-files.ts';
import { ALL_STYLES } from '../../src/reports/palette.ts';
import { penaltySpec } from '../../src/reports/penalty-chart.ts';
import type { Results } from '../../src/reports/results.ts';
import { resultsFixture, strategyFixture } from './results-fixture.ts';

/** Strategy `k` ends `k` points above the first, which is random. */
function many(count: number): Results {
  return resultsFixture(
    Array.from({ length: count }, (_, k) =>
      strategyFixture(k === 0 ? 'random' : `own-${k}`, k === 0 ? 'random' : 'margin', [
        [0.7, 0.72, 0.71],
        [0.8, 0.82, 0.81].map((accuracy) => accuracy + k / 100),
      ]),
    ),
  );
}

interface Panels {
  facet: { sort: string[] };
  data: { values: { strategy: string; line: string; at: number; mean: number; low: number; high: number }[] };
  spec: { layer: { encoding: { y: { scale: { domain: [number, number] } } } }[] };
}

describe('panels of learning curves', () => {
  test('take over when there are more strategies than styles to tell them apart', () => {
    expect(inPanels(many(ALL_STYLES.length))).toBe(false);
    expect(inPanels(many(ALL_STYLES.length + 1))).toBe(true);
    expect(curvesSpec(many(ALL_STYLES.length))).toHaveProperty('layer');
    expect(curvesSpec(many(ALL_STYLES.length + 1))).toHaveProperty('facet');
  });

  test('hold each strategy and, behind each, random sampling, on one axis', () => {
    const { facet, data, spec } = curvesSpec(many(12)) as unknown as Panels;
    const names = [...new Set(data.values.map(({ strategy }) => strategy))];
    expect(names).toEqual(Array.from({ length: 11 }, (_, k) => `own-${k + 1}`));
    expect(facet.sort).toEqual(names);
    for (const [k, name] of names.entries()) {
      const ends = data.values.filter(({ strategy, at }) => strategy === name && at === 60);
      const mean = (of: string) => ends.find(({ line }) => line === of)!.mean;
      expect(mean('baseline')).toBeCloseTo(81, 6);
      expect(mean('own')).toBeCloseTo(82 + k, 6);
    }
    const [low, high] = spec.layer[0]!.encoding.y.scale.domain;
    for (const point of data.values) {
      expect(point.low).toBeGreaterThanOrEqual(low);
      expect(point.high).toBeLessThanOrEqual(high);
      expect(point.low).toBeLessThan(point.mean);
    }
  });

  test('cut a band where the axis ends: no accuracy is above 100 %', () => {
    const wide = strategyFixture('wide', 'margin', [
      [0.7, 0.72, 0.71],
      [0.8, 0.99, 1],
    ]);
    const { data } = curvesSpec(resultsFixture([...many(12).strategies, wide])) as unknown as Panels;
    const end = data.values.find(
      ({ strategy, line, at }) => strategy === 'wide' && line === 'own' && at === 60,
    );
    expect(end!.high).toBe(100);
    expect(end!.mean).toBeCloseTo(93, 6);
  });

  test('are drawn, the names of all strategies in the picture', async () => {
    const svg = await renderSvg(curvesSpec(many(12)));
    for (let k = 1; k < 12; k++) expect(svg).toContain(`>own-${k}<`);
  });
});

test('the picture of a penalty matrix puts those ahead first, and shades every pair by its share', async () => {
  const matrix = {
    strategies: ['beaten', 'between', 'ahead'],
    budgets: [60, 80],
    entries: [
      [0, 0, 0],
      [0.5, 0, 0],
      [1, 0.5, 0],
    ],
    rowSums: [0, 0.5, 1.5],
    columnSums: [1.5, 0.5, 0],
  };
  const spec = penaltySpec(matrix) as unknown as {
    data: { values: { winner: string; loser: string; share: number }[] };
    encoding: { y: { sort: string[] }; x: { sort: string[] } };
  };
  expect(spec.encoding.y.sort).toEqual(['ahead', 'between', 'beaten']);
  expect(spec.encoding.x.sort).toEqual(spec.encoding.y.sort);
  expect(spec.data.values.find(({ winner, loser }) => winner === 'ahead' && loser === 'beaten')?.share).toBe(
    1,
  );
  expect(spec.data.values.find(({ winner, loser }) => winner === 'beaten' && loser === 'ahead')?.share).toBe(
    0,
  );
  const svg = await renderSvg(penaltySpec(matrix));
  // Each name at a row and at a column.
  for (const name of matrix.strategies) expect(svg.split(`>${name}<`)).toHaveLength(3);
});
