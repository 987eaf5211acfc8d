/** How a time grows with the pool: the exponent p of `time = c n^p`. */

/** A pool size and what was measured there. */
export interface GrowthPoint {
  readonly n: number;
  readonly ms: number;
}

/**
 * The slope of log time in log size by least squares; null for fewer than two different sizes.
 *
 * 1: twice the pool takes twice the time; 0: it takes the same.
 */
export function fitExponent(points: readonly GrowthPoint[]): number | null {
  const logs = points.map(({ n, ms }) => ({ x: Math.log(n), y: Math.log(ms) }));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(logs.map((log) => log.x)), mean(logs.map((log) => log.y))];
  const spread = logs.reduce((sum, log) => sum + (log.x - x) ** 2, 0);
  if (points.length < 2 || spread === 0) return null;
  return logs.reduce((sum, log) => sum + (log.x - x) * (log.y - y), 0) / spread;
}
