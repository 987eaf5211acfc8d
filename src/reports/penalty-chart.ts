/**
 * The penalty matrix as a picture, for pages that cannot hold a table of so many strategies.
 */
import type { TopLevelSpec } from 'vega-lite';
import type { PenaltyMatrix } from '../experiments/statistics/penalty-matrix.ts';
import { CHART_CONFIG } from './chart.ts';
import { LIGHT, seriesStyles } from './palette.ts';

/** Side of a cell, in pixels. */
const CELL = 17;
const STRONGEST = seriesStyles([{ name: 'own', kind: '' }]).get('own')?.light ?? LIGHT.ink;

/**
 * A Vega-Lite specification with the matrix in it: the darker a cell, the larger the share of budgets at which the row's strategy
 * beat the column's. The strategies that were beaten least and beat most come first.
 */
export function penaltySpec({ strategies, entries, rowSums, columnSums }: PenaltyMatrix): TopLevelSpec {
  const lead = (at: number) => (rowSums[at] ?? 0) - (columnSums[at] ?? 0);
  const order = strategies.map((_, at) => at).sort((a, b) => lead(b) - lead(a) || a - b);
  const names = order.map((at) => strategies[at] as string);
  const axis = {
    title: null,
    domain: false,
    ticks: false,
    labelFontSize: 10.5,
    labelColor: LIGHT.ink,
    labelLimit: 220,
  };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: `Penalty matrix: shares of budgets at which the row's strategy beat the column's. Ahead: ${names.slice(0, 3).join(', ')}.`,
    config: { ...CHART_CONFIG, axisY: {} },
    padding: 8,
    data: {
      values: strategies.flatMap((winner, row) =>
        strategies.map((loser, column) => ({ winner, loser, share: entries[row]?.[column] ?? 0 })),
      ),
    },
    width: CELL * strategies.length,
    height: CELL * strategies.length,
    // Without a text for every cell, which would be most of the file.
    mark: { type: 'rect', aria: false, stroke: LIGHT.line, strokeWidth: 0.5 },
    encoding: {
      y: { field: 'winner', type: 'nominal', sort: names, axis },
      x: {
        field: 'loser',
        type: 'nominal',
        sort: names,
        axis: { ...axis, orient: 'top', labelAngle: -90 },
      },
      color: {
        field: 'share',
        type: 'quantitative',
        scale: { domain: [0, 1], range: [LIGHT.background, STRONGEST], interpolate: 'rgb' },
        legend: null,
      },
    },
  } as TopLevelSpec;
}
