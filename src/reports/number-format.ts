/**
 * Figures as a person reads them. Missing ones are an en dash.
 */
import type { Interval } from '../experiments/statistics.ts';
import type { Summary } from './results.ts';

export const MISSING = '–';
const MINUS = '\u2212';
/** Narrow and unbreakable, so that a figure keeps its unit. */
export const NARROW_SPACE = '\u202f';

/** 0.98125 as `98.1 %`. */
export function percent(share: number | null | undefined, digits = 1): string {
  return share == null ? MISSING : `${(100 * share).toFixed(digits)}${NARROW_SPACE}%`;
}

/** Mean and standard deviation as `98.1 ± 0.3 %`. */
export function percentWithDeviation({ mean, standardDeviation }: Summary, digits = 1): string {
  if (mean === null || standardDeviation === null) return percent(mean, digits);
  const figures = `${(100 * mean).toFixed(digits)}${NARROW_SPACE}±${NARROW_SPACE}${(100 * standardDeviation).toFixed(digits)}`;
  return `${figures}${NARROW_SPACE}%`;
}

/** A difference of shares in percentage points, with its sign: 0.0062 as `+0.62`. */
export function points(difference: number | null | undefined, digits = 2): string {
  if (difference == null) return MISSING;
  const text = Math.abs(100 * difference).toFixed(digits);
  return Number(text) === 0 ? text : `${difference < 0 ? MINUS : '+'}${text}`;
}

/** An interval of differences: `−0.10 to +0.50`. */
export function pointsInterval(interval: Interval | null): string {
  return interval === null ? MISSING : `${points(interval.low)} to ${points(interval.high)}`;
}

/** A p-value to two figures, `< 0.001` below that. */
export function pValue(p: number | null | undefined): string {
  if (p == null) return MISSING;
  if (p < 0.001) return `<${NARROW_SPACE}0.001`;
  return p < 0.1 ? p.toFixed(3) : p.toFixed(2);
}

/** Milliseconds as the unit a person would say. */
export function duration(ms: number | null | undefined): string {
  if (ms == null) return MISSING;
  if (ms < 1000) return `${Math.round(ms)}${NARROW_SPACE}ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)}${NARROW_SPACE}s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes}${NARROW_SPACE}min`;
  return `${Math.floor(minutes / 60)}${NARROW_SPACE}h ${minutes % 60}${NARROW_SPACE}min`;
}

/** Bytes in units of 1024. */
export function bytes(count: number | null | undefined): string {
  if (count == null) return MISSING;
  const gibibytes = count / 2 ** 30;
  return gibibytes >= 1
    ? `${gibibytes.toFixed(1)}${NARROW_SPACE}GiB`
    : `${Math.round(count / 2 ** 20)}${NARROW_SPACE}MiB`;
}

/** A number to three significant figures, without exponents where they can be spared. */
export function figure(value: number | null | undefined): string {
  if (value == null) return MISSING;
  if (value === 0 || Number.isInteger(value)) return `${value}`.replace('-', MINUS);
  const size = Math.abs(value);
  const text =
    size >= 1e-4 && size < 1e6
      ? `${Number(value.toPrecision(3))}`
      : value.toExponential(1).replace('e', '×10^');
  return text.replaceAll('-', MINUS);
}

/** `1 seed`, `5 seeds`. */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : plural}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(items: readonly (string | number)[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
