/**
 * The small charts of a report: figures over rounds, and where the time went.
 */
import type { TopLevelSpec } from 'vega-lite';
import { CHART_CONFIG } from './chart.ts';
import { LIGHT } from './palette.ts';

export interface ChartLine {
  readonly label: string;
  /** A colour of the light palette. */
  readonly colour: string;
  readonly dashed?: boolean;
  /** The line itself, usually a mean over seeds; a null value leaves a gap. */
  readonly points: readonly ChartPoint[];
  /** Thin lines behind it, one a seed. */
  readonly behind?: readonly (readonly ChartPoint[])[];
}

export interface ChartPoint {
  readonly x: number;
  readonly y: number | null;
}

export interface SmallChartOptions {
  readonly xTitle: string;
  /** Bounds of the y axis; the data's own where left out. */
  readonly yDomain?: readonly [number, number];
  readonly yFormat?: string;
  readonly width?: number;
  readonly height?: number;
}

const PADDING = { left: 50, right: 12, top: 10, bottom: 40 } as const;

/** Lines over a common x axis; their names stand in the text beside the chart. */
export function linesSpec(
  lines: readonly ChartLine[],
  { xTitle, yDomain, yFormat = '.3~g', width = 330, height = 200 }: SmallChartOptions,
): TopLevelSpec {
  const x = axisX(xTitle, width);
  const y = {
    field: 'y',
    type: 'quantitative' as const,
    scale: yDomain === undefined ? { zero: false, nice: true } : { domain: [...yDomain], nice: false },
    axis: { title: null, tickCount: 4, format: yFormat },
  };
  return {
    ...frame(width, height),
    layer: lines.flatMap(({ points, behind = [], colour, dashed = false }) => [
      ...(behind.length > 1
        ? [
            {
              data: { values: behind.flatMap((line, seed) => line.map((point) => ({ ...point, seed }))) },
              mark: { type: 'line' as const, strokeWidth: 1, opacity: 0.3, color: colour, invalid: null },
              encoding: { x, y, detail: { field: 'seed' } },
            },
          ]
        : []),
      {
        data: { values: [...points] },
        mark: {
          type: 'line' as const,
          strokeWidth: 2,
          color: colour,
          invalid: null,
          ...(dashed ? { strokeDash: [5, 4] } : {}),
        },
        encoding: { x, y },
      },
    ]),
  } as TopLevelSpec;
}

export interface StackedBars {
  /** From the bottom up. */
  readonly parts: readonly { readonly label: string; readonly colour: string }[];
  /** One bar each; values in the order of the parts. */
  readonly bars: readonly { readonly x: number; readonly values: readonly number[] }[];
}

/** Bars of stacked parts over whole-numbered x. */
export function stackedBarsSpec(
  { parts, bars }: StackedBars,
  { xTitle, yDomain, yFormat = '~s', width = 330, height = 200 }: SmallChartOptions,
): TopLevelSpec {
  const plotWidth = width - PADDING.left - PADDING.right;
  const xs = bars.map(({ x }) => x);
  const slots = Math.max(...xs) - Math.min(...xs) + 1;
  const values = bars.flatMap(({ x, values: heights }) => {
    let below = 0;
    return heights.map((height, part) => {
      const from = below;
      below += height;
      return { x, from, to: below, part: parts[part]?.label };
    });
  });
  return {
    ...frame(width, height),
    data: { values },
    mark: { type: 'bar', width: Math.max(1, (0.72 * plotWidth) / slots) },
    encoding: {
      x: axisX(xTitle, width, [Math.min(...xs) - 0.6, Math.max(...xs) + 0.6]),
      y: {
        field: 'from',
        type: 'quantitative',
        scale: yDomain === undefined ? { zero: true, nice: true } : { domain: [...yDomain], nice: false },
        axis: { title: null, tickCount: 4, format: yFormat },
      },
      y2: { field: 'to' },
      color: {
        field: 'part',
        type: 'nominal',
        scale: { domain: parts.map(({ label }) => label), range: parts.map(({ colour }) => colour) },
        legend: null,
      },
    },
  } as TopLevelSpec;
}

function frame(width: number, height: number): object {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    config: { ...CHART_CONFIG, background: LIGHT.background },
    width: width - PADDING.left - PADDING.right,
    height: height - PADDING.top - PADDING.bottom,
    autosize: { type: 'none' },
    padding: PADDING,
  };
}

function axisX(title: string, width: number, domain?: readonly [number, number]) {
  return {
    field: 'x',
    type: 'quantitative' as const,
    scale: { zero: false, nice: false, ...(domain === undefined ? {} : { domain: [...domain] }) },
    axis: { title, titlePadding: 4, tickCount: Math.round(width / 70), format: 'd', tickMinStep: 1 },
  };
}
