/**
 * The learning curve: test accuracy against labels paid for, one curve a strategy, with what the seeds leave
 * open around it.
 *
 * Means and intervals are computed here and handed over as data: Vega's own interval bands draw bootstrap
 * samples from `Math.random`, so two renderings would differ.
 */
import type { TopLevelSpec } from 'vega-lite';
import { paid } from '../experiments/statistics.ts';
import { CHART_CONFIG } from './chart.ts';
import { PAID } from './paid-words.ts';
import { LIGHT, seriesStyles } from './palette.ts';
import type { CurvePoint, Results } from './results.ts';
import { textWidth } from './stroke-font.ts';

export interface CurveOptions {
  /** Pixels of the whole picture. */
  readonly width?: number;
  readonly height?: number;
  /** Whether the picture says itself what it shows; off where a page does. */
  readonly title?: boolean;
}

const LABEL_SIZE = 13;
/** Least distance between the baselines of two names at the right. */
const LABEL_STEP = 17;
const MARGIN = { left: 52, bottom: 46, top: 28, titled: 86 } as const;
/** How far an interval may widen the axis beyond the means, in spans of the means. */
const INTERVAL_ROOM = 0.6;

/** A Vega-Lite specification with the data in it, ready for any Vega-Lite tool. */
export function learningCurveSpec(results: Results, options: CurveOptions = {}): TopLevelSpec {
  const { width = 760, height = 440, title = true } = options;
  const styles = seriesStyles(results.strategies);
  const shown = results.strategies.filter(({ curve }) => curve.length > 0);
  const [low, high] = accuracyDomain(shown.flatMap(({ curve }) => curve));
  const top = title ? MARGIN.titled : MARGIN.top;
  // The widest of the fonts a viewer may fall back to.
  const right = 24 + Math.max(0, ...shown.map(({ name }) => textWidth(name, LABEL_SIZE, true) * 1.2));
  const plotHeight = height - top - MARGIN.bottom;
  const clamp = (value: number) => Math.min(high, Math.max(low, value));
  const points = shown.flatMap(({ name, curve }) =>
    curve.map((point) => ({
      strategy: name,
      round: point.round,
      labelsCharged: point.labelsCharged,
      ...(point.cost !== undefined && { cost: point.cost }),
      seeds: point.n,
      mean: percent(point.mean as number),
      low: point.interval === null ? null : percent(point.interval.low),
      high: point.interval === null ? null : percent(point.interval.high),
      bandLow: percent(clamp(point.interval?.low ?? (point.mean as number))),
      bandHigh: percent(clamp(point.interval?.high ?? (point.mean as number))),
    })),
  );
  const field = results.paidIn === 'cost' ? 'cost' : 'labelsCharged';
  const ends = nameEnds(shown, plotHeight, low, high).map(({ at, ...end }) => ({ ...end, [field]: at }));
  const names = shown.map(({ name }) => name);
  const style = (name: string) => styles.get(name);
  const colour = {
    field: 'strategy',
    type: 'nominal' as const,
    scale: { domain: names, range: names.map((name) => style(name)?.light ?? LIGHT.ink) },
    legend: null,
  };
  const shape = {
    field: 'strategy',
    type: 'nominal' as const,
    scale: { domain: names, range: names.map((name) => style(name)?.shape ?? 'circle') },
    legend: null,
  };
  const x = {
    field,
    type: 'quantitative' as const,
    scale: { zero: false, nice: false },
    axis: {
      title: PAID[results.paidIn],
      titlePadding: 10,
      tickCount: Math.max(2, Math.round(width / 90)),
      format: 'd',
    },
  };
  const y = (field: string) => ({
    field,
    type: 'quantitative' as const,
    scale: { domain: [percent(low), percent(high)], zero: false, nice: false },
    axis: {
      title: 'test accuracy (%)',
      titleAngle: 0,
      titleAlign: 'left' as const,
      titleBaseline: 'bottom' as const,
      titleX: -MARGIN.left + 6,
      titleY: -10,
      tickCount: 6,
    },
  });
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: curveDescription(results),
    ...(title ? { title: titleOf(results) } : {}),
    config: CHART_CONFIG,
    width: width - MARGIN.left - right,
    height: plotHeight,
    autosize: { type: 'none' },
    padding: { left: MARGIN.left, right, top, bottom: MARGIN.bottom },
    data: { values: points },
    layer: [
      {
        mark: { type: 'area', opacity: 0.13 },
        encoding: { x, y: y('bandLow'), y2: { field: 'bandHigh' }, color: colour },
      },
      {
        mark: { type: 'line', strokeWidth: 2.2 },
        encoding: { x, y: y('mean'), color: colour },
      },
      {
        mark: { type: 'point', filled: true, size: 38, opacity: 1 },
        encoding: { x, y: y('mean'), color: colour, shape },
      },
      {
        data: { values: ends },
        mark: { type: 'text', align: 'left', dx: 12, fontSize: LABEL_SIZE, fontWeight: 'bold' },
        encoding: { x, y: y('labelAt'), color: colour, text: { field: 'strategy', type: 'nominal' } },
      },
    ],
  } as TopLevelSpec;
}

