/**
 * A procedural set of handwritten-looking digits: ten classes, 28 x 28 grey, white on black, drawn from
 * strokes.
 *
 * Every image is a digit's control points, each moved a little, put through a random affine map and drawn
 * with a random pen. The first n images of a split are the same however many are asked for, and every ten in
 * a row (0-9, 10-19, ...) hold each digit once, in a random order.
 *
 * Ours; no font, no data. It stands in for MNIST where nothing may be downloaded. Test accuracy of a linear
 * model (scikit-learn's logistic regression on pixels, 12 draws): 61 % on 20 balanced labels, 54 % on 20 random
 * ones, 99 % on all 10,000.
 */
import type { Stream } from '../random.ts';
import { rootStream } from '../random.ts';
import { checkInteger } from '../shapes.ts';
import type { Dataset, ImageShape, Split } from './dataset.ts';
import { DIGIT_GLYPHS, type Glyph, type Stroke } from './digit-glyphs.ts';
import { catmullRom, drawChain } from './stroke-rendering.ts';

export const DIGITS_SHAPE: ImageShape = [28, 28, 1];
export const DIGITS_CLASSES: readonly string[] = '0123456789'.split('');

const SIDE = 28;
const PIECES = 4;

/** How digits vary. Normal draws are clamped at two of their standard deviations. */
export interface DigitStyle {
  /** Height of the upright digit, in pixels. */
  readonly height: number;
  /** Standard deviation of the rotation, in radians. */
  readonly rotation: number;
  /** Standard deviation of the horizontal shear (slant), as dx / dy. */
  readonly shear: number;
  /** Standard deviation of the logarithm of the scale, drawn for each axis. */
  readonly scale: number;
  /** Largest shift along each axis, in pixels; uniform. */
  readonly shift: number;
  /** Standard deviation of each control point's move, in heights of the digit. */
  readonly jitter: number;
  /** Smallest and largest pen radius, in pixels; uniform. */
  readonly radius: readonly [smallest: number, largest: number];
  /** Standard deviation of the ink's relative noise; the background stays clean. */
  readonly noise: number;
}

/** How much of the default variation there is, and how many images. */
export interface DigitsOptions {
  /** Images to learn from. */
  readonly trainSize?: number;
  /** Images to test on. */
  readonly testSize?: number;
  /** Root seed, in [1, 2^31). */
  readonly seed?: number;
  /** Multiplies rotation, shear, scale, shift and jitter: 0 is print, 2 hard to read and at times cut off. */
  readonly difficulty?: number;
}

/** The style at a difficulty; see {@link DigitsOptions}. RangeError unless it is in [0, 2]. */
export function digitStyle(difficulty = 1): DigitStyle {
  if (!(difficulty >= 0 && difficulty <= 2)) {
    throw new RangeError(`digitStyle.difficulty: expected a number in [0, 2], got ${difficulty}`);
  }
  return {
    height: 18,
    rotation: 0.13 * difficulty,
    shear: 0.15 * difficulty,
    scale: 0.09 * difficulty,
    shift: 1.5 * difficulty,
    jitter: 0.03 * difficulty,
    radius: [1.2, 1.9],
    noise: 0.03,
  };
}

/** The digits as a data set; the same options give the same bytes. */
export function digitsDataset({
  trainSize = 10_000,
  testSize = 2_000,
  seed = 1,
  difficulty = 1,
}: DigitsOptions = {}): Dataset {
  checkInteger('digitsDataset.trainSize', trainSize, 1);
  checkInteger('digitsDataset.testSize', testSize, 1);
  const style = digitStyle(difficulty);
  const stream = rootStream(seed).of('digits');
  return {
    name: 'digits',
    shape: DIGITS_SHAPE,
    classNames: DIGITS_CLASSES,
    train: drawDigits(trainSize, stream.of('train'), style),
    test: drawDigits(testSize, stream.of('test'), style),
  };
}

/** `n` digits and their labels: image row i depends on the stream's name, the style and i alone. */
export function drawDigits(n: number, stream: Stream, style: DigitStyle = digitStyle()): Split {
  const images = new Uint8Array(n * SIDE * SIDE);
  const labels = new Uint8Array(n);
  for (let block = 0; block * 10 < n; block++) {
    const blockStream = stream.of(block);
    for (const [position, digit] of blockStream.permutation(10).entries()) {
      const row = block * 10 + position;
      if (row >= n) break;
      labels[row] = digit;
      images.set(drawDigit(digit, blockStream, style), row * SIDE * SIDE);
    }
  }
  return { images, labels, n };
}

/** One digit, `[28, 28, 1]`, drawn with the stream's next numbers. RangeError unless it is an integer 0 to 9. */
export function drawDigit(digit: number, stream: Stream, style: DigitStyle = digitStyle()): Uint8Array {
  const ways = DIGIT_GLYPHS[digit];
  if (ways === undefined)
    throw new RangeError(`drawDigit.digit: expected an integer in [0, 10), got ${digit}`);
  const glyph = ways[stream.integer(ways.length)] as Glyph;
  const points = placePoints(glyph, stream, style);
  const [thin, thick] = style.radius;
  const radius = thin + (thick - thin) * stream.uniform();
  const ink = new Float32Array(SIDE * SIDE);
  for (const stroke of glyph.strokes) drawChain(ink, SIDE, strokeChain(stroke, points), radius);
  const image = new Uint8Array(ink.length);
  ink.forEach((value, pixel) => {
    if (value === 0) return;
    const noisy = value * (1 + style.noise * clampedNormal(stream));
    image[pixel] = Math.round(255 * Math.max(0, Math.min(1, noisy)));
  });
  return image;
}

/** The glyph's points, jittered, mapped by a random affine and scaled to pixels: `[x0, y0, x1, y1, ...]`. */
function placePoints(glyph: Glyph, stream: Stream, style: DigitStyle): Float64Array {
  const angle = style.rotation * clampedNormal(stream);
  const slant = style.shear * clampedNormal(stream);
  const wide = style.height * Math.exp(style.scale * clampedNormal(stream));
  const high = style.height * Math.exp(style.scale * clampedNormal(stream));
  const centreX = (SIDE - 1) / 2 + style.shift * (2 * stream.uniform() - 1);
  const centreY = (SIDE - 1) / 2 + style.shift * (2 * stream.uniform() - 1);
  const placed = new Float64Array(2 * glyph.points.length);
  for (const [i, [pointX, pointY]] of glyph.points.entries()) {
    const y = high * (pointY + style.jitter * clampedNormal(stream));
    const x = wide * (pointX + style.jitter * clampedNormal(stream)) - slant * y;
    placed[2 * i] = centreX + Math.cos(angle) * x - Math.sin(angle) * y;
    placed[2 * i + 1] = centreY + Math.sin(angle) * x + Math.cos(angle) * y;
  }
  return placed;
}

function strokeChain({ points, kind }: Stroke, placed: Float64Array): number[] {
  const control = points.flatMap((point) => [placed[2 * point] as number, placed[2 * point + 1] as number]);
  return kind === 'line' ? control : catmullRom(control, kind === 'loop', PIECES);
}

/** A standard normal clamped to [-2, 2], so that few digits reach the border. */
function clampedNormal(stream: Stream): number {
  return Math.max(-2, Math.min(2, stream.normal()));
}
