/**
 * The chart of a round's matches in the plane of the first two components of the features.
 */
import type { TopLevelSpec } from 'vega-lite';
import { CHART_CONFIG } from './chart.ts';
import type { ReportedRound } from './matched-rounds.ts';
import { ALL_STYLES, LIGHT, type SeriesStyle } from './palette.ts';
import { spread } from './pictures.ts';

/** What the plane shows, in the order it is drawn. */
export const PLANE_MARKS = {
  candidates: { label: 'candidates (some)', colour: LIGHT.muted, shape: 'circle' },
  labelled: { label: 'labelled before', colour: ALL_STYLES[3]?.light ?? LIGHT.ink, shape: 'cross' },
  matched: { label: 'bought', colour: ALL_STYLES[1]?.light ?? LIGHT.ink, shape: 'square' },
  synthesised: { label: 'synthesised', colour: ALL_STYLES[2]?.light ?? LIGHT.ink, shape: 'triangle-up' },
} as const satisfies Record<string, { label: string; colour: string; shape: SeriesStyle['shape'] }>;

/** Points drawn at most; the page grows with each. */
const MOST = { candidates: 300, labelled: 150, queries: 60 } as const;
const SIZE = { width: 330, height: 300 } as const;
const PADDING = { left: 40, right: 10, top: 8, bottom: 26 } as const;

type Point = readonly [number, number];

/** Candidates, labelled rows, and a thin line from each synthesised image to what was bought in its place. */
export function planeSpec({ plane, queries }: ReportedRound): TopLevelSpec {
  const candidates = spread(plane.candidates, MOST.candidates);
  const labelled = spread(plane.labelled, MOST.labelled);
  const pairs = spread(queries, MOST.queries);
  const synthesised = pairs.map(({ synthesisedAt }) => synthesisedAt);
  const matched = pairs.map(({ matchedAt }) => matchedAt);
  const width = SIZE.width - PADDING.left - PADDING.right;
  const height = SIZE.height - PADDING.top - PADDING.bottom;
  const domain = equalUnits([...candidates, ...labelled, ...synthesised, ...matched], width, height);
  const axis = { title: null, tickCount: 5, grid: false, domain: true, ticks: true, labelPadding: 3 };
  const x = { field: 'x', type: 'quantitative', scale: { domain: domain.x, nice: false }, axis };
  const y = { field: 'y', type: 'quantitative', scale: { domain: domain.y, nice: false }, axis };
  const points = (of: keyof typeof PLANE_MARKS, at: readonly Point[], size: number, opacity: number) => ({
    data: { values: at.map(([left, up]) => ({ x: round(left), y: round(up) })) },
    mark: {
      type: 'point',
      shape: PLANE_MARKS[of].shape,
      filled: true,
      color: PLANE_MARKS[of].colour,
      size,
      opacity,
      aria: false,
    },
    encoding: { x, y },
  });
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    config: CHART_CONFIG,
    width,
    height,
    autosize: { type: 'none' },
    padding: PADDING,
    layer: [
      points('candidates', candidates, 9, 0.4),
      points('labelled', labelled, 22, 0.55),
      {
        data: {
          values: pairs.map(({ synthesisedAt, matchedAt }) => ({
            x: round(synthesisedAt[0]),
            y: round(synthesisedAt[1]),
            x2: round(matchedAt[0]),
            y2: round(matchedAt[1]),
          })),
        },
        mark: { type: 'rule', color: LIGHT.ink, strokeWidth: 0.8, opacity: 0.7, aria: false },
        encoding: { x, y, x2: { field: 'x2' }, y2: { field: 'y2' } },
      },
      points('matched', matched, 42, 0.95),
      points('synthesised', synthesised, 48, 0.95),
    ],
  } as TopLevelSpec;
}

/** Domains that hold all points and along which a unit is as long on both axes, so that lines have their true length. */
function equalUnits(
  points: readonly Point[],
  width: number,
  height: number,
): { readonly x: [number, number]; readonly y: [number, number] } {
  const extent = (axis: 0 | 1) => {
    const values = points.map((point) => point[axis]);
    const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
    const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    return { middle: (low + high) / 2, length: high - low };
  };
  const [across, up] = [extent(0), extent(1)];
  // All at one place still needs an axis.
  const unit = 1.08 * Math.max(across.length / width, up.length / height) || 1 / Math.min(width, height);
  return {
    x: [across.middle - (unit * width) / 2, across.middle + (unit * width) / 2],
    y: [up.middle - (unit * height) / 2, up.middle + (unit * height) / 2],
  };
}

/** Far finer than a pixel; keeps the page small. */
function round(value: number): number {
  return Number(value.toPrecision(6));
}
