import * as tf from '@tensorflow/tfjs';
import { beforeEach, expect, test } from 'vitest';
import { augmentImages } from '../../generators/m2-augment.ts';
import { selectBackend } from '../../src/backend/backend.ts';
import { rootStream } from '../../src/random.ts';

beforeEach(async () => {
  await selectBackend('cpu');
});

const [HEIGHT, WIDTH, CHANNELS] = [4, 5, 2];
const SIZE = HEIGHT * WIDTH * CHANNELS;

/** Every pixel of every channel another number. */
function image(): number[] {
  return Array.from({ length: SIZE }, (_, i) => i);
}

/** The image moved and, after that, mirrored or not, pixel by pixel. */
function moved(down: number, right: number, mirrored: boolean): number[] {
  const source = image();
  const at = (row: number, column: number, channel: number) => {
    const inRow = Math.min(Math.max(row - down, 0), HEIGHT - 1);
    const inColumn = Math.min(Math.max(column - right, 0), WIDTH - 1);
    const from = mirrored ? WIDTH - 1 - inColumn : inColumn;
    return source[(inRow * WIDTH + from) * CHANNELS + channel]!;
  };
  return source.map((_, i) =>
    at(Math.floor(i / (WIDTH * CHANNELS)), Math.floor(i / CHANNELS) % WIDTH, i % CHANNELS),
  );
}

async function augmented(n: number, augment: { shift: number; flip: boolean }): Promise<string[]> {
  const images = tf.tile(tf.tensor4d(image(), [1, HEIGHT, WIDTH, CHANNELS]), [n, 1, 1, 1]);
  const values = Array.from(await augmentImages(images, augment, rootStream(3)).data());
  return Array.from({ length: n }, (_, i) => values.slice(i * SIZE, (i + 1) * SIZE).join(' '));
}

test.each([
  [0, false],
  [0, true],
  [1, false],
  [2, true],
])('with shift %d and flip %s, images come out in all ways they may and in no other', async (shift, flip) => {
  const steps = Array.from({ length: 2 * shift + 1 }, (_, i) => i - shift);
  const wanted = steps.flatMap((down) =>
    steps.flatMap((right) =>
      (flip ? [false, true] : [false]).map((mirrored) => moved(down, right, mirrored).join(' ')),
    ),
  );
  expect(new Set(await augmented(800, { shift, flip }))).toEqual(new Set(wanted));
});

test('half of the images are mirrored', async () => {
  const same = (await augmented(1000, { shift: 0, flip: true })).filter(
    (each) => each === image().join(' '),
  ).length;
  // Five deviations of a half in 1,000 draws.
  expect(Math.abs(same - 500)).toBeLessThan(80);
});

test('leaves no tensor behind but its result, and the images as they are', async () => {
  const images = tf.tensor4d(image(), [1, HEIGHT, WIDTH, CHANNELS]);
  for (const augment of [
    { shift: 0, flip: false },
    { shift: 1, flip: true },
  ]) {
    const before = tf.memory().numTensors;
    augmentImages(images, augment, rootStream(1)).dispose();
    expect(tf.memory().numTensors).toBe(before);
  }
  expect(Array.from(await images.data())).toEqual(image());
});
