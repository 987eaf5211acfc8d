/**
 * Learning curves of many strategies: a panel each, with random sampling's curve behind it, all on the same axes.
 *
 * In one plot more than a handful of curves hide each other and have no colours left to tell them apart.
 */
import type { TopLevelSpec } from 'vega-lite';
import { paid } from '../experiments/statistics.ts';
import { CHART_CONFIG } from './chart.ts';
import { accuracyDomain, percent } from './curves.ts';
import { PAID } from './paid-words.ts';
import { LIGHT, seriesStyles } from './palette.ts';
import type { CurvePoint, Results, StrategyResult } from './results.ts';

/** Least width of a panel and its axis, in pixels. */
const PANEL = 175;
const PANEL_HEIGHT = 100;
const OWN = seriesStyles([{ name: 'own', kind: '' }]).get('own')?.light ?? LIGHT.ink;

export interface PanelOptions {
  /** Pixels of the whole picture, or a little more. */
  readonly width?: number;
}

/**
 * A Vega-Lite specification with the data in it. Bands are 95 % intervals of the mean, cut where they leave the common axis;
 * random sampling is the grey line of every panel and has none of its own.
 */
export function curvePanelsSpec(results: Results, { width = 760 }: PanelOptions = {}): TopLevelSpec {
  const shown = results.strategies.filter(({ curve }) => curve.length > 0);
  const baseline = shown.find(({ kind }) => kind === 'random');
  const panels = shown.filter((strategy) => strategy !== baseline);
  const [low, high] = accuracyDomain(shown.flatMap(({ curve }) => curve));
  const columns = Math.max(1, Math.floor(width / PANEL));
  const rows = (panel: StrategyResult) => [
    ...(baseline ? pointsOf(baseline.curve, panel.name, 'baseline', low, high) : []),
    ...pointsOf(panel.curve, panel.name, 'own', low, high),
  ];
  const colour = {
    field: 'line',
    type: 'nominal' as const,
    scale: { domain: ['baseline', 'own'], range: [LIGHT.muted, OWN] },
    legend: null,
  };
  const x = {
    field: 'at',
    type: 'quantitative' as const,
    scale: { zero: false, nice: false },
    axis: { title: PAID[results.paidIn], tickCount: 3, format: 'd', labelFontSize: 10, titleFontSize: 10 },
  };
  const y = (field: string) => ({
    field,
    type: 'quantitative' as const,
    scale: { domain: [percent(low), percent(high)], zero: false, nice: false },
    axis: { title: null, tickCount: 4, labelFontSize: 10 },
  });
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: panelsDescription(results),
    config: CHART_CONFIG,
    padding: 8,
    data: { values: panels.flatMap(rows) },
    facet: {
      field: 'strategy',
      type: 'nominal',
      sort: panels.map(({ name }) => name),
      header: {
        title: null,
        labelFontSize: 12,
        labelFontWeight: 'bold',
        labelColor: LIGHT.ink,
        labelPadding: 4,
      },
    },
    columns,
    // Of the plots alone: a long name may stand over its neighbour's margin.
    bounds: 'flush',
    spacing: { row: 36, column: 16 },
    spec: {
      width: PANEL - 45,
      height: PANEL_HEIGHT,
      layer: [
        {
          mark: { type: 'area', opacity: 0.13 },
          encoding: { x, y: y('low'), y2: { field: 'high' }, color: colour },
        },
        { mark: { type: 'line', strokeWidth: 1.8 }, encoding: { x, y: y('mean'), color: colour } },
      ],
    },
  } as TopLevelSpec;
}

function panelsDescription({ strategies, paidIn }: Results): string {
  const ends = strategies.flatMap(({ name, curve }) => {
    const last = curve.at(-1);
    return last === undefined ? [] : [`${name} ${percent(last.mean as number).toFixed(1)} %`];
  });
  return `Test accuracy in % against ${PAID[paidIn]}, a panel a strategy, with random sampling in grey. At the end: ${ends.join('; ')}.`;
}

function pointsOf(
  curve: readonly CurvePoint[],
  strategy: string,
  line: 'baseline' | 'own',
  low: number,
  high: number,
): object[] {
  const clamp = (value: number) => Math.min(high, Math.max(low, value));
  return curve.map((point) => ({
    strategy,
    line,
    at: paid(point),
    mean: percent(point.mean as number),
    low: percent(clamp(point.interval?.low ?? (point.mean as number))),
    high: percent(clamp(point.interval?.high ?? (point.mean as number))),
  }));
}
