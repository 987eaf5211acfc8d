/**
 * The ten digits as strokes: control points, and the lines or curves through them.
 *
 * Coordinates: x to the right, y down, the digit about 1 high and centred on (0, 0). Strokes that meet share
 * a point, so moving a point moves both.
 */

/** A line or curve through some of a glyph's points. */
export interface Stroke {
  /** Rows of the glyph's points, in drawing order. */
  readonly points: readonly number[];
  /** Straight pieces, or a Catmull-Rom curve through the points. */
  readonly kind: 'line' | 'curve' | 'loop';
}

/** One way to write a digit. */
export interface Glyph {
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly strokes: readonly Stroke[];
}

/** The ways of writing each digit, `DIGIT_GLYPHS[digit]`; all of a digit's ways are equally likely. */
export const DIGIT_GLYPHS: readonly (readonly Glyph[])[] = [
  [
    glyph(
      [
        [0, -0.5],
        [0.28, -0.25],
        [0.28, 0.25],
        [0, 0.5],
        [-0.28, 0.25],
        [-0.28, -0.25],
      ],
      loop(0, 1, 2, 3, 4, 5),
    ),
  ],
  [
    glyph(
      [
        [0, -0.5],
        [0, 0.5],
      ],
      line(0, 1),
    ),
    glyph(
      [
        [-0.2, -0.28],
        [0.03, -0.5],
        [0.03, 0.5],
      ],
      line(0, 1, 2),
    ),
  ],
  [
    glyph(
      [
        [-0.28, -0.27],
        [-0.12, -0.46],
        [0.14, -0.46],
        [0.27, -0.26],
        [0.14, 0.02],
        [-0.1, 0.26],
        [-0.3, 0.48],
        [0.32, 0.48],
      ],
      curve(0, 1, 2, 3, 4, 5, 6),
      line(6, 7),
    ),
  ],
  [
    glyph(
      [
        [-0.26, -0.36],
        [-0.04, -0.5],
        [0.22, -0.38],
        [0.2, -0.14],
        [-0.06, -0.03],
        [0.24, 0.1],
        [0.26, 0.34],
        [0, 0.5],
        [-0.28, 0.37],
      ],
      curve(0, 1, 2, 3, 4),
      curve(4, 5, 6, 7, 8),
    ),
  ],
  [
    glyph(
      [
        [-0.24, -0.46],
        [-0.3, 0.08],
        [0.32, 0.08],
        [0.18, -0.4],
        [0.16, 0.5],
      ],
      line(0, 1, 2),
      line(3, 4),
    ),
    glyph(
      [
        [0.14, 0.5],
        [0.14, -0.5],
        [-0.32, 0.16],
        [0.34, 0.16],
      ],
      line(0, 1, 2, 3),
    ),
  ],
  [
    glyph(
      [
        [0.27, -0.48],
        [-0.2, -0.48],
        [-0.24, -0.06],
        [0.04, -0.14],
        [0.27, 0.08],
        [0.22, 0.38],
        [-0.04, 0.5],
        [-0.28, 0.39],
      ],
      line(0, 1, 2),
      curve(2, 3, 4, 5, 6, 7),
    ),
  ],
  [
    glyph(
      [
        [0.2, -0.49],
        [-0.1, -0.3],
        [-0.26, 0.04],
        [-0.24, 0.34],
        [0, 0.5],
        [0.25, 0.35],
        [0.23, 0.1],
        [0, -0.02],
        [-0.22, 0.14],
      ],
      curve(0, 1, 2, 3, 4, 5, 6, 7, 8),
    ),
  ],
  [
    glyph(
      [
        [-0.3, -0.48],
        [0.3, -0.48],
        [-0.08, 0.5],
      ],
      line(0, 1, 2),
    ),
    glyph(
      [
        [-0.3, -0.48],
        [0.3, -0.48],
        [-0.08, 0.5],
        [-0.14, 0.02],
        [0.26, 0.02],
      ],
      line(0, 1, 2),
      line(3, 4),
    ),
  ],
  [
    glyph(
      [
        [0, -0.04],
        [0.23, -0.26],
        [0, -0.5],
        [-0.23, -0.26],
        [0.27, 0.24],
        [0, 0.5],
        [-0.27, 0.24],
      ],
      loop(0, 1, 2, 3),
      loop(0, 4, 5, 6),
    ),
  ],
  [
    glyph(
      [
        [0.24, -0.24],
        [0.02, -0.5],
        [-0.25, -0.32],
        [-0.2, -0.06],
        [0.04, 0],
        [0.22, 0.14],
        [0.14, 0.5],
      ],
      loop(0, 1, 2, 3, 4),
      curve(0, 5, 6),
    ),
    glyph(
      [
        [0.24, -0.24],
        [0.02, -0.5],
        [-0.25, -0.32],
        [-0.2, -0.06],
        [0.04, 0],
        [0.24, 0.18],
        [0.04, 0.48],
        [-0.22, 0.42],
      ],
      loop(0, 1, 2, 3, 4),
      curve(0, 5, 6, 7),
    ),
  ],
];

function glyph(points: Glyph['points'], ...strokes: Stroke[]): Glyph {
  return { points, strokes };
}

function line(...points: number[]): Stroke {
  return { points, kind: 'line' };
}

function curve(...points: number[]): Stroke {
  return { points, kind: 'curve' };
}

function loop(...points: number[]): Stroke {
  return { points, kind: 'loop' };
}
