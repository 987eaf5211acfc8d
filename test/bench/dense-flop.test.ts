import { expect, test } from 'vitest';
import { m2Flop } from '../../bench/cases/m2.ts';
import { vaeFlop } from '../../bench/cases/vae.ts';

test('counts every dense layer of a VAE step by hand', () => {
  // 4 pixels, 3 and 5 units, 2 latents, one image. The first layer has no gradient by its inputs.
  const encoder = 2 * (4 * 3) + 3 * (3 * 5) + 3 * (5 * 4);
  const decoder = 3 * (2 * 5) + 3 * (5 * 3) + 3 * (3 * 4);
  expect(vaeFlop({ shape: [2, 2, 1], hidden: [3, 5], latentSize: 2, batch: 1 })).toBe(
    2 * (encoder + decoder),
  );
});

test('counts images once in the first layers of M2 and pairs everywhere behind', () => {
  // 4 pixels, 3 units, 2 latents, 5 classes; 7 labelled and 2 unlabelled images: 9 images, 17 pairs.
  const images = 2 * (4 * 3) + 3 * (3 * 5) + 2 * (4 * 3);
  const pairs = 3 * (3 * 4) + 3 * (2 * 3) + 3 * (3 * 4);
  const sizes = { shape: [2, 2, 1] as const, classes: 5, hidden: [3], latentSize: 2 };
  expect(m2Flop({ ...sizes, labelled: 7, unlabelled: 2 })).toBe(2 * (9 * images + 17 * pairs));
});

test('is 0.87 and 3.7 GFLOP for the networks that are timed', () => {
  const sizes = { shape: [28, 28, 1] as const, hidden: [500], latentSize: 50 };
  expect(vaeFlop({ ...sizes, batch: 200 }) / 1e9).toBeCloseTo(0.87, 2);
  expect(m2Flop({ ...sizes, classes: 10, labelled: 100, unlabelled: 100 }) / 1e9).toBeCloseTo(3.72, 2);
});
