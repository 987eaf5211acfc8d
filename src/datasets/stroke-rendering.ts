/**
 * Strokes to grey pixels by distance: a pixel's ink is how far its centre lies inside a line of given width.
 *
 * The distance to a segment from a to b is `|p - a - t (b - a)|` with
 * `t = clamp((p - a).(b - a) / |b - a|^2, 0, 1)`; a pixel at distance d of a stroke of radius r gets
 * `clamp(r + 1/2 - d, 0, 1)`, which is one pixel of anti-aliasing.
 */

/** Flat `[x0, y0, x1, y1, ...]`. */
export type FlatPoints = Float64Array | number[];

/**
 * A Catmull-Rom curve as a chain of points, `pieces` of them between two control points.
 *
 * Between p1 and p2 it is `1/2 (2 p1 + (p2 - p0) t + (2 p0 - 5 p1 + 4 p2 - p3) t^2 + (3 p1 - p0 - 3 p2 + p3)
 * t^3)`. It goes through every control point. An open curve repeats its end points; a closed one returns to
 * its start.
 *
 * Source: Catmull and Rom 1974, "A class of local interpolating splines".
 */
export function catmullRom(control: FlatPoints, closed: boolean, pieces: number): number[] {
  const n = control.length / 2;
  const spans = closed ? n : n - 1;
  const row = (i: number) => (closed ? (i + n) % n : Math.max(0, Math.min(n - 1, i)));
  const chain: number[] = [];
  for (let span = 0; span < spans; span++) {
    const [r0, r1, r2, r3] = [row(span - 1), row(span), row(span + 1), row(span + 2)];
    for (let piece = span === 0 ? 0 : 1; piece <= pieces; piece++) {
      const t = piece / pieces;
      for (const axis of [0, 1]) {
        const p0 = control[2 * r0 + axis] as number;
        const p1 = control[2 * r1 + axis] as number;
        const p2 = control[2 * r2 + axis] as number;
        const p3 = control[2 * r3 + axis] as number;
        const linear = p2 - p0;
        const square = 2 * p0 - 5 * p1 + 4 * p2 - p3;
        const cubic = 3 * p1 - p0 - 3 * p2 + p3;
        chain.push(0.5 * (2 * p1 + t * (linear + t * (square + t * cubic))));
      }
    }
  }
  return chain;
}

/**
 * Draws a chain of segments into `ink`, `[height, width]` in [0, 1]; where strokes overlap the darker wins.
 *
 * @param chain points in pixels; (0, 0) is the centre of the first pixel
 * @param radius half the stroke's width, in pixels
 */
export function drawChain(ink: Float32Array, width: number, chain: FlatPoints, radius: number): void {
  const height = ink.length / width;
  const reach = radius + 0.5;
  for (let i = 0; i + 3 < chain.length; i += 2) {
    const ax = chain[i] as number;
    const ay = chain[i + 1] as number;
    const dx = (chain[i + 2] as number) - ax;
    const dy = (chain[i + 3] as number) - ay;
    const lengthSquared = dx * dx + dy * dy;
    const left = Math.max(0, Math.ceil(Math.min(ax, ax + dx) - reach));
    const right = Math.min(width - 1, Math.floor(Math.max(ax, ax + dx) + reach));
    const top = Math.max(0, Math.ceil(Math.min(ay, ay + dy) - reach));
    const bottom = Math.min(height - 1, Math.floor(Math.max(ay, ay + dy) + reach));
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const along = lengthSquared === 0 ? 0 : ((x - ax) * dx + (y - ay) * dy) / lengthSquared;
        const t = Math.max(0, Math.min(1, along));
        const ex = x - ax - t * dx;
        const ey = y - ay - t * dy;
        const value = Math.min(1, reach - Math.sqrt(ex * ex + ey * ey));
        const pixel = y * width + x;
        if (value > (ink[pixel] as number)) ink[pixel] = value;
      }
    }
  }
}