/** What the chart shows, in a sentence, for those who cannot see it. */
export function curveDescription({ strategies, paidIn }: Results): string {
  const ends = strategies.flatMap(({ name, curve }) => {
    const [first, last] = [curve[0], curve.at(-1)];
    if (first === undefined || last === undefined) return [];
    const says = (point: CurvePoint) =>
      `${((point.mean as number) * 100).toFixed(1)} % at ${paidIn === 'cost' ? 'a cost of ' : ''}${Math.round(paid(point))}`;
    return [`${name} from ${says(first)} to ${says(last)}${paidIn === 'cost' ? '' : ' labels'}`];
  });
  return `Learning curves of test accuracy against ${PAID[paidIn]}: ${ends.join('; ') || 'no round is finished yet'}.`;
}

function titleOf({ dataset, classNames, strategies }: Results): object {
  const seeds = [...new Set(strategies.flatMap(({ curve }) => curve.map(({ n }) => n)))].sort(
    (a, b) => a - b,
  );
  const range = seeds.length > 1 ? `${seeds[0]} to ${seeds.at(-1)}` : `${seeds[0] ?? 0}`;
  const classes = classNames.length > 0 && classNames.length <= 4 ? `, classes ${classNames.join(', ')}` : '';
  return {
    text: `Accuracy for labels on ${dataset}${classes}`,
    subtitle:
      seeds.at(-1) === 1
        ? 'one seed, so no interval'
        : `mean of ${range} seeds; bands: 95 % interval of the mean`,
    anchor: 'start',
    frame: 'group',
    color: LIGHT.ink,
    subtitleColor: LIGHT.muted,
    fontSize: 16,
    subtitleFontSize: 12.5,
    subtitlePadding: 5,
    dx: -MARGIN.left + 6,
    offset: 26,
  };
}

/** An axis from the lowest to the highest mean, widened by the intervals within reason and never out of [0, 1]. */
export function accuracyDomain(points: readonly CurvePoint[]): [number, number] {
  const means = points.map((point) => point.mean as number);
  if (means.length === 0) return [0, 1];
  const [lowest, highest] = [Math.min(...means), Math.max(...means)];
  const span = Math.max(highest - lowest, 0.01);
  const room = INTERVAL_ROOM * span;
  const low = Math.min(...points.map((point) => point.interval?.low ?? 1), lowest);
  const high = Math.max(...points.map((point) => point.interval?.high ?? 0), highest);
  const edge = 0.05 * span;
  return [
    Math.max(0, Math.max(low, lowest - room) - edge),
    Math.min(1, Math.min(high, highest + room) + edge),
  ];
}

/** Where each strategy's name stands: beside its last point, moved apart where two would overlap. */
function nameEnds(
  strategies: readonly { readonly name: string; readonly curve: readonly CurvePoint[] }[],
  plotHeight: number,
  low: number,
  high: number,
): { strategy: string; at: number; labelAt: number }[] {
  const perPixel = (high - low) / plotHeight;
  const furthest = Math.max(...strategies.map(({ curve }) => paid(curve.at(-1) ?? { labelsCharged: 0 })));
  const ends = strategies
    .map(({ name, curve }) => ({ name, at: ((curve.at(-1)?.mean ?? low) - low) / perPixel }))
    .sort((a, b) => a.at - b.at);
  for (let pass = 0; pass < ends.length * 4; pass++) {
    for (let i = 1; i < ends.length; i++) {
      const below = ends[i - 1] as { at: number };
      const above = ends[i] as { at: number };
      const missing = LABEL_STEP - (above.at - below.at);
      if (missing > 0) {
        below.at = Math.max(0, below.at - missing / 2);
        above.at = below.at + LABEL_STEP;
      }
    }
  }
  return ends.map(({ name, at }) => ({
    strategy: name,
    at: furthest,
    labelAt: percent(low + at * perPixel),
  }));
}

/** A share in per cent, to six digits after the point: what rounding leaves beyond them says nothing. */
export function percent(share: number): number {
  return Math.round(share * 1e8) / 1e6;
}
